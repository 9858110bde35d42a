/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a program's file, as policies name it. */
#include "policy/program_words.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

START_TEST(test_symbols)
{
	static const struct {
		const char *text;
		int expected;
		size_t length;
		uint64_t offset;
	} symbols[] = {
		{"main", 0, 4, 0},
		{"main.(*Server).run", 0, 18, 0},
		{"main+9", 0, 4, 9},
		{"main+0x1f", 0, 4, 0x1f},
		{"a+b+1", 0, 3, 1},
		{"main+", -EINVAL, 0, 0},
		{"main+x", -EINVAL, 0, 0},
		{"main+ 1", -EINVAL, 0, 0},
		{"main+99999999999999999999", -EINVAL, 0, 0},
		{"+1", -EINVAL, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		const char *text = symbols[i].text;
		uint64_t offset = 0;
		size_t length = 0;
		struct policy_text symbol = {.data = text, .length = strlen(text)};

		ck_assert_msg(
			program_symbol_parse(&symbol, &length, &offset) == symbols[i].expected,
			"%s", text);
		ck_assert_msg(
			length == symbols[i].length && offset == symbols[i].offset, "%s", text);
	}
}
END_TEST

static struct program_digest digest;

static int parse(const char *text)
{
	return program_digest_parse(
		&(struct policy_text){.data = text, .length = strlen(text)}, &digest);
}

START_TEST(test_digests)
{
	ck_assert_int_eq(parse("  sha1 : 0123456789ABCDEFabcd0123456789abcdef0123  "), 0);
	ck_assert_int_eq(digest.algorithm, PROGRAM_DIGEST_SHA1);
	ck_assert_uint_eq(digest.length, 40);
	ck_assert_int_eq(digest.hex[0], '0');
	ck_assert_int_eq(parse("build-id:deadbeef"), 0);
	ck_assert_int_eq(digest.algorithm, PROGRAM_DIGEST_BUILD_ID);
	ck_assert_int_eq(parse("build-id:deadbee"), -EBADMSG);
	ck_assert_int_eq(parse("sha1:"), -EBADMSG);
	ck_assert_int_eq(parse("sha1:0123456789ABCDEFabcd0123456789abcdef01234"), -EBADMSG);
	ck_assert_int_eq(parse("sha1:0123456789ABCDEFabcd0123456789abcdef012g"), -EBADMSG);
	ck_assert_int_eq(parse("md5:00"), -EINVAL);
	ck_assert_int_eq(parse("sha1"), -EINVAL);
	ck_assert_int_eq(parse(""), -EINVAL);
}
END_TEST

RUN_SUITE("program_words", test_symbols, test_digests)
