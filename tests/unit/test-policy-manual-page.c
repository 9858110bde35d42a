/* SPDX-License-Identifier: Apache-2.0 */
/* Every field and every word that the reader takes stands in the manual page. */
#include <ctype.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/fd.h"
#include "policy/read.h"
#include "policy/words.h"
#include "tests/unit/policy-files.h"
#include "tests/unit/unit.h"

static const char *manual;
static unsigned int checked;

static void must_be_documented(const char *word)
{
	const char *place = manual;
	size_t length = strlen(word);

	/* a word of its own: "In" is not there because of "InMap" */
	while ((place = strstr(place, word))) {
		if (!isalnum((unsigned char)place[-1]) && place[-1] != '_' &&
			!isalnum((unsigned char)place[length]) && place[length] != '_')
			break;
		place += length;
	}
	ck_assert_msg(place != NULL, "%s is not in tallyman-policy(5)", word);
	checked++;
}

static void words_must_be_documented(const struct policy_word *words)
{
	for (const struct policy_word *word = words; word && word->name; word++)
		if (word->name[0] && word->name == policy_word(words, word->value))
			must_be_documented(word->name);
}

static void type_must_be_documented(const struct object_type *type, unsigned int depth)
{
	if (depth > 8) /* no type holds itself */
		ck_abort_msg("too deep");
	for (const struct field *field = type->fields; field->name; field++) {
		if (field->kind == FIELD_ANYTHING && !field->refused)
			continue;
		must_be_documented(field->name);
		words_must_be_documented(field->words);
		if (field->type)
			type_must_be_documented(field->type, depth + 1);
	}
}

START_TEST(test_manual_page)
{
	_cleanup_buf_ struct buf text = {0};
	char path[4096];

	ck_assert_int_eq(
		read_file_limited(source_path("docs/man/tallyman-policy.5", path), 1 << 20, &text),
		0);
	manual = buf_string(&text);
	type_must_be_documented(&read_policy_type, 0);
	words_must_be_documented(policy_file_type_words);
	ck_assert_uint_ge(checked, 500);
}
END_TEST

RUN_SUITE("policy-manual-page", test_manual_page)
