/* SPDX-License-Identifier: Apache-2.0 */
/* Export filters: each field matching and missing, their combinations, and the error texts. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/filter/filter.h"
#include "lib/util.h"

static struct text put(struct exec_image *image, uint32_t *used, const char *data, size_t length)
{
	struct text text = {.offset = *used, .length = (uint32_t)length};

	memcpy(image->data + *used, data, length);
	*used += (uint32_t)length;
	return text;
}

/* `argv` as a literal with \0 between and after its arguments. */
#define IMAGE(binary, argv) make_image(binary, argv, sizeof(argv) - 1)
static struct exec_image *make_image(const char *binary, const char *argv, size_t argv_length)
{
	size_t size = strlen(binary) + argv_length;
	struct exec_image *image = calloc(1, sizeof(*image) + size);
	uint32_t used = 0;

	ck_assert_ptr_nonnull(image);
	image->binary = put(image, &used, binary, strlen(binary));
	image->arguments = put(image, &used, argv, argv_length);
	return image;
}

/* 1 systemd -> 50 conmon -> 100 sh in container web -> 200 curl: the event's process. */
static struct process systemd, conmon, shell, curl;
static struct container web;
#define LABEL(key, value)                                                                          \
	{                                                                                          \
		(char *)(key), (char *)(value)                                                     \
	}
static struct label web_labels[] = {LABEL("app", "shop"), LABEL("size", "3")};
static struct label pod_labels[] = {LABEL("app", "front"), LABEL("tier", "web")};
static struct event event;

static void setup(void)
{
	systemd = (struct process){.pid = 1, .image = IMAGE("/usr/lib/systemd/systemd", "init\0")};
	conmon = (struct process){
		.pid = 50, .parent = &systemd, .image = IMAGE("/usr/bin/conmon", "conmon\0-c\0")};
	shell = (struct process){
		.pid = 100, .parent = &conmon, .image = IMAGE("/bin/sh", "sh\0-c\0curl x\0")};
	curl = (struct process){.pid = 200,
		.parent = &shell,
		.in_init_tree = true,
		.image = IMAGE("/usr/bin/curl", "curl\0--user\0a b\0http://x\0")};
	curl.image->credentials.cap_effective = 1 << 0 | 1 << 1;
	curl.image->credentials.cap_permitted = 1 << 0 | 1 << 1 | 1 << 21;
	web = (struct container){
		.id = "1fb931d2f6e5e4cfdbaf30fdb8e2fdd81320bdb3047ded50120a4f82838209ce"};
	web.metadata = (struct container_metadata){.name = (char *)"web",
		.labels = web_labels,
		.label_count = ARRAY_SIZE(web_labels),
		.pod_name = (char *)"shop-pod"};
	event = (struct event){
		.kind = EVENT_PROCESS_EXEC, .process = &curl, .parent = &shell, .container = &web};
}

static void teardown(void)
{
	free(systemd.image);
	free(conmon.image);
	free(shell.image);
	free(curl.image);
}

static void make_crio(void)
{
	web.metadata.name = (char *)"k8s_front_web-0_prod_1_0";
	web.metadata.pod_container = (char *)"front";
	web.metadata.pod_namespace = (char *)"prod";
	web.metadata.pod_name = (char *)"web-0";
	web.metadata.pod_labels = pod_labels;
	web.metadata.pod_label_count = ARRAY_SIZE(pod_labels);
}

static struct filter_list *parse(const char *text)
{
	struct filter_list *list = NULL;
	struct error error = {};

	ck_assert_msg(filter_list_parse(text, &list, &error) == 0, "%s: %s", text, error.message);
	return list;
}

static bool allowed(const char *allow, const char *deny)
{
	_cleanup_(filter_list_free_p) struct filter_list *allow_list = parse(allow);
	_cleanup_(filter_list_free_p) struct filter_list *deny_list = parse(deny);

	return filter_allows(allow_list, deny_list, &event);
}

/* The same filter lets through as an allow list what it holds back as a deny list. */
static void check_filter(const char *text, bool matches)
{
	ck_assert_msg(
		allowed(text, NULL) == matches, "%s should%s match", text, matches ? "" : " not");
	ck_assert_msg(allowed(NULL, text) == !matches, "deny: %s should%s match", text,
		matches ? "" : " not");
}

struct expectation {
	const char *text;
	bool matches;
};

static const struct expectation podman_cases[] = {
	{"{}", true},
	{"{\"binary_regex\":[\"curl\"]}", true},
	{"{\"binary_regex\":[\"^/usr/bin/curl$\"]}", true},
	{"{\"binary_regex\":[\"^curl\"]}", false},
	{"{\"binary_regex\":[\"wget\",\"(?i)CURL\"]}", true},
	{"{\"binary_regex\":[\"wget\"]}", false},
	{"{\"namespace\":[\"\"]}", true}, /* no Kubernetes pod */
	{"{\"namespace\":[\"prod\"]}", false},
	{"{\"health_check\":true}", false},
	{"{\"health_check\":false}", true},
	{"{\"pid\":[1,200]}", true},
	{"{\"pid\":[100]}", false},
	{"{\"pid_set\":[200]}", true},
	{"{\"pid_set\":[7,50]}", true},
	{"{\"pid_set\":[1]}", true},
	{"{\"pid_set\":[2]}", false},
	{"{\"event_set\":[\"PROCESS_EXIT\",\"PROCESS_EXEC\"]}", true},
	{"{\"event_set\":[\"PROCESS_EXIT\",\"CONTAINER_START\"]}", false},
	{"{\"event_set\":[\"PROCESS_KPROBE\"]}", false},
	{"{\"pod_regex\":[\"^shop-\"]}", true},
	{"{\"pod_regex\":[\"^web\"]}", false},
	{"{\"arguments_regex\":[\"--user\"]}", true},
	{"{\"arguments_regex\":[\"^--user \\\"a b\\\" http://x$\"]}", true},
	{"{\"arguments_regex\":[\"^curl\"]}", false}, /* argv[0] is no argument */
	{"{\"labels\":[\"app=shop\"]}", true},
	{"{\"labels\":[\"app=web\",\"size in (1,3)\"]}", true},
	{"{\"labels\":[\"app=shop,size>3\"]}", false},
	{"{\"labels\":[\"!tier\"]}", true},
	{"{\"policy_names\":[\"x\"]}", false},
	{"{\"capabilities\":{\"effective\":{\"any\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]}}}", true},
	{"{\"capabilities\":{\"effective\":{\"any\":[\"CAP_SYS_ADMIN\"]}}}", false},
	{"{\"capabilities\":{\"permitted\":{\"all\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]}}}", true},
	{"{\"capabilities\":{\"effective\":{\"all\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]}}}", false},
	{"{\"capabilities\":{\"effective\":{\"exactly\":[\"CAP_CHOWN\",\"DAC_OVERRIDE\"]}}}", true},
	{"{\"capabilities\":{\"permitted\":{\"exactly\":[\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\"]}}}",
		false},
	{"{\"capabilities\":{\"inheritable\":{\"none\":[\"CAP_KILL\"]}}}", true},
	{"{\"capabilities\":{\"permitted\":{\"none\":[\"CAP_SYS_ADMIN\"]}}}", false},
	{"{\"capabilities\":{\"inheritable\":{\"none\":[\"CAP_KILL\"]},"
	 "\"effective\":{\"any\":[\"CAP_KILL\"]}}}",
		false},
	{"{\"parent_binary_regex\":[\"/sh$\"]}", true},
	{"{\"parent_binary_regex\":[\"curl\"]}", false},
	{"{\"parent_arguments_regex\":[\"^-c \\\"curl x\\\"$\"]}", true},
	{"{\"parent_arguments_regex\":[\"user\"]}", false},
	{"{\"container_id\":[\"^1fb931d2f6e5\"]}", true},
	{"{\"container_id\":[\"^2fb\"]}", false},
	{"{\"in_init_tree\":true}", true},
	{"{\"in_init_tree\":false}", false},
	{"{\"ancestor_binary_regex\":[\"conmon$\"]}", true},
	{"{\"ancestor_binary_regex\":[\"systemd$\"]}", true},
	{"{\"ancestor_binary_regex\":[\"/sh$\"]}", false}, /* the parent is none */
	{"{\"container_name_regex\":[\"^web$\"]}", true},
	{"{\"container_name_regex\":[\"^web-2$\"]}", false},
	{"{\"namespace_regex\":[\".\"]}", false},
	/* fields are ANDed, objects ORed */
	{"{\"binary_regex\":[\"curl\"],\"pid\":[200]}", true},
	{"{\"binary_regex\":[\"curl\"],\"pid\":[201]}", false},
	{"{\"binary_regex\":[\"wget\"]}\n{\"pid\":[200]}", true},
	{"{\"binary_regex\":[\"wget\"]} {\"pid\":[201]}{\"pid\":[202]}", false},
};

START_TEST(test_podman)
{
	check_filter(podman_cases[_i].text, podman_cases[_i].matches);
}
END_TEST

static const struct expectation crio_cases[] = {
	{"{\"namespace\":[\"test\",\"prod\"]}", true},
	{"{\"namespace\":[\"\",\"pro\"]}", false},
	{"{\"namespace_regex\":[\"^pro\"]}", true},
	{"{\"namespace_regex\":[\"^test\"]}", false},
	{"{\"pod_regex\":[\"^web-[0-9]$\"]}", true},
	{"{\"container_name_regex\":[\"^front$\"]}", true},
	{"{\"container_name_regex\":[\"^k8s_front_\"]}", true},
	{"{\"container_name_regex\":[\"^back$\"]}", false},
	{"{\"labels\":[\"tier=web\"]}", true},
	{"{\"labels\":[\"app=front\"]}", true},
	{"{\"labels\":[\"app=shop\"]}", true},
	{"{\"labels\":[\"app!=front\"]}", false},
	{"{\"labels\":[\"!tier\"]}", false},
};

START_TEST(test_crio)
{
	make_crio();
	check_filter(crio_cases[_i].text, crio_cases[_i].matches);
}
END_TEST

static const struct expectation host_cases[] = {
	{"{\"namespace\":[\"\"]}", true},
	{"{\"namespace\":[\"prod\"]}", false},
	{"{\"container_name_regex\":[\"\"]}", false},
	{"{\"container_id\":[\"\"]}", false},
	{"{\"pod_regex\":[\"\"]}", false},
	{"{\"namespace_regex\":[\"\"]}", false},
	{"{\"labels\":[\"!app\"]}", false},
	{"{\"binary_regex\":[\"curl\"]}", true},
};

START_TEST(test_host)
{
	event.container = NULL;
	check_filter(host_cases[_i].text, host_cases[_i].matches);
}
END_TEST

/* A container's own events have no process, or not always. */
static const struct expectation container_cases[] = {
	{"{\"event_set\":[\"CONTAINER_START\"]}", true},
	{"{\"container_name_regex\":[\"^web$\"]}", true},
	{"{\"container_name_regex\":[\"^db$\"]}", false},
	{"{\"labels\":[\"app\"]}", true},
	{"{\"binary_regex\":[\"\"]}", false},
	{"{\"arguments_regex\":[\"\"]}", false},
	{"{\"parent_arguments_regex\":[\"\"]}", false},
	{"{\"ancestor_binary_regex\":[\"\"]}", false},
	{"{\"pid\":[0]}", false},
	{"{\"pid_set\":[0]}", false},
	{"{\"in_init_tree\":false}", false},
	{"{\"capabilities\":{\"effective\":{\"none\":[\"CAP_KILL\"]}}}", false},
};

START_TEST(test_container_event)
{
	event = (struct event){.kind = EVENT_CONTAINER_START, .container = &web};
	check_filter(container_cases[_i].text, container_cases[_i].matches);
}
END_TEST

/* What says that something is missing is never held back itself. */
START_TEST(test_always_passes)
{
	static const enum event_kind kinds[] = {
		EVENT_EVENT_LOSS, EVENT_POLICY_CHANGE, EVENT_DAEMON_START, EVENT_DAEMON_STOP};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		event = (struct event){.kind = kinds[i]};
		ck_assert(allowed("{\"pid\":[1]}", "{}"));
	}
	event.kind = EVENT_PROCESS_THROTTLE;
	ck_assert(!allowed(NULL, "{}"));
}
END_TEST

START_TEST(test_lists)
{
	struct filter_list *none = NULL;

	ck_assert(filter_allows(none, none, &event));
	ck_assert(allowed("", " \n\t"));
	ck_assert(allowed("{\"pid\":[200]}", "{\"pid\":[100]}"));
	ck_assert(!allowed("{\"pid\":[200]}", "{\"binary_regex\":[\"curl\"]}"));
	ck_assert(!allowed("{\"pid\":[100]}", "{\"pid\":[100]}"));
}
END_TEST

/* What cannot be decided in the time there is, is not shown. */
START_TEST(test_run_away)
{
	static char argv[5000];
	const char *bad = "{\"arguments_regex\":[\"(a+)+$\"]}";

	memset(argv, 'a', sizeof(argv) - 2);
	argv[1] = '\0';
	argv[sizeof(argv) - 2] = '!';
	argv[sizeof(argv) - 1] = '\0';
	free(curl.image);
	curl.image = make_image("/usr/bin/curl", argv, sizeof(argv));
	ck_assert(!allowed(bad, NULL));
	ck_assert(!allowed(NULL, bad));
	/* another field, or another object, may still decide */
	ck_assert(allowed(NULL, "{\"arguments_regex\":[\"(a+)+$\"],\"container_id\":[\"^2\"]}"));
	ck_assert(allowed("{\"arguments_regex\":[\"(a+)+$\",\"a!\"]}", NULL));
	ck_assert(allowed("{\"arguments_regex\":[\"(a+)+$\"]} {\"pid\":[200]}", NULL));
}
END_TEST

/* Each start alone is within the limits, all of them together are not. */
START_TEST(test_run_away_quadratic)
{
	static char argv[200000];

	memset(argv, 'a', sizeof(argv) - 1);
	argv[1] = '\0';
	free(curl.image);
	curl.image = make_image("/usr/bin/curl", argv, sizeof(argv));
	ck_assert(!allowed("{\"arguments_regex\":[\"a.*[bc]\"]}", NULL));
	ck_assert(!allowed(NULL, "{\"arguments_regex\":[\"a.*[bc]\"]}"));
	ck_assert(allowed("{\"arguments_regex\":[\".*a$\"]}", NULL));
}
END_TEST

START_TEST(test_bytes)
{
	free(curl.image);
	curl.image = IMAGE("/bin/\xff\xfe", "x\0\xc3\x28\0line\nbreak\0\0");
	check_filter("{\"binary_regex\":[\"^/bin/\\\\xff\\\\xfe$\"]}", true);
	check_filter("{\"arguments_regex\":[\"^\\\\xc3\\\\( line\\nbreak $\"]}", true);
	check_filter("{\"arguments_regex\":[\"line$\"]}", false);
	check_filter("{\"arguments_regex\":[\"(?m)line$\"]}", true);
}
END_TEST

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"x", "1:1: expected a JSON object: "},
	{"{\"pid\":[1]}\n  ,{}", "2:3: expected a JSON object: "},
	{"[{\"pid\":[1]}]", "1:1: expected a JSON object: "},
	{"{\"pid\":[1]", "1:11: "},
	{"{\"pid\":[1]}\n{\"pid\":[1],}", "2:12: "},
	{"{\"pid\":[1],\"pid\":[2]}", "1:"},
	{"{\"pids\":[1]}",
		"1:9: pids: unknown field, allowed: binary_regex, namespace, health_check, "},
	{"\n {\"binary_regex\": \"x\"}", "2:19: binary_regex: must be a list of strings: [\"…\"]"},
	{"{\"binary_regex\":[]}", "1:17: binary_regex: must be a list of strings"},
	{"{\"binary_regex\":[1]}", "1:18: binary_regex: must be a string"},
	{"{\"binary_regex\":[\"a\",\"b(\"]}", "1:22: binary_regex: \"b(\" is no regular "
					      "expression: missing closing parenthesis at byte 2"},
	{"{\"binary_regex\":[\"(*UTF)a\"]}", "1:18: binary_regex: "},
	{"{\"health_check\":1}", "1:17: health_check: must be true or false"},
	{"{\"pid\":[-1]}", "1:9: pid: must be a pid: 0 to 4294967295"},
	{"{\"pid\":[4294967296]}", "1:9: pid: must be a pid"},
	{"{\"pid_set\":[\"1\"]}", "1:13: pid_set: must be a pid"},
	{"{\"pid\":1}", "1:8: pid: must be a list of pids"},
	{"{\"event_set\":[\"process_exec\"]}", "1:15: event_set: \"process_exec\" is no kind of "
					       "event, allowed: PROCESS_EXEC, PROCESS_EXIT, "},
	{"{\"labels\":[\"app=\",\"app in a\"]}",
		"1:19: labels: \"app in a\": expected ( at byte 7"},
	{"{\"capabilities\":{}}", "1:17: capabilities: must be an object with"},
	{"{\"capabilities\":{\"bounding\":{\"any\":[\"CAP_KILL\"]}}}",
		"1:29: capabilities: \"bounding\" is unknown, allowed: permitted, effective, "
		"inheritable"},
	{"{\"capabilities\":{\"effective\":{\"any\":[\"CAP_KILL\"],\"all\":[\"CAP_KILL\"]}}}",
		"1:30: capabilities.effective: must have exactly one of any, all, exactly, none"},
	{"{\"capabilities\":{\"effective\":{\"some\":[\"CAP_KILL\"]}}}",
		"1:38: capabilities.effective: \"some\" is unknown, allowed: any, all, exactly, "
		"none"},
	{"{\"capabilities\":{\"effective\":{\"any\":[\"cap_kill\"]}}}",
		"1:38: capabilities.effective: \"cap_kill\" is no capability"},
};

START_TEST(test_mistakes)
{
	struct filter_list *list = NULL;
	struct error error = {};

	ck_assert_int_eq(filter_list_parse(mistakes[_i].text, &list, &error), -EINVAL);
	ck_assert_ptr_null(list);
	ck_assert_msg(
		strncmp(error.message, mistakes[_i].message, strlen(mistakes[_i].message)) == 0,
		"%s:\ngot \"%s\"\nnot \"%s\"", mistakes[_i].text, error.message,
		mistakes[_i].message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("filter");
	TCase *tests = tcase_create("filter");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, test_podman, 0, ARRAY_SIZE(podman_cases));
	tcase_add_loop_test(tests, test_crio, 0, ARRAY_SIZE(crio_cases));
	tcase_add_loop_test(tests, test_host, 0, ARRAY_SIZE(host_cases));
	tcase_add_loop_test(tests, test_container_event, 0, ARRAY_SIZE(container_cases));
	tcase_add_test(tests, test_always_passes);
	tcase_add_test(tests, test_lists);
	tcase_add_test(tests, test_run_away);
	tcase_add_test(tests, test_run_away_quadratic);
	tcase_add_test(tests, test_bytes);
	tcase_add_loop_test(tests, test_mistakes, 0, ARRAY_SIZE(mistakes));
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
