/* SPDX-License-Identifier: Apache-2.0 */
/* PCRE2 with limits. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/filter/regex.h"
#include "lib/util.h"

static struct regex_machine *machine;

static void setup(void)
{
	ck_assert_int_eq(regex_machine_new(&machine), 0);
}

static void teardown(void)
{
	regex_machine_free(machine);
}

static struct regex *compile(const char *pattern)
{
	struct regex *regex = NULL;
	struct error error = {};

	ck_assert_msg(
		regex_compile(pattern, strlen(pattern), &regex, &error) == 0, "%s", error.message);
	return regex;
}

static enum regex_result search(const char *pattern, const char *text, size_t length)
{
	struct regex *regex = compile(pattern);
	enum regex_result result = regex_search(regex, machine, text, length, 0);

	regex_free(regex);
	return result;
}

static const struct {
	const char *pattern, *text;
	enum regex_result result;
} cases[] = {
	{"b", "abc", REGEX_YES},
	{"^b", "abc", REGEX_NO},
	{"c$", "abc", REGEX_YES},
	{"c$", "abc\n", REGEX_NO}, /* as in RE2: the end is the end */
	{"(?m)b$", "a\nb\nc", REGEX_YES},
	{"a.b", "a\nb", REGEX_NO},
	{"(?s)a.b", "a\nb", REGEX_YES},
	{"a.b", "a\rb", REGEX_YES}, /* only \n ends a line */
	{"(?i)ABC", "abc", REGEX_YES},
	{"^.$", "\xc3\xa9", REGEX_NO}, /* bytes, not characters */
	{"^..$", "\xc3\xa9", REGEX_YES},
	{"\xc3\xa9", "caf\xc3\xa9", REGEX_YES},
	{"^[\\x80-\\xff]$", "\xff", REGEX_YES},
	{"^a|b$", "xb", REGEX_YES},
	{"(?x) a # comment", "a", REGEX_YES},
	{"", "", REGEX_YES},
	{"^$", "", REGEX_YES},
	{"(?P<name>a)(?P=name)", "aa", REGEX_YES},
	{"(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", REGEX_RUN_AWAY},
	{"(?:(?:a?){30}a{30})$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
		REGEX_RUN_AWAY},
};

START_TEST(test_search)
{
	ck_assert_int_eq(search(cases[_i].pattern, cases[_i].text, strlen(cases[_i].text)),
		cases[_i].result);
}
END_TEST

START_TEST(test_groups)
{
	struct regex *regex = compile("(a)|(b)(c)?");
	size_t start, end;

	ck_assert_uint_eq(regex_group_count(regex), 3);
	ck_assert_int_eq(regex_search(regex, machine, "xbx", 3, 0), REGEX_YES);
	regex_group(machine, 0, &start, &end);
	ck_assert(start == 1 && end == 2);
	regex_group(machine, 1, &start, &end);
	ck_assert_uint_eq(start, (size_t)-1);
	regex_group(machine, 2, &start, &end);
	ck_assert(start == 1 && end == 2);
	regex_group(machine, 3, &start, &end);
	ck_assert_uint_eq(start, (size_t)-1);
	ck_assert_int_eq(regex_search(regex, machine, "xbx", 3, 2), REGEX_NO);
	ck_assert_int_eq(regex_search(regex, machine, NULL, 0, 0), REGEX_NO);
	regex_free(regex);
}
END_TEST

/* A group of groups, and one that takes 40,000 frames of memory. */
START_TEST(test_memory)
{
	size_t length = 1 << 20;
	char *text = malloc(length);

	memset(text, 'a', length);
	ck_assert_int_eq(search("^(?:a|(b))*c", text, length), REGEX_RUN_AWAY);
	ck_assert_int_eq(search("^a*$", text, length), REGEX_YES);
	free(text);
}
END_TEST

/* However often it is tried, each search ends; and later all is as before. */
START_TEST(test_run_away_often)
{
	static const char bad[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
	struct regex *regex = compile("(a+)+$");

	for (int i = 0; i < 2000; i++)
		ck_assert_int_eq(
			regex_search(regex, machine, bad, sizeof(bad) - 1, 0), REGEX_RUN_AWAY);
	ck_assert_uint_eq(regex_machine_run_aways(machine), 2000);
	usleep(1100000);
	ck_assert_int_eq(regex_search(regex, machine, "xaa", 3, 0), REGEX_YES);
	ck_assert_uint_eq(regex_machine_run_aways(machine), 2000);
	regex_free(regex);
}
END_TEST

static const struct {
	const char *pattern, *message;
} mistakes[] = {
	{"a(", "\"a(\" is no regular expression: missing closing parenthesis at byte 2"},
	{"[a", "\"[a\" is no regular expression: missing terminating ] for character class at byte "
	       "2"},
	{"*", "\"*\" is no regular expression: quantifier does not follow a repeatable item at "
	      "byte 0"},
	{"(*UTF)a", "\"(*UTF)a\" is no regular expression: "},
	{"(((ab){99}){99}){99}", "\"(((ab){99}){99}){99}\" is no regular expression: regular "
				 "expression is too large"},
};

START_TEST(test_mistakes)
{
	struct regex *regex = NULL;
	struct error error = {};

	ck_assert_int_eq(
		regex_compile(mistakes[_i].pattern, strlen(mistakes[_i].pattern), &regex, &error),
		-EINVAL);
	ck_assert_ptr_null(regex);
	ck_assert_msg(
		strncmp(error.message, mistakes[_i].message, strlen(mistakes[_i].message)) == 0,
		"%s", error.message);
}
END_TEST

START_TEST(test_limits)
{
	char pattern[REGEX_PATTERN_MAX + 2];
	struct regex *regex = NULL;
	struct error error = {};

	memset(pattern, 'a', sizeof(pattern));
	ck_assert_int_eq(regex_compile(pattern, REGEX_PATTERN_MAX + 1, &regex, &error), -EINVAL);
	ck_assert_str_eq(error.message, "the regular expression has 4097 bytes, allowed: 4096");
	for (size_t i = 0; i < 3 * 33; i += 3)
		memcpy(pattern + i, "(a)", 3);
	ck_assert_int_eq(regex_compile(pattern, 3 * 33, &regex, &error), -EINVAL);
	ck_assert_str_eq(error.message, "the regular expression has 33 groups, allowed: 32");
	ck_assert_int_eq(regex_compile(pattern, 3 * 32, &regex, &error), 0);
	regex_free(regex);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("regex");
	TCase *tests = tcase_create("regex");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, test_search, 0, ARRAY_SIZE(cases));
	tcase_add_test(tests, test_groups);
	tcase_add_test(tests, test_memory);
	tcase_add_test(tests, test_run_away_often);
	tcase_add_loop_test(tests, test_mistakes, 0, ARRAY_SIZE(mistakes));
	tcase_add_test(tests, test_limits);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
