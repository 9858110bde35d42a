/* SPDX-License-Identifier: Apache-2.0 */
/* cel_expression: what is understood, and that the rest is refused by name. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/filter/cel.h"
#include "daemon/filter/filter.h"
#include "lib/buf.h"
#include "lib/json_writer.h"
#include "lib/util.h"

static struct exec_image *image;
static struct process shell, curl;
static struct container web;
static struct label labels[] = {{(char *)"app", (char *)"shop"}, {(char *)"io.x/y", (char *)""}};

static void setup(void)
{
	static const char argv[] = "curl\0-u\0a b";
	static const char binary[] = "/usr/bin/curl";

	image = calloc(1, sizeof(*image) + sizeof(argv) + sizeof(binary));
	memcpy(image->data, binary, sizeof(binary));
	memcpy(image->data + sizeof(binary), argv, sizeof(argv));
	image->binary = (struct text){0, sizeof(binary) - 1};
	image->arguments = (struct text){sizeof(binary), sizeof(argv)};
	image->credentials.euid = 1000;
	image->credentials.auid = UINT32_MAX;
	web = (struct container){
		.id = "1fb931d2f6e5e4cfdbaf30fdb8e2fdd81320bdb3047ded50120a4f82838209ce"};
	web.metadata = (struct container_metadata){
		.name = (char *)"web", .labels = labels, .label_count = ARRAY_SIZE(labels)};
	shell = (struct process){.pid = 100, .image = image};
	curl = (struct process){
		.pid = 200, .image = image, .container = &web, .in_init_tree = true};
}

static void teardown(void)
{
	free(image);
}

/* As the only filter of an allow list. */
static bool matches(const char *expression, const struct event *event)
{
	_cleanup_(filter_list_free_p) struct filter_list *list = NULL;
	_cleanup_buf_ struct buf text = {};
	struct error error = {};

	buf_append_literal(&text, "{\"cel_expression\":[");
	json_string(&text, expression);
	buf_append_literal(&text, "]}");
	ck_assert_msg(
		filter_list_parse(buf_string(&text), &list, &error) == 0, "%s", error.message);
	return filter_allows(list, NULL, event);
}

static const struct {
	const char *expression;
	bool matches;
} cases[] = {
	{"true", true},
	{"!true", false},
	{"!(false)", true},
	{"process_exec.process.pid == 200", true},
	{"process_exec.process.pid == uint(200)", true},
	{"process_exec.process.pid > uint(1) && process_exec.process.pid <= 200u", true},
	{"process_exec.process.pid<200", false},
	{"process_exec.process.pid >= 0xc8", true},
	{"process_exec.process.pid != -1", true},
	{"process_exec.process.pid > -9223372036854775808", true},
	{"process_exec.process.pid in [-1, 200]", true},
	{"process_exec.process.pid in [1, 200]", true},
	{"process_exec.process.pid in [1,2]", false},
	{"process_exec.process.uid == 1000", true},
	{"process_exec.process.auid == 4294967295", true},
	{"process_exec.process.tid == 201", true},
	{"process_exec.process.binary == '/usr/bin/curl'", true},
	{"process_exec.process.binary == \"/usr/bin/\\x63url\"", true},
	{"process_exec.process.binary != '/usr/bin/curl'", false},
	{"process_exec.process.binary > '/usr'", true},
	{"'/usr/bin/curl' == process_exec.process.binary", true},
	{"process_exec.process.binary in ['a', '/usr/bin/curl']", true},
	{"process_exec.process.binary.startsWith('/usr/')", true},
	{"process_exec.process.binary.startsWith('/bin/')", false},
	{"process_exec.process.binary.endsWith('/curl')", true},
	{"process_exec.process.binary.endsWith('/usr/bin/curly')", false},
	{"process_exec.process.binary.endsWith('/usr/bin/curl')", true},
	{"process_exec.process.binary.startsWith('/usr/bin/curl')", true},
	{"process_exec.process.binary.contains('bin')", true},
	{"process_exec.process.binary.contains('sbin')", false},
	{"process_exec.process.binary.contains('')", true},
	{"process_exec.process.binary.matches('^/usr/.*/curl$')", true},
	{"process_exec.process.binary.matches(r'\\.exe$')", false},
	{"process_exec.process.arguments == '-u \"a b\"'", true},
	{"process_exec.process.in_init_tree", true},
	{"process_exec.process.in_init_tree == false", false},
	{"process_exec.process.docker == '1fb931d2f6e5e4cfdbaf30fdb8e2fdd'", true},
	{"process_exec.process.container.name == 'web'", true},
	{"process_exec.process.container.labels['app'] == 'shop'", true},
	{"process_exec.process.container.labels[\"io.x/y\"] == ''", true},
	{"process_exec.process.container.labels['app'].startsWith('sh')", true},
	{"'app' in process_exec.process.container.labels", true},
	{"'none' in process_exec.process.container.labels", false},
	{"process_exec.process.pod.name == ''", true},
	{"process_exec.parent.pid == 100", true},
	{"process_exec.parent.container.name == ''", true},
	{"process_exec.parent.in_init_tree || process_exec.process.pid == 200", true},
	{"false && true || true", true},
	{"false && (true || true)", false},
	{"!process_exec.process.in_init_tree == false", true},
	/* a label that is not there, and another kind of event, are errors; errors only count if
	 * the other side does not decide */
	{"process_exec.process.container.labels['none'] != 'x'", false},
	{"!(process_exec.process.container.labels['none'] == 'x')", false},
	{"process_exit.process.pid == 200", false},
	{"!(process_exit.process.pid == 200)", false},
	{"process_exit.process.pid == 200 || process_exec.process.pid == 200", true},
	{"process_exec.process.pid == 200 || process_exit.process.pid == 200", true},
	{"process_exit.process.pid == 200 && true", false},
	{"container_start.container.name == 'web'", false},
};

START_TEST(test_exec)
{
	struct event event = {.kind = EVENT_PROCESS_EXEC,
		.process = &curl,
		.parent = &shell,
		.container = &web,
		.tid = 201};

	ck_assert_msg(matches(cases[_i].expression, &event) == cases[_i].matches, "%s",
		cases[_i].expression);
}
END_TEST

START_TEST(test_other_kinds)
{
	struct event event = {.kind = EVENT_PROCESS_EXIT, .process = &curl, .container = &web};

	event.exit.code = 3 << 8;
	ck_assert(matches("process_exit.status == 3 && process_exit.signal == ''", &event));
	ck_assert(!matches("process_exit.parent.pid == 100", &event));
	event.exit.code = SIGKILL | 0x80;
	ck_assert(matches("process_exit.signal == 'SIGKILL'", &event));
	event.exit.code = SIGRTMIN + 1;
	ck_assert(matches("process_exit.signal == 'SIGRTMIN+1'", &event));
	event = (struct event){.kind = EVENT_CONTAINER_START, .container = &web};
	ck_assert(matches("container_start.container.name.matches('^w') &&"
			  " container_start.container.labels['app'] in ['shop']",
		&event));
}
END_TEST

START_TEST(test_run_away)
{
	static const char *const undecided[] = {"process_exec.process.arguments.matches('(a+)+$')",
		"!process_exec.process.arguments.matches('(a+)+$')",
		"process_exec.process.arguments.matches('(a+)+$') && true",
		"process_exec.process.arguments.matches('(a+)+$') || false"};
	struct event event = {.kind = EVENT_PROCESS_EXEC, .process = &curl};
	struct filter_list *list = NULL;
	char text[256];

	free(image);
	image = calloc(1, sizeof(*image) + 4096);
	memset(image->data + 2, 'a', 4000);
	image->arguments = (struct text){0, 4096};
	curl.image = image;
	for (size_t i = 0; i < ARRAY_SIZE(undecided); i++) {
		ck_assert(!matches(undecided[i], &event));
		snprintf(text, sizeof(text), "{\"cel_expression\":[\"%s\"]}", undecided[i]);
		ck_assert_int_eq(filter_list_parse(text, &list, NULL), 0);
		ck_assert(!filter_allows(NULL, list, &event));
		filter_list_free(list);
	}
	ck_assert(matches("process_exec.process.arguments.matches('(a+)+$') || true", &event));
}
END_TEST

static const struct {
	const char *expression, *message;
} mistakes[] = {
	{"", "\"\": expected ( at byte 0"},
	{"process_exec.process.pid",
		"\"process_exec.process.pid\": what stands before is a number, expected true"},
	{"process_exec.process.bad_field_name == 'curl'",
		"\"process_exec.process.bad_field_name == 'curl'\": "
		"\"process_exec.process.bad_field_name\" is no "
		"field that is supported, allowed there: pid, tid, "},
	{"process_kprobe.args == 'x'",
		"\"process_kprobe.args == 'x'\": \"process_kprobe.args\" is no field"},
	{"pid == 1", "\"pid == 1\": \"pid\" is no field that is supported, use "
		     "process_exec.process.binary"},
	{"process_exec.process.pid == '1'",
		"\"process_exec.process.pid == '1'\": a number is never a string at byte 31"},
	{"process_exec.process.pid + 1 == 2",
		"\"process_exec.process.pid + 1 == 2\": this is not supported, allowed: == "},
	{"process_exec.process.pid == 1.5", "\"process_exec.process.pid == 1.5\": numbers with a "
					    "fraction are not supported at byte 28"},
	{"true ? false : true", "\"true ? false : true\": this is not supported, allowed: == "},
	{"size(process_exec.process.binary) > 1",
		"\"size(process_exec.process.binary) > 1\": size() is not supported, allowed: "
		"uint(), int()"},
	{"ip('1.1.1.1')", "\"ip('1.1.1.1')\": ip() is not supported"},
	{"process_exec.process.binary.size() > 1",
		"\"process_exec.process.binary.size() > 1\": this is not supported, allowed: "
		"startsWith(), "},
	{"process_exec.process.binary.matches('(')",
		"\"process_exec.process.binary.matches('(')\": \"(\" is no regular expression: "},
	{"process_exec.process.binary.matches(process_exec.process.cwd)",
		"\"process_exec.process.binary.matches(process_exec.process.cwd)\": matches() "
		"takes a string"},
	{"process_exec.process.pid.matches('x')", "\"process_exec.process.pid.matches('x')\": what "
						  "stands before is a number, expected a string"},
	{"process_exec.process.binary.startsWith(1)",
		"\"process_exec.process.binary.startsWith(1)\": what stands before is a number, "
		"expected a"},
	{"process_exec.process.pid in 1",
		"\"process_exec.process.pid in 1\": in takes a list or a map"},
	{"process_exec.process.pid in ['1']",
		"\"process_exec.process.pid in ['1']\": a number is never a"},
	{"process_exec.process.pid in [1,'1']",
		"\"process_exec.process.pid in [1,'1']\": a list has strings"},
	{"process_exec.process.pid in []",
		"\"process_exec.process.pid in []\": a list has strings or numbers"},
	{"process_exec.process.container.labels == 'x'",
		"\"process_exec.process.container.labels == 'x'\": a map of labels is never a "
		"string"},
	{"process_exec.process.container.labels[1] == 'x'",
		"\"process_exec.process.container.labels[1] == 'x'\": expected a label's name in "
		"quotes"},
	{"process_exec.process.binary['x'] == 'x'",
		"\"process_exec.process.binary['x'] == 'x'\": what stands before is a string, "
		"expected a map"},
	{"'x' == 'x", "\"'x' == 'x\": the string has no end at byte 7"},
	{"'\\q' == ''",
		"\"'\\q' == ''\": the string has an escape that is not supported at byte 0"},
	{"'\\xg0' == ''", "\"'\\xg0' == ''\": \\x is followed by two digits"},
	{"(true", "\"(true\": expected ) at byte 5"},
	{"true true", "\"true true\": this is not supported"},
	{"true && 1", "\"true && 1\": what stands before is a number, expected true or false"},
	{"1 && true", "\"1 && true\": what stands before is a number, expected true or false"},
	{"!1", "\"!1\": what stands before is a number, expected true or false"},
	{"true < false", "\"true < false\": true or false cannot be compared so"},
	{"99999999999999999999 == 1", "\"99999999999999999999 == 1\": this is no number"},
	{"12ab == 1", "\"12ab == 1\": this is no number"},
};

START_TEST(test_mistakes)
{
	const char *text = mistakes[_i].expression;
	struct error error = {};
	struct cel *cel = NULL;

	ck_assert_int_eq(cel_parse(text, strlen(text), &cel, &error), -EINVAL);
	ck_assert_ptr_null(cel);
	ck_assert_msg(
		strncmp(error.message, mistakes[_i].message, strlen(mistakes[_i].message)) == 0,
		"got %s\nnot %s", error.message, mistakes[_i].message);
}
END_TEST

START_TEST(test_limits)
{
	char text[CEL_TEXT_MAX + 2];
	struct error error = {};
	struct cel *cel = NULL;

	memset(text, '(', sizeof(text));
	ck_assert_int_eq(cel_parse(text, 1000, &cel, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "too deep"));
	memset(text, '!', sizeof(text));
	ck_assert_int_eq(cel_parse(text, 1000, &cel, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "too deep"));
	ck_assert_int_eq(cel_parse(text, CEL_TEXT_MAX + 1, &cel, &error), -EINVAL);
	ck_assert_str_eq(error.message, "the expression has 4097 bytes, allowed: 4096");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cel");
	TCase *tests = tcase_create("cel");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, test_exec, 0, ARRAY_SIZE(cases));
	tcase_add_test(tests, test_other_kinds);
	tcase_add_test(tests, test_run_away);
	tcase_add_loop_test(tests, test_mistakes, 0, ARRAY_SIZE(mistakes));
	tcase_add_test(tests, test_limits);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
