/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/program_words.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "policy/integer.h"

#define BUILD_ID_DIGITS_MAX 128

static const struct {
	const char *name;
	size_t length;
} algorithms[PROGRAM_DIGEST_ALGORITHMS] = {
	[PROGRAM_DIGEST_SHA1] = {"sha1", 40},
	[PROGRAM_DIGEST_SHA256] = {"sha256", 64},
	[PROGRAM_DIGEST_SHA384] = {"sha384", 96},
	[PROGRAM_DIGEST_SHA512] = {"sha512", 128},
	[PROGRAM_DIGEST_BUILD_ID] = {"build-id", 0},
};

int program_symbol_parse(
	const struct policy_text *text, size_t *ret_name_length, uint64_t *ret_offset)
{
	const char *plus = text->length ? memrchr(text->data, '+', text->length) : NULL;
	uint64_t offset = 0;
	size_t length = text->length;

	if (plus) {
		const char *digits = plus + 1;

		length = (size_t)(plus - text->data);
		/* The number has no sign of its own. */
		if (!length || *digits < '0' || *digits > '9' ||
			integer_parse_unsigned(digits, text->length - length - 1, &offset) < 0)
			return -EINVAL;
	}
	*ret_name_length = length;
	*ret_offset = offset;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void strip(const char **text, size_t *length)
{
	while (*length && is_blank((*text)[0])) {
		(*text)++;
		(*length)--;
	}
	while (*length && is_blank((*text)[*length - 1]))
		(*length)--;
}

static bool is_hexadecimal(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f') ||
			    (text[i] >= 'A' && text[i] <= 'F')))
			return false;
	return true;
}

static int algorithm_parse(
	const char *name, size_t length, enum program_digest_algorithm *ret_algorithm)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (strlen(algorithms[i].name) == length &&
			!memcmp(algorithms[i].name, name, length)) {
			*ret_algorithm = (enum program_digest_algorithm)i;
			return 0;
		}
	return -EINVAL;
}

int program_digest_parse(const struct policy_text *text, struct program_digest *ret_digest)
{
	const char *colon = text->length ? memchr(text->data, ':', text->length) : NULL;
	const char *name = text->data;
	struct program_digest digest;
	size_t name_length, wanted;
	int r;

	if (!colon)
		return -EINVAL;
	name_length = (size_t)(colon - name);
	strip(&name, &name_length);
	r = algorithm_parse(name, name_length, &digest.algorithm);
	if (r < 0)
		return r;
	digest.hex = colon + 1;
	digest.length = text->length - (size_t)(digest.hex - text->data);
	strip(&digest.hex, &digest.length);
	*ret_digest = digest;
	wanted = algorithms[digest.algorithm].length;
	if (!is_hexadecimal(digest.hex, digest.length) || !digest.length ||
		(wanted ? digest.length != wanted
			: digest.length % 2 || digest.length > BUILD_ID_DIGITS_MAX))
		return -EBADMSG;
	return 0;
}

size_t program_digest_length(enum program_digest_algorithm algorithm)
{
	return algorithms[algorithm].length;
}
