/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/words.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"

#define DISTANCE_LENGTH_MAX 64

static int parse(const struct policy_word *words, const char *text, size_t length,
	int (*compare)(const char *, const char *, size_t), int *ret_value)
{
	for (; words->name; words++) {
		if (strlen(words->name) != length || compare(words->name, text, length))
			continue;
		*ret_value = words->value;
		return 0;
	}
	return -EINVAL;
}

int policy_word_parse(
	const struct policy_word *words, const char *text, size_t length, int *ret_value)
{
	return parse(words, text, length, strncmp, ret_value);
}

int policy_word_parse_any_case(
	const struct policy_word *words, const char *text, size_t length, int *ret_value)
{
	return parse(words, text, length, strncasecmp, ret_value);
}

const char *policy_word(const struct policy_word *words, int value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return "?";
}

void policy_words_list(struct buf *buf, const struct policy_word *words)
{
	size_t start = buf->length;

	for (const struct policy_word *word = words; word->name; word++) {
		if (policy_word(words, word->value) != word->name || !word->name[0])
			continue;
		buf_printf(buf, "%s%s", buf->length > start ? ", " : "", word->name);
	}
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

size_t policy_word_distance(
	const char *a, size_t a_length, const char *b, size_t b_length, size_t limit)
{
	/* Three rows of the usual table: swaps look two rows back. */
	size_t rows[3][DISTANCE_LENGTH_MAX + 1];
	size_t difference = a_length > b_length ? a_length - b_length : b_length - a_length;

	if (a_length > DISTANCE_LENGTH_MAX || b_length > DISTANCE_LENGTH_MAX || difference > limit)
		return limit + 1;
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *row = rows[i % 3], *before = rows[(i + 2) % 3], *two = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);

			row[j] = MIN(before[j], row[j - 1]) + 1;
			row[j] = MIN(row[j], before[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
				row[j] = MIN(row[j], two[j - 2] + 1);
		}
	}
	return MIN(rows[a_length % 3][b_length], limit + 1);
}

const char *policy_word_suggest(const struct policy_word *words, const char *text, size_t length)
{
	/* A third of the letters may be wrong, three at most. */
	size_t best = MIN((length + 2) / 3, (size_t)3) + 1;
	const char *suggestion = NULL;

	for (; words->name; words++) {
		size_t distance = policy_word_distance(
			text, length, words->name, strlen(words->name), best - 1);

		if (distance >= best)
			continue;
		best = distance;
		suggestion = words->name;
		if (!best)
			break;
	}
	return suggestion;
}
