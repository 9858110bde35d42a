/* SPDX-License-Identifier: Apache-2.0 */
/* Redaction: what expressions see, what is hidden of each argument, and that a failure hides all.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/filter/arguments.h"
#include "daemon/filter/filter.h"
#include "lib/util.h"

static struct redaction *parse(const char *text)
{
	struct redaction *redaction = NULL;
	struct error error = {};

	ck_assert_msg(
		redaction_parse(text, &redaction, &error) == 0, "%s: %s", text, error.message);
	return redaction;
}

/* The argv after redaction, with | for each NUL, in a string to be freed. */
static char *redact(const char *filters, const char *binary, const char *argv, size_t length)
{
	struct redaction *redaction = parse(filters);
	struct buf buf = {};
	char *text;

	buf_append_literal(&buf, "before");
	buf_append(&buf, argv, length);
	ck_assert_int_eq(redaction_arguments(redaction, binary, strlen(binary), &buf, 6), 0);
	ck_assert(!buf.failed && buf.length >= 6 && memcmp(buf.data, "before", 6) == 0);
	text = malloc(buf.length - 6 + 1);
	ck_assert_ptr_nonnull(text);
	memcpy(text, buf.data + 6, buf.length - 6);
	text[buf.length - 6] = '\0';
	for (size_t i = 0; i < buf.length - 6; i++)
		if (!text[i])
			text[i] = '|';
	buf_done(&buf);
	redaction_free(redaction);
	return text;
}

#define PASSWORD "{\"redact\":[\"(?:--password|-p)[ =]+(\\\\S+)\"]}"

static const struct {
	const char *filters, *binary, *argv, *expected; /* argv with | for NUL */
} cases[] = {
	/* Tetragon's own tests */
	{"{\"redact\":[\"(ab)cd\"]}", "", "x|abcd|", "x|*****cd|"},
	{"{\"redact\":[\"(ab)cd\"]}", "", "x|abef|", "x|abef|"},
	{"{\"redact\":[\"(foo(bar))qux\"]}", "", "x|foobarqux|", "x|*****qux|"},
	{"{\"redact\":[\"(?:--password|-p)[\\\\s=]+(\\\\S+)\"]}", "",
		"x|--verbose=true|--password|ybx511!ackt544|--username|foobar|",
		"x|--verbose=true|--password|*****|--username|foobar|"},
	{"{\"binary_regex\":[\"mysql$\"],\"redact\":[\"-p[ =](\\\\S+)\"]}", "/bin/psql", "x|-p|s|",
		"x|-p|s|"},
	{"{\"binary_regex\":[\"mysql$\"],\"redact\":[\"-p[ =](\\\\S+)\"]}", "/bin/mysql", "x|-p|s|",
		"x|-p|*****|"},
	{"{\"redact\":[\"--password[ =](\\\\S+)\",\"\\\\W(TOPSECRET)\\\\W\",\"(cheese)cake\"]}", "",
		"x|--password|p|cheesecake|TOPSECRET|innocent|",
		"x|--password|*****|*****cake|*****|innocent|"},
	/* the two places it may stand */
	{PASSWORD, "", "x|--password=secret|-p|secret|", "x|--password=*****|-p|*****|"},
	/* argv[0] is not looked at */
	{"{\"redact\":[\"(secret)\"]}", "", "secret|secret|", "secret|*****|"},
	{"{\"redact\":[\"(secret)\"]}", "", "secret|", "secret|"},
	/* an argument with a blank stands in quotes for the expression, not in argv */
	{PASSWORD, "", "x|--password=my secret|y|", "x|--password=***** secret|y|"},
	{"{\"redact\":[\"--password=([^\\\"]+)\\\"\"]}", "", "x|--password=my secret|y|",
		"x|--password=*****|y|"},
	{"{\"redact\":[\"-p (\\\"[^\\\"]*\\\"|\\\\S+)\"]}", "", "x|-p|my secret|y|",
		"x|-p|*****|y|"},
	/* a group over several arguments hides in each of them */
	{"{\"redact\":[\"--begin (.*) --end\"]}", "", "x|--begin|a|b c||d|--end|e|",
		"x|--begin|*****|*****|*****|*****|--end|e|"},
	{"{\"redact\":[\"a(b c)d\"]}", "", "x|ab|cd|", "x|a*****|*****d|"},
	{"{\"redact\":[\"(.*)\"]}", "", "x|a|b|", "x|*****|*****|"},
	/* a group that only covers what stands between arguments hides nothing of them */
	{"{\"redact\":[\"a( )b\"]}", "", "x|a|b|", "x|a|b|"},
	/* an empty group is marked too */
	{"{\"redact\":[\"--password=(\\\\S*)\"]}", "", "x|--password=|y|", "x|--password=*****|y|"},
	/* a group that took no part */
	{"{\"redact\":[\"(a)|(b)\"]}", "", "x|ab|c|", "x|**********|c|"},
	/* matches of nothing, as Go finds them */
	{"{\"redact\":[\"(z*)\"]}", "", "x|ab|", "x|*****a*****b*****|"},
	{"{\"redact\":[\"x(y)?\"]}", "", "x|x|", "x|x|"},
	/* an empty argument within a group */
	{"{\"redact\":[\"a (.*)\"]}", "", "x|a||b|", "x|a|*****|*****|"},
	{"{\"redact\":[\"(.*) b\"]}", "", "x|a||b|", "x|*****|*****|b|"},
	/* groups side by side, nested, out of order, overlapping in a look-ahead */
	{"{\"redact\":[\"(a)(b)\"]}", "", "x|abc|", "x|**********c|"},
	{"{\"redact\":[\"((a)|b)+\"]}", "", "x|xaby|", "x|x**********y|"},
	{"{\"redact\":[\"(?=(abc))(bcd|ab)\"]}", "", "x|abcd|", "x|*****d|"},
	/* several filters, one after the other: the second sees what the first left */
	{"{\"redact\":[\"(one)\"]} {\"redact\":[\"([*]+)two\"]}", "", "x|onetwo|", "x|*****two|"},
	{"{\"redact\":[\"(one)\"]}\n{\"binary_regex\":[\"no\"],\"redact\":[\"(two)\"]}", "/yes",
		"x|one|two|", "x|*****|two|"},
	/* empty arguments, no NUL at the end */
	{"{\"redact\":[\"(s)\"]}", "", "x|||s|", "x|||*****|"},
	{"{\"redact\":[\"(s)\"]}", "", "x|a|s", "x|a|*****|"},
	{"{\"redact\":[\"(s)\"]}", "", "", ""},
	/* bytes that are no UTF-8, before, in and after */
	{"{\"redact\":[\"=([\\\\x80-\\\\xff]+)\"]}", "", "x|\xc3=\xff\xfe\xc3|\xe2\x82|",
		"x|\xc3=*****|\xe2\x82|"},
	{PASSWORD, "", "x|-p|\xff\xfesecret\xc3|", "x|-p|*****|"},
	/* multi-line arguments */
	{"{\"redact\":[\"key: (\\\\S+)$\"]}", "", "x|key: a\nkey: b|", "x|key: a\nkey: *****|"},
	{"{\"redact\":[\"(?m)key: (\\\\S+)$\"]}", "", "x|key: a\nkey: b|",
		"x|key: *****\nkey: *****|"},
};

START_TEST(test_arguments)
{
	size_t length = strlen(cases[_i].argv);
	char *argv = strdup(cases[_i].argv), *text;

	for (size_t i = 0; i < length; i++)
		if (argv[i] == '|')
			argv[i] = '\0';
	text = redact(cases[_i].filters, cases[_i].binary, argv, length);
	ck_assert_msg(strcmp(text, cases[_i].expected) == 0, "%s on %s:\ngot %s\nnot %s",
		cases[_i].filters, cases[_i].argv, text, cases[_i].expected);
	free(text);
	free(argv);
}
END_TEST

/* What stands in `arguments` is what stands in argv. */
START_TEST(test_joined)
{
	static const char argv[] = "x\0--password\0a b\0--password=c\0d e";
	struct redaction *redaction =
		parse("{\"redact\":[\"--password[= ](\\\"[^\\\"]*\\\"|\\\\S+)\"]}");
	_cleanup_buf_ struct buf buf = {}, joined = {};

	buf_append(&buf, argv, sizeof(argv));
	ck_assert_int_eq(redaction_arguments(redaction, "/x", 2, &buf, 0), 0);
	arguments_join(buf.data, buf.length, &joined);
	ck_assert_str_eq(buf_string(&joined), "--password ***** --password=***** \"d e\"");
	redaction_free(redaction);
}
END_TEST

static char *long_argv(size_t length, char last)
{
	char *argv = malloc(length);

	ck_assert_ptr_nonnull(argv);
	memset(argv, 'a', length);
	argv[1] = argv[5] = '\0';
	argv[length - 2] = last;
	argv[length - 1] = '\0';
	return argv;
}

START_TEST(test_run_away)
{
	static const char *const bad[] = {"{\"redact\":[\"(a+)+$\"]}",
		"{\"redact\":[\"a.*([bc])\"]}", "{\"redact\":[\"(a)\"]}", /* too many of them */
		"{\"binary_regex\":[\"(x+)+$\"],\"redact\":[\"!([^a])\",\"(a+)+$\"]}"};
	char *argv = long_argv(200000, '!');
	char *text = redact(bad[_i], "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx!", argv, 200000);

	ck_assert_str_eq(text, "a|*****|*****|");
	free(text);
	free(argv);
}
END_TEST

START_TEST(test_long)
{
	char *argv = long_argv(200000, 's'), *text;

	text = redact("{\"redact\":[\"(s)$\"]}", "", argv, 200000);
	ck_assert_uint_eq(strlen(text), 200004);
	ck_assert_str_eq(text + 199990, "aaaaaaaa*****|");
	free(text);
	free(argv);
}
END_TEST

static void check_variable(const char *filters, const char *variable, const char *expected)
{
	struct redaction *redaction = parse(filters);
	_cleanup_buf_ struct buf buf = {};

	buf_append_literal(&buf, "A=b");
	buf_append_char(&buf, '\0');
	buf_append_string(&buf, variable);
	ck_assert_int_eq(redaction_variable(redaction, "/bin/x", 6, &buf, 4), 0);
	ck_assert_str_eq(buf_string(&buf) + 4, expected);
	ck_assert_str_eq(buf.data, "A=b");
	/* and with its NUL */
	buf.length = 4;
	buf_append(&buf, variable, strlen(variable) + 1);
	ck_assert_int_eq(redaction_variable(redaction, "/bin/x", 6, &buf, 4), 0);
	ck_assert_uint_eq(buf.length, 4 + strlen(expected) + 1);
	ck_assert_str_eq(buf.data + 4, expected);
	redaction_free(redaction);
}

START_TEST(test_variable)
{
	static const char run_away[] = "SECRET=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";

	check_variable("{\"redact\":[\"SSH_PASSWORD[\\\\s=]+(\\\\S+)\"]}",
		"SSH_PASSWORD=very secret", "SSH_PASSWORD=***** secret");
	check_variable("{\"redact\":[\"^SSH_PASSWORD=(.*)\"]}", "SSH_PASSWORD=very secret",
		"SSH_PASSWORD=*****");
	check_variable("{\"redact\":[\"^SSH_PASSWORD=(.*)\"]}", "PATH=/bin", "PATH=/bin");
	check_variable(
		"{\"binary_regex\":[\"y$\"],\"redact\":[\"=(.*)\"]}", "PATH=/bin", "PATH=/bin");
	check_variable("{\"redact\":[\"(a+)+$\"]}", run_away, "SECRET=*****");
	check_variable("{\"redact\":[\"(a+)+$\"]}", run_away + 7, "*****");
}
END_TEST

/* No filters, no work, no memory. */
START_TEST(test_none)
{
	struct redaction *redaction = parse(NULL);
	struct buf buf = {};

	ck_assert_int_eq(redaction_arguments(redaction, "", 0, &buf, 0), 0);
	ck_assert_int_eq(redaction_arguments(NULL, "", 0, &buf, 0), 0);
	ck_assert_int_eq(redaction_variable(NULL, "", 0, &buf, 0), 0);
	ck_assert_ptr_null(buf.data);
	buf_append(&buf, "a\0secret", 9);
	ck_assert_int_eq(redaction_arguments(NULL, "", 0, &buf, 0), 0);
	ck_assert_int_eq(redaction_variable(NULL, "", 0, &buf, 0), 0);
	ck_assert_int_eq(redaction_arguments(redaction, "", 0, &buf, 0), 0);
	ck_assert(buf.length == 9 && memcmp(buf.data, "a\0secret", 9) == 0);
	buf_done(&buf);
	redaction_free(redaction);
}
END_TEST

/* No room for what is longer than before: nothing is shown. */
START_TEST(test_no_room)
{
	struct redaction *redaction = parse("{\"redact\":[\"(a)\"]}");
	_cleanup_buf_ struct buf buf = {.limit = 8};

	buf_append(&buf, "0123x\0a", 8);
	ck_assert_int_eq(redaction_arguments(redaction, "", 0, &buf, 4), -ENOMEM);
	ck_assert_uint_eq(buf.length, 4);
	redaction_free(redaction);
}
END_TEST

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"{}", "1:1: redact: is missing"},
	{"{\"redact\":[]}", "1:11: redact: must be a list of strings"},
	{"{\"redact\":[\"(a)\",\"(?:a)\"]}", "1:18: redact: hides nothing: it needs a group"},
	{"{\"redact\":[\"(a\"]}", "1:12: redact: \"(a\" is no regular expression: "},
	{"{\"redacts\":[\"(a)\"]}", "1:12: redacts: unknown field, allowed: binary_regex, redact"},
	{"{\"match\":[{}],\"redact\":[\"(a)\"]}",
		"1:10: match: is obsolete and not supported, use"},
	{"{\"binary_regex\":\"a\",\"redact\":[\"(a)\"]}", "1:17: binary_regex: must be a list"},
};

START_TEST(test_mistakes)
{
	struct redaction *redaction = NULL;
	struct error error = {};

	ck_assert_int_eq(redaction_parse(mistakes[_i].text, &redaction, &error), -EINVAL);
	ck_assert_ptr_null(redaction);
	ck_assert_msg(
		strncmp(error.message, mistakes[_i].message, strlen(mistakes[_i].message)) == 0,
		"%s:\ngot \"%s\"\nnot \"%s\"", mistakes[_i].text, error.message,
		mistakes[_i].message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("redaction");
	TCase *tests = tcase_create("redaction");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tests, test_arguments, 0, ARRAY_SIZE(cases));
	tcase_add_test(tests, test_joined);
	tcase_add_loop_test(tests, test_run_away, 0, 4);
	tcase_add_test(tests, test_long);
	tcase_add_test(tests, test_variable);
	tcase_add_test(tests, test_none);
	tcase_add_test(tests, test_no_room);
	tcase_add_loop_test(tests, test_mistakes, 0, ARRAY_SIZE(mistakes));
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
