/* SPDX-License-Identifier: Apache-2.0 */
/* Field filters on the text of events; tetragon-events.json has lines from Tetragon's
 * documentation. */
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/export/json_container.h"
#include "daemon/export/json_event.h"
#include "daemon/filter/field_mask.h"
#include "daemon/filter/filter.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/util.h"
#include "tests/unit/hit-sample.h"

static struct field_filters *parse(const char *text)
{
	struct field_filters *filters = NULL;
	struct error error = {};

	ck_assert_msg(
		field_filters_parse(text, &filters, &error) == 0, "%s: %s", text, error.message);
	return filters;
}

static const char process_event[] =
	"{\"process_exec\":{\"process\":{\"exec_id\":\"a\\\"},\\\\\",\"pid\":1,\"arguments\":\"s\","
	"\"pod\":{\"namespace\":\"n\",\"pod_labels\":{\"a\":\"b\",\"c\":\"d\"},\"container\":{"
	"\"id\":\"i\"}},"
	"\"refcnt\":18446744073709551615,\"argv\":[\"x\",\"s\"],\"argv_b64\":[\"eA==\"],\"in_init_"
	"tree\":true},"
	"\"parent\":{\"pid\":2,\"arguments\":\"t\",\"cwd\":\"/\"},"
	"\"ancestors\":[{\"pid\":3,\"arguments\":\"u\"},{\"pid\":4}]},"
	"\"node_name\":\"n\",\"time\":\"t\"";
#define REST ",\"node_name\":\"n\",\"time\":\"t\""

static const struct {
	const char *filters, *expected;
} cases[] = {
	{"{\"fields\":\"process.pid\"}", "{\"process_exec\":{\"process\":{\"pid\":1}}" REST},
	{"{\"fields\":\"process.pid,parent.pid\",\"action\":\"INCLUDE\"}",
		"{\"process_exec\":{\"process\":{\"pid\":1},\"parent\":{\"pid\":2}}" REST},
	{"{\"fields\":\" parent , process.refcnt\"}",
		"{\"process_exec\":{\"process\":{\"refcnt\":18446744073709551615},"
		"\"parent\":{\"pid\":2,\"arguments\":\"t\",\"cwd\":\"/\"}}" REST},
	{"{\"fields\":\"ancestors.pid\"}",
		"{\"process_exec\":{\"ancestors\":[{\"pid\":3},{\"pid\":4}]}" REST},
	{"{\"fields\":\"process.pod.podLabels\"}", "{\"process_exec\":{\"process\":{\"pod\":{\"pod_"
						   "labels\":{\"a\":\"b\",\"c\":\"d\"}}}}" REST},
	{"{\"fields\":\"process.pod.pod_labels.c,process.pod.container.name\"}",
		"{\"process_exec\":{\"process\":{\"pod\":{\"pod_labels\":{\"c\":\"d\"},"
		"\"container\":{}}}}" REST},
	{"{\"fields\":\"process.pod.podLabels.fooBar,process.inInitTree\"}",
		"{\"process_exec\":{\"process\":{\"pod\":{\"pod_labels\":{}},\"in_init_tree\":true}"
		"}" REST},
	{"{\"fields\":\"process.exec_id\"}",
		"{\"process_exec\":{\"process\":{\"exec_id\":\"a\\\"},\\\\\"}}" REST},
	{"{\"fields\":\"process.docker\"}", "{\"process_exec\":{\"process\":{}}" REST},
	{"{\"fields\":\"function_name\"}", "{\"process_exec\":{}" REST},
	/* a path and a longer one: the shorter one counts */
	{"{\"fields\":\"parent.pid,parent\"}", "{\"process_exec\":{\"parent\":{\"pid\":2,"
					       "\"arguments\":\"t\",\"cwd\":\"/\"}}" REST},
	/* arguments by any name */
	{"{\"fields\":\"process.arguments,process.pod,parent,ancestors.arguments\",\"action\":"
	 "\"EXCLUDE\"}",
		"{\"process_exec\":{\"process\":{\"exec_id\":\"a\\\"},\\\\\",\"pid\":1,"
		"\"refcnt\":18446744073709551615,\"in_init_tree\":true},"
		"\"ancestors\":[{\"pid\":3},{\"pid\":4}]}" REST},
	{"{\"fields\":\"process.argv,process.pod,parent,ancestors\",\"action\":\"EXCLUDE\"}",
		"{\"process_exec\":{\"process\":{\"exec_id\":\"a\\\"},\\\\\",\"pid\":1,"
		"\"arguments\":\"s\","
		"\"refcnt\":18446744073709551615,\"in_init_tree\":true}}" REST},
	{"{\"fields\":\"process,parent,ancestors\",\"action\":\"EXCLUDE\"}",
		"{\"process_exec\":{}" REST},
	/* in their order */
	{"{\"fields\":\"process.pid,process.in_init_tree,parent\"}"
	 "{\"fields\":\"process.pid,parent.arguments\",\"action\":\"EXCLUDE\"}",
		"{\"process_exec\":{\"process\":{\"in_init_tree\":true},"
		"\"parent\":{\"pid\":2,\"cwd\":\"/\"}}" REST},
	/* event sets */
	{"{\"event_set\":[\"PROCESS_EXIT\"],\"fields\":\"process\",\"action\":\"EXCLUDE\"}",
		process_event},
	{"{\"event_set\":[\"PROCESS_EXEC\"],\"fields\":\"process.pid\"}",
		"{\"process_exec\":{\"process\":{\"pid\":1}}" REST},
	{"{\"event_set\":[\"PROCESS_EXEC\"],\"fields\":\"process.pid\",\"invert_event_set\":true}",
		process_event},
	{"{\"event_set\":[\"PROCESS_EXIT\"],\"fields\":\"process.pid\",\"invert_event_set\":true}",
		"{\"process_exec\":{\"process\":{\"pid\":1}}" REST},
};

START_TEST(test_cases)
{
	struct field_filters *filters = parse(cases[_i].filters);
	_cleanup_buf_ struct buf json = {};

	buf_append_string(&json, process_event);
	ck_assert_int_eq(field_filters_apply(filters, EVENT_PROCESS_EXEC, &json), 0);
	ck_assert_msg(strcmp(buf_string(&json), cases[_i].expected) == 0, "%s:\ngot %s\nnot %s",
		cases[_i].filters, buf_string(&json), cases[_i].expected);
	field_filters_free(filters);
}
END_TEST

START_TEST(test_any)
{
	struct field_filters *filters =
		parse("{\"event_set\":[\"PROCESS_EXIT\"],\"fields\":\"process.pid\"}");

	ck_assert(field_filters_any(filters, EVENT_PROCESS_EXIT));
	ck_assert(!field_filters_any(filters, EVENT_PROCESS_EXEC));
	ck_assert(!field_filters_any(NULL, EVENT_PROCESS_EXIT));
	field_filters_free(filters);
	filters = parse("");
	ck_assert(!field_filters_any(filters, EVENT_PROCESS_EXIT));
	field_filters_free(filters);
}
END_TEST

/* INCLUDE says which fields of processes are written; our own kinds keep the rest unless named. */
START_TEST(test_own_kinds)
{
	static const char escape[] = "{\"cgroup_escape\":{\"process\":{\"pid\":1,\"arguments\":"
				     "\"s\"},\"cgroup_path\":\"/x\"}" REST;
	static const char loss[] = "{\"event_loss\":{\"total\":\"7\"}" REST;
	struct field_filters *filters = parse("{\"fields\":\"process.pid\"}");
	_cleanup_buf_ struct buf json = {};

	buf_append_string(&json, escape);
	ck_assert_int_eq(field_filters_apply(filters, EVENT_CGROUP_ESCAPE, &json), 0);
	ck_assert_str_eq(buf_string(&json),
		"{\"cgroup_escape\":{\"process\":{\"pid\":1},\"cgroup_path\":\"/x\"}" REST);
	buf_clear(&json);
	buf_append_string(&json, loss);
	ck_assert_int_eq(field_filters_apply(filters, EVENT_EVENT_LOSS, &json), 0);
	ck_assert_str_eq(buf_string(&json), loss);
	field_filters_free(filters);

	filters = parse("{\"fields\":\"process.pid\",\"event_set\":[\"CGROUP_ESCAPE\"]}");
	buf_clear(&json);
	buf_append_string(&json, escape);
	ck_assert_int_eq(field_filters_apply(filters, EVENT_CGROUP_ESCAPE, &json), 0);
	ck_assert_str_eq(buf_string(&json), "{\"cgroup_escape\":{\"process\":{\"pid\":1}}" REST);
	field_filters_free(filters);
}
END_TEST

static bool below(const char *path, const char *of)
{
	size_t length = strlen(of);

	return strncmp(path, of, length) == 0 && (path[length] == '.' || !path[length]);
}

/* What the mask has to do, said in another way: by whole paths. */
static bool expected_at(const char *path, const char *const *paths, bool exclude)
{
	for (; *paths; paths++) {
		if (exclude && below(path, *paths))
			return false;
		if (!exclude && (below(path, *paths) || below(*paths, path)))
			return true;
	}
	return exclude;
}

static void compare(const struct json_value *before, const struct json_value *after,
	const char *path, const char *const *paths, bool exclude)
{
	size_t found = 0;

	ck_assert_int_eq(json_type(before), json_type(after));
	if (json_type(before) == JSON_STRING)
		ck_assert_str_eq(json_text(before), json_text(after));
	if (json_type(before) == JSON_ARRAY)
		ck_assert_uint_eq(json_count(before), json_count(after));
	for (size_t i = 0; json_type(before) == JSON_OBJECT && i < json_count(before); i++) {
		const char *key;
		const struct json_value *value = json_member(before, i, &key, NULL), *kept;
		char member[256];

		snprintf(member, sizeof(member), "%s%s%s", path, *path ? "." : "", key);
		kept = json_get(after, key);
		ck_assert_msg((kept != NULL) == expected_at(member, paths, exclude), "%s", member);
		if (!kept)
			continue;
		found++;
		compare(value, kept, member, paths, exclude);
	}
	if (json_type(before) == JSON_OBJECT)
		ck_assert_uint_eq(json_count(after), found);
}

static const struct {
	const char *text;
	const char *paths[6];
} documented[] = {
	{"process.pod,process.docker,parent", {"process.pod", "process.docker", "parent"}},
	{"process.exec_id,process.parent_exec_id", {"process.exec_id", "process.parent_exec_id"}},
	{"process.pod.container.image.name,process.pod.pod_labels,function_name",
		{"process.pod.container.image.name", "process.pod.pod_labels", "function_name"}},
	{"process.binary,args", {"process.binary", "args"}},
	{"parent.pod.name,process.pid,cgroup", {"parent.pod.name", "process.pid", "cgroup"}},
};

static void check_line(const char *line, size_t length, size_t number, bool exclude)
{
	_cleanup_json_ struct json_document *before = NULL, *after = NULL;
	struct field_filters *filters;
	struct buf json = {};
	char text[256];
	const char *kind;

	ck_assert_int_eq(json_parse(line, length, NULL, &before, NULL), 0);
	snprintf(text, sizeof(text), "{\"fields\":\"%s\",\"action\":\"%s\"}",
		documented[number].text, exclude ? "EXCLUDE" : "INCLUDE");
	filters = parse(text);
	buf_append(&json, line, length - 1);
	ck_assert_int_eq(field_filters_apply(filters, EVENT_PROCESS_EXEC, &json), 0);
	buf_append_char(&json, '}');
	ck_assert_int_eq(json_parse(json.data, json.length, NULL, &after, NULL), 0);
	json_member(json_root(before), 0, &kind, NULL);
	compare(json_get(json_root(before), kind), json_get(json_root(after), kind), "",
		documented[number].paths, exclude);
	ck_assert_str_eq(json_text(json_get(json_root(before), "time")),
		json_text(json_get(json_root(after), "time")));
	ck_assert_uint_eq(json_count(json_root(before)), json_count(json_root(after)));
	field_filters_free(filters);
	buf_done(&json);
}

START_TEST(test_documented_events)
{
	_cleanup_buf_ struct buf lines = {};
	const char *directory = getenv("top_srcdir"), *line, *end;
	char path[PATH_MAX];
	size_t count = 0;

	snprintf(path, sizeof(path), "%s/tests/unit/tetragon-events.json", directory ?: ".");
	ck_assert_int_eq(read_file_limited(path, 1 << 20, &lines), 0);
	for (line = buf_string(&lines); *line; line = end + 1, count++) {
		end = strchr(line, '\n');
		check_line(line, (size_t)(end - line), (size_t)_i, false);
		check_line(line, (size_t)(end - line), (size_t)_i, true);
	}
	ck_assert_uint_eq(count, 4);
}
END_TEST

/* ---- every field that we write has a name that filters know ---- */

static void check_names(const struct json_value *value, const char *path)
{
	for (size_t i = 0; json_type(value) == JSON_ARRAY && i < json_count(value); i++)
		check_names(json_at(value, i), path);
	for (size_t i = 0; json_type(value) == JSON_OBJECT && i < json_count(value); i++) {
		const char *key;
		const struct json_value *member = json_member(value, i, &key, NULL);
		char name[256];

		snprintf(name, sizeof(name), "%s%s%s", path, *path ? "." : "", key);
		ck_assert_msg(field_path_known(name, strlen(name)), "%s", name);
		check_names(member, name);
	}
}

static struct text put(struct exec_image *image, const char *data, size_t length)
{
	struct text text = {.offset = image->allocated, .length = (uint32_t)length};

	memcpy(image->data + image->allocated, data, length);
	image->allocated += (uint32_t)length;
	return text;
}

static void check_kind(const struct json_event_options *options, const struct event *event)
{
	_cleanup_json_ struct json_document *document = NULL;
	_cleanup_buf_ struct buf json = {};
	struct error error = {};

	json_event_format(options, event, &json);
	buf_append_char(&json, '}');
	ck_assert_msg(json_parse(json.data, json.length, NULL, &document, &error) == 0, "%s",
		error.message);
	check_names(json_get(json_root(document), event_kind_name(event->kind)), "");
}

/* All that an event of its kind can have, but a policy's match. */
static void fill_kind(struct event *event)
{
	switch (event->kind) {
	case EVENT_POLICY_CHANGE:
		event->policy_change.name = event->policy_change.namespace =
			event->policy_change.change = event->policy_change.source =
				event->policy_change.error = "x";
		break;
	case EVENT_PROCESS_EXIT:
		event->exit.code = 0x109;
		break;
	case EVENT_PROCESS_THROTTLE:
		event->throttle.cgroup = "c";
		break;
	case EVENT_CONTAINER_STOP:
		event->stop.reason = "exited";
		event->stop.exit_known = true;
		event->stop.exit_code = 9;
		break;
	case EVENT_UNREGISTERED_CONTAINER:
		event->unregistered.cgroup_path = event->unregistered.engine =
			event->unregistered.id = event->unregistered.reason = "x";
		break;
	case EVENT_CGROUP_ESCAPE:
		event->escape.cgroup_path = "/";
		break;
	case EVENT_EVENT_LOSS:
		event->loss.stage = event->loss.reason = "x";
		event->loss.by_kind[RECORD_EXEC] = event->loss.first_sequence = 1;
		break;
	case EVENT_DAEMON_START:
		event->daemon_start.found = true;
		event->daemon_start.previous_stream = "x";
		break;
	case EVENT_DAEMON_STOP:
		event->daemon_stop.reason = "x";
		break;
	default:
		break;
	}
}

START_TEST(test_written_fields)
{
	struct json_event_options options = {"node", "cluster", true, true, true, true, {0}};
	struct exec_image *image = calloc(1, sizeof(*image) + 256);
	struct label label = {(char *)"a.b", (char *)"c"};
	struct container container = {.id = "0123456789abcdef",
		.cgroup_path = (char *)"/c",
		.bundle = (char *)"/b",
		.scope = (char *)"user:1"};
	struct process process = {.pid = 7, .image = image, .container = &container};
	struct process parent = process, grandparent = process;
	_cleanup_buf_ struct buf own = {}, pod = {};

	image->binary = put(image, "/bin/\xff", 6);
	image->cwd = put(image, "/\xff", 2);
	image->arguments = put(image, "a\0\xff\0", 4);
	image->environment = put(image, "A=b", 4);
	image->flags =
		RECORD_FLAG_EXE_DELETED | RECORD_FLAG_SETUID_FILE | RECORD_FLAG_FILE_CAPABILITIES;
	image->exe = put(image, "/bin/x", 6);
	image->credentials.securebits = 1;
	image->credentials.cap_permitted = image->credentials.cap_effective =
		image->credentials.cap_inheritable = 1;
	memset(&image->namespaces, 1, sizeof(image->namespaces));
	container.metadata = (struct container_metadata){.name = (char *)"n",
		.image_name = (char *)"i",
		.image_id = (char *)"j",
		.image_digest = (char *)"k",
		.labels = &label,
		.label_count = 1,
		.pod_id = (char *)"p",
		.pod_name = (char *)"q",
		.pod_namespace = (char *)"r",
		.pod_uid = (char *)"s",
		.pod_container = (char *)"t",
		.pod_labels = &label,
		.pod_label_count = 1,
		.runtime = (char *)"u",
		.truncated = true};
	json_container_format(&container, &own);
	json_pod_format(&container, &pod);
	container.json = own.data;
	container.json_length = own.length;
	container.pod_json = pod.data;
	container.pod_json_length = pod.length;
	process.parent = &parent;
	parent.parent = &grandparent;
	for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++) {
		struct event event = {.kind = kind,
			.process = &process,
			.parent = &parent,
			.container = &container,
			.setup = true};
		struct hit_sample sample;

		if (event_kind_is_hit(kind)) {
			hit_sample_init(&sample, kind);
			hit_sample_fill(&sample);
			hit_sample_event(&sample, &event);
		}
		fill_kind(&event);
		check_kind(&options, &event);
		if (event_kind_is_hit(kind))
			hit_sample_done(&sample);
	}
	free(image);
}
END_TEST

static const char *const broken[] = {"", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":{",
	"{\"a\":{\"process\"", "{\"a\":{\"process\":{\"pid\":}", "{\"a\":{\"process\":{\"pid\":1}",
	"{\"a\":{\"process\":{\"pid\"1}}", "{\"a\":{\"process\":{\"pid\":1\"b\":2}}",
	"{\"a\":{\"process\":{\"pid\":\"\\", "{\"a\":{,}", "{\"a\":{\"b\":1,,\"c\":2}",
	"{\"a\":{\"ancestors\":[1]}", "{\"a\":{\"ancestors\":[{\"x\":1}{}]}", "[]"};

START_TEST(test_broken)
{
	struct field_filters *filters = parse("{\"fields\":\"process.pid,ancestors.pid\"}");
	struct buf json = {};

	buf_append_string(&json, broken[_i]);
	ck_assert_int_eq(field_filters_apply(filters, EVENT_PROCESS_EXEC, &json), -EINVAL);
	ck_assert(json.failed);
	buf_done(&json);
	field_filters_free(filters);
}
END_TEST

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"{}", "1:1: fields: is missing"},
	{"{\"fields\":\"\"}", "1:11: fields: has an empty path"},
	{"{\"fields\":\"process,\"}", "1:11: fields: has an empty path"},
	{"{\"fields\":[\"process\"]}", "1:11: fields: must be a string"},
	{"{\"fields\":\"process.argumens\"}", "1:11: fields: \"process.argumens\": no event has a "
					      "\"argumens\" there, allowed: exec_id, pid, "},
	{"{\"fields\":\"process.pid.x\"}",
		"1:11: fields: \"process.pid.x\": nothing is below \"process.pid\""},
	{"{\"fields\":\"process.\"}", "1:11: fields: \"process.\": no event has a \"\" there"},
	{"{\"fields\":\"parent\",\"action\":\"DROP\"}",
		"1:29: action: must be \"INCLUDE\" or \"EXCLUDE\""},
	{"{\"fields\":\"parent\",\"event_set\":[]}", "1:32: event_set: must be a list"},
	{"{\"fields\":\"parent\",\"invert_event_set\":1}",
		"1:39: invert_event_set: must be true or false"},
	{"{\"fields\":\"parent\",\"invert_event_set\":true}",
		"1:1: invert_event_set: needs an event_set"},
	{"{\"field\":\"parent\"}",
		"1:10: field: unknown field, allowed: event_set, fields, action, invert_event_set"},
};

START_TEST(test_mistakes)
{
	struct field_filters *filters = NULL;
	struct error error = {};

	ck_assert_int_eq(field_filters_parse(mistakes[_i].text, &filters, &error), -EINVAL);
	ck_assert_ptr_null(filters);
	ck_assert_msg(
		strncmp(error.message, mistakes[_i].message, strlen(mistakes[_i].message)) == 0,
		"%s:\ngot \"%s\"\nnot \"%s\"", mistakes[_i].text, error.message,
		mistakes[_i].message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("field-filters");
	TCase *tests = tcase_create("field-filters");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tests, test_cases, 0, ARRAY_SIZE(cases));
	tcase_add_test(tests, test_any);
	tcase_add_test(tests, test_own_kinds);
	tcase_add_loop_test(tests, test_documented_events, 0, ARRAY_SIZE(documented));
	tcase_add_test(tests, test_written_fields);
	tcase_add_loop_test(tests, test_broken, 0, ARRAY_SIZE(broken));
	tcase_add_loop_test(tests, test_mistakes, 0, ARRAY_SIZE(mistakes));
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
