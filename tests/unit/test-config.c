/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/config_file.h"
#include "daemon/config_keys.h"
#include "daemon/config_value.h"
#include "lib/buf.h"
#include "lib/fd.h"
#include "lib/util.h"

static struct config *defaults(void)
{
	struct config *config = NULL;
	struct error error = {};

	ck_assert_msg(config_new(&config, &error) == 0, "%s", error.message);
	return config;
}

static int parse(struct config *config, const char *text, struct error *error)
{
	return config_file_parse(config, "t.conf", text, strlen(text), error);
}

/* What config_print() writes; to be freed. */
static char *printed(const struct config *config)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(file);
	config_print(config, file);
	fclose(file);
	return text;
}

START_TEST(test_defaults)
{
	_cleanup_(config_free_p) struct config *config = defaults();

	ck_assert_str_eq(config->runtime_dir, "/run/tallyman");
	ck_assert_str_eq(config->log_dir, "/var/log/tallyman");
	ck_assert_int_eq(config->log_level, LOG_INFO);
	ck_assert_uint_eq(config->ring_size, 8 << 20);
	ck_assert_uint_eq(config->throttle_percent, 25);
	ck_assert_uint_eq(config->process_limit, 65536);
	ck_assert_uint_eq(config->ended_limit, 4096);
	ck_assert(config->json_enabled);
	ck_assert_uint_eq(config->json_max_size, 10 << 20);
	ck_assert_uint_eq(config->json_rotate_interval, 0);
	ck_assert_uint_eq(config->json_mode, 0600);
	ck_assert_int_eq(config->json_kinds, JSON_KINDS_ALL);
	ck_assert_uint_eq(config->json_queue_size, 4 << 20);
	ck_assert(config->audit_enabled && !config->audit_host);
	ck_assert_int_eq(config->audit_exec, AUDIT_EXEC_ALL);
	ck_assert_uint_eq(config->audit_container_rate, 20);
	ck_assert_uint_eq(config->audit_host_burst, 1000);
	ck_assert_uint_eq(config->metadata_deadline_ms, 200);
	ck_assert_uint_eq(config->ended_container_seconds, 10);
	ck_assert_ptr_null(config->export_allowlist);
	ck_assert_ptr_null(config->redaction_filters);
	ck_assert_uint_eq(config->environment_filter.count, 0);
}
END_TEST

START_TEST(test_every_default_is_in_range)
{
	for (size_t i = 0; i < config_key_count; i++) {
		_cleanup_(config_free_p) struct config *config = defaults();
		_cleanup_buf_ struct buf value = {};
		struct error error = {};

		config_value_format(config, &config_keys[i], &value);
		ck_assert_str_eq(buf_string(&value), config_keys[i].default_text);
		ck_assert_msg(
			config_value_set(config, &config_keys[i], buf_string(&value), &error) == 0,
			"%s", error.message);
	}
}
END_TEST

START_TEST(test_values)
{
	_cleanup_(config_free_p) struct config *config = defaults();
	struct error error = {};

	ck_assert_msg(parse(config,
			      "\xef\xbb\xbf# a comment\n"
			      "[daemon]\n"
			      "runtime_dir = /tmp/run dir\n"
			      "log_level = debug ; and another\n"
			      "node_name: n1\r\n"
			      "\n"
			      "[sensor]\n"
			      "ring_size=64K\n"
			      "environment_variables = On\n"
			      "[process]\n"
			      "process_limit = 2048\n"
			      "[json]\n"
			      "max_size = 1048577\n"
			      "rotate_interval = 2h\n"
			      "mode = 0640\n"
			      "json_kinds = tetragon\n"
			      "[audit]\n"
			      "audit_exec = sessions\n"
			      "enabled = 0\n"
			      "[container]\n"
			      "metadata_deadline = 1s\n"
			      "ended_time = 2m\n"
			      "podman_event_files = /a/b, /c d/e ,\n"
			      "\t/f\n"
			      "[filter]\n"
			      "environment_filter = PATH,HOME",
			      &error) == 0,
		"%s", error.message);
	ck_assert_str_eq(config->runtime_dir, "/tmp/run dir");
	ck_assert_int_eq(config->log_level, LOG_DEBUG);
	ck_assert_str_eq(config->node_name, "n1");
	ck_assert_uint_eq(config->ring_size, 65536);
	ck_assert(config->environment_variables);
	ck_assert_uint_eq(config->process_limit, 2048);
	ck_assert_uint_eq(config->json_max_size, 1048577);
	ck_assert_uint_eq(config->json_rotate_interval, 7200);
	ck_assert_uint_eq(config->json_mode, 0640);
	ck_assert_int_eq(config->json_kinds, JSON_KINDS_TETRAGON);
	ck_assert_int_eq(config->audit_exec, AUDIT_EXEC_SESSIONS);
	ck_assert(!config->audit_enabled);
	ck_assert_uint_eq(config->metadata_deadline_ms, 1000);
	ck_assert_uint_eq(config->ended_container_seconds, 120);
	ck_assert_uint_eq(config->podman_event_files.count, 3);
	ck_assert_str_eq(config->podman_event_files.items[1], "/c d/e");
	ck_assert_str_eq(config->podman_event_files.items[2], "/f");
	ck_assert_uint_eq(config->environment_filter.count, 2);
	ck_assert_str_eq(config->environment_filter.items[1], "HOME");
}
END_TEST

#define LONG_VALUE                                                                                 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                        \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                        \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                        \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"[jsn]\n", "t.conf:1: [jsn]: unknown section, allowed: daemon, sensor, process, json, "},
	{"[json]\nfiles = x\n", "t.conf:2: json.files: unknown key, allowed: enabled, file, "},
	{"\n\nfile = x\n", "t.conf:3: file: stands before the first section"},
	{"[json]\nfile\n", "t.conf:2: a line is `key = value`"},
	{"[json\n", "t.conf:1: a section is written [name]"},
	{"[json] file = x\n", "t.conf:1: text after [json]"},
	{"[json]\nfile = x\nfile = y\n", "t.conf:3: json.file: is set twice in this file"},
	{"[json]\nfile = x\n[json]\njson_file = y\n",
		"t.conf:4: json.file: is set twice in this file"},
	{"[json]\nenabled = maybe\n", "t.conf:2: json.enabled: \"maybe\" is not valid, allowed: "
				      "yes, no, true, false, on, off"},
	{"[json]\nmax_size = 10X\n",
		"t.conf:2: json.max_size: \"10X\" is not valid, allowed: 0, or 4K to 1024G (bytes"},
	{"[json]\nmax_size = -1\n", "t.conf:2: json.max_size: \"-1\" is not valid"},
	{"[json]\nmax_size = 1\n", "t.conf:2: json.max_size: \"1\" is not valid"},
	{"[json]\nmax_size = 99999999999G\n", "t.conf:2: json.max_size: "},
	{"[json]\nmax_size =\n", "t.conf:2: json.max_size: \"\" is not valid"},
	{"[json]\nmode = 0666\n",
		"t.conf:2: json.mode: \"0666\" is not valid, allowed: 0600 to 0664 (octal"},
	{"[json]\nmode = 0400\n", "t.conf:2: json.mode: "},
	{"[json]\nmode = 0680\n", "t.conf:2: json.mode: "},
	{"[json]\nkinds = some\n",
		"t.conf:2: json.kinds: \"some\" is not valid, allowed: all, tetragon"},
	{"[json]\nrotate_interval = 10\n", "t.conf:2: json.rotate_interval: \"10\" is not valid, "
					   "allowed: 0, or 1s to 366d (whole"},
	{"[json]\nrotate_interval = 1500ms\n", "t.conf:2: json.rotate_interval: "},
	{"[json]\nfile =\n", "t.conf:2: json.file: must not be empty"},
	{"[json]\nfile = \"x\"\n",
		"t.conf:2: json.file: \"\"x\"\" is not valid, allowed: the text without"},
	{"[sensor]\nring_size = 12M\n", "t.conf:2: sensor.ring_size: \"12M\" is not valid, "
					"allowed: a power of two from 64K to 1G"},
	{"[sensor]\nthrottle_percent = 0\n", "t.conf:2: sensor.throttle_percent: "},
	{"[daemon]\nlog_dir = log\n",
		"t.conf:2: daemon.log_dir: \"log\" is not valid, allowed: an absolute path"},
	{"[daemon]\nnode_name = a\tb\n", "t.conf:2: daemon.node_name: has a control character"},
	{"[daemon]\ngroup = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		"t.conf:2: daemon.group: 40 bytes are too long, allowed: 32"},
	{"[json]\nfile = x\n  mode = 0600\n", "t.conf:3: json.file: an indented line goes on with "
					      "the value above, and this one cannot"},
	{"[json]\n  file = x\n",
		"t.conf:2: an indented line goes on with the value above, and there is none"},
	{"[filter]\nenvironment_filter = A=B\n",
		"t.conf:2: filter.environment_filter: \"A=B\" is not valid, allowed: names"},
	{"[filter]\nenvironment_filter = A,,B\n",
		"t.conf:2: filter.environment_filter: has an empty item"},
	{"[container]\npodman_event_files = a\n", "t.conf:2: container.podman_event_files: \"a\" "
						  "is not valid, allowed: absolute paths"},
	{"[filter]\nexport_allowlist = {\"pid\":[1]}\n  {\"pid\":\n\n# c\n\t[1, \"x\"]}\n",
		"t.conf:6:6: pid: must be a pid: 0 to 4294967295"},
	{"[filter]\nexport_denylist =  {\"pids\":[1]}\n",
		"t.conf:2:28: pids: unknown field, allowed: binary_regex, namespace, "},
	{"[filter]\nexport_denylist = {\"event_set\":[\"EVENT_LOSS\"]}\n",
		"t.conf:2:32: event_set: event_loss cannot be held back"},
	{"[filter]\nfield_filters: {\"fields\":\"proces\"}\n",
		"t.conf:2:26: fields: \"proces\": no event has a \"proces\" there, allowed: "
		"process, "},
	{"[filter]\nredaction_filters={\"redact\":[\"a\"]}",
		"t.conf:2:30: redact: hides nothing: "},
	{"[filter]\nredaction_filters={\"redact\":\n", "t.conf:2:29: "},
	{"[daemon]\ncluster_name = " LONG_VALUE "\n",
		"t.conf:2: daemon.cluster_name: 260 bytes are too long, allowed: 253"},
	{"[" LONG_VALUE "\n", "t.conf:1: a section is written [name]"},
	{"[json]\n" LONG_VALUE "\n", "t.conf:2: the name before = is too long"},
	{"[json]\n" LONG_VALUE " = 1\n", "t.conf:2: the name before = is too long"},
	{"[json]\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = 1\n",
		"t.conf:2: json.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: "
		"unknown key"},
	{"[jsonjsonjsonjsonjsonjsonjsonjsonjsonjsonjsonjsonjsonjsonjsonjsonjson]\n",
		"t.conf:1: the name of the section is too long"},
};

START_TEST(test_mistakes)
{
	_cleanup_(config_free_p) struct config *config = defaults();
	struct error error = {};

	ck_assert_int_eq(parse(config, mistakes[_i].text, &error), -EINVAL);
	ck_assert_int_eq(error.code, -EINVAL);
	ck_assert_msg(
		strncmp(error.message, mistakes[_i].message, strlen(mistakes[_i].message)) == 0,
		"got \"%s\"\nnot \"%s\"", error.message, mistakes[_i].message);
}
END_TEST

/* Lines beyond libinih's buffer, and a ; in a string of JSON. */
START_TEST(test_long_lines)
{
	static const char head[] =
		"[filter]\nexport_denylist = {\"binary_regex\":[\"a ;b\",\"\\\" ;\"] ; c\n";
	_cleanup_(config_free_p) struct config *config = defaults();
	_cleanup_buf_ struct buf text = {};
	struct error error = {};

	buf_append_string(&text, head);
	buf_append_literal(&text, "# ");
	for (int i = 0; i < 1000; i++)
		buf_append_literal(&text, "comment");
	buf_append_literal(&text, "\n");
	for (int i = 0; i < 1000; i++)
		buf_append_char(&text, ' ');
	buf_append_literal(&text, ",\"arguments_regex\":[\"");
	for (int i = 0; i < 3000; i++)
		buf_append_char(&text, 'x');
	buf_append_literal(&text, "\"]} ;comment\n[json]\nfile = a;b ;c\n");
	ck_assert_msg(parse(config, buf_string(&text), &error) == 0, "%s", error.message);
	ck_assert_str_eq(config->json_file, "a;b");
	ck_assert_uint_gt(strlen(config->export_denylist), 4000);
	ck_assert_ptr_nonnull(strstr(config->export_denylist, "[\"a ;b\",\"\\\" ;\"]\n"));
	ck_assert_str_eq(config->export_denylist + strlen(config->export_denylist) - 5, "xx\"]}");

	buf_clear(&text);
	buf_append_literal(&text, "[json]\nfile = ");
	for (int i = 0; i < CONFIG_LINE_MAX; i++)
		buf_append_char(&text, 'x');
	ck_assert_int_eq(parse(config, buf_string(&text), &error), -EINVAL);
	ck_assert_str_eq(error.message, "t.conf:2: is longer than 65536 bytes");
}
END_TEST

START_TEST(test_nul_byte)
{
	_cleanup_(config_free_p) struct config *config = defaults();
	static const char text[] = "[json]\nfile = a\0b\n";
	struct error error = {};

	ck_assert_int_eq(
		config_file_parse(config, "t.conf", text, sizeof(text) - 1, &error), -EINVAL);
	ck_assert_str_eq(error.message, "t.conf:2: has a NUL byte");
}
END_TEST

START_TEST(test_finish)
{
	char name[256] = "";
	_cleanup_(config_free_p) struct config *config = defaults();
	struct error error = {};

	ck_assert_int_eq(config_set(config, "daemon", "log_dir", "/l", &error), 0);
	ck_assert_int_eq(config_set(config, "audit_log", "file", "/x/a.log", &error), 0);
	ck_assert_int_eq(config_finish(config, &error), 0);
	ck_assert_str_eq(config->json_file, "/l/events.json");
	ck_assert_str_eq(config->audit_log_file, "/x/a.log");
	ck_assert_int_eq(gethostname(name, sizeof(name) - 1), 0);
	ck_assert_str_eq(config->node_name, name);
	ck_assert_str_eq(config->policy_dir, SYSCONFDIR "/tallyman/policies.d");

	ck_assert_int_eq(config_set(config, "json", "file", "/x/a.log", &error), 0);
	ck_assert_int_eq(config_finish(config, &error), -EINVAL);
	ck_assert_str_eq(error.message, "audit_log.file: /x/a.log is json.file already");
}
END_TEST

START_TEST(test_set)
{
	_cleanup_(config_free_p) struct config *config = defaults();
	struct error error = {};

	ck_assert_int_eq(config_set(config, "x", "y", "z", &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "x.y: unknown section, allowed: daemon, "));
	ck_assert_int_eq(config_set(config, "json", "y", "z", &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "json.y: unknown key, allowed: enabled, "));
	/* a refused value leaves the one before */
	ck_assert_int_eq(config_set(config, "json", "max_size", "1G", &error), 0);
	ck_assert_int_eq(config_set(config, "json", "max_size", "1Q", &error), -EINVAL);
	ck_assert_uint_eq(config->json_max_size, 1 << 30);
}
END_TEST

static void write_text(const char *directory, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

START_TEST(test_drop_ins)
{
	static const char *const names[] = {"t.conf", "t.conf.d/20.conf", "t.conf.d/10.conf",
		"t.conf.d/.hidden.conf", "t.conf.d/30.conf.bak"};
	static const char *const texts[] = {"[daemon]\nnode_name = main\ncluster_name = main\n",
		"[daemon]\nnode_name = twenty\n", "[daemon]\nnode_name = ten\ngroup = ten\n",
		"[daemon]\nnode_name = hidden\n", "nonsense\n"};
	char directory[] = "/tmp/tallyman-config-XXXXXX", path[PATH_MAX];
	_cleanup_(config_free_p) struct config *config = NULL, *untouched = NULL;
	struct error error = {};

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/t.conf.d", directory);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		write_text(directory, names[i], texts[i]);
	snprintf(path, sizeof(path), "%s/t.conf", directory);
	ck_assert_msg(config_load(path, &config, &error) == 0, "%s", error.message);
	ck_assert_str_eq(config->node_name, "twenty");
	ck_assert_str_eq(config->group, "ten");
	ck_assert_str_eq(config->cluster_name, "main");

	write_text(directory, "t.conf.d/15.conf", "[daemon]\ngroup =\n");
	ck_assert_int_eq(config_load(path, &untouched, &error), -EINVAL);
	ck_assert_ptr_null(untouched);
	ck_assert_ptr_nonnull(
		strstr(error.message, "/t.conf.d/15.conf:2: daemon.group: must not be"));
	snprintf(path, sizeof(path), "%s/none.conf", directory);
	ck_assert_int_eq(config_load(path, &untouched, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error.message, "/none.conf: No such file"));
	ck_assert_int_eq(config_load(directory, &untouched, &error), -EISDIR);

	snprintf(path, sizeof(path), "rm -r %s", directory);
	ck_assert_int_eq(system(path), 0);
}
END_TEST

/* The printed configuration, read again, is the same. */
START_TEST(test_print_round_trip)
{
	_cleanup_(config_free_p) struct config *config = defaults(), *again = defaults();
	_cleanup_free_ char *first = NULL, *second = NULL;
	struct error error = {};

	ck_assert_msg(parse(config,
			      "[filter]\nexport_denylist = {\"pid\":[1]}\n"
			      "   # a comment between\n\n"
			      "   {\"pid\":\n\t\t[2]}\n"
			      "[json]\nrotate_interval = 90s\nmode = 0644\nmax_size = 0\n"
			      "[container]\npodman_event_files = /a,/b\n",
			      &error) == 0,
		"%s", error.message);
	first = printed(config);
	ck_assert_ptr_nonnull(
		strstr(first, "export_denylist = {\"pid\":[1]}\n\t{\"pid\":\n\t[2]}\n"));
	ck_assert_ptr_nonnull(strstr(first, "rotate_interval = 90s\n"));
	ck_assert_ptr_nonnull(strstr(first, "mode = 0644\n"));
	ck_assert_msg(parse(again, first, &error) == 0, "%s", error.message);
	second = printed(again);
	ck_assert_str_eq(first, second);
}
END_TEST

static void read_source(const char *name, struct buf *text)
{
	const char *directory = getenv("top_srcdir");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory ?: ".", name);
	ck_assert_msg(read_file_limited(path, 1 << 20, text) == 0, "%s", path);
	ck_assert_ptr_nonnull(buf_string(text));
}

START_TEST(test_shipped_file)
{
	_cleanup_(config_free_p) struct config *config = defaults(), *shipped = defaults();
	_cleanup_buf_ struct buf text = {};
	_cleanup_free_ char *template = NULL, *expected = NULL, *got = NULL;
	struct error error = {};
	size_t size = 0;
	FILE *file = open_memstream(&template, &size);

	ck_assert_int_eq(config_print_template(file, &error), 0);
	fclose(file);
	read_source("packaging/common/tallyman.conf", &text);
	ck_assert_str_eq(text.data, template);

	/* and with every key switched on it still says the defaults */
	for (char *line = text.data; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] == '#' && line[1] >= 'a' && line[1] <= 'z')
			memmove(line, line + 1, strlen(line));
	}
	ck_assert_msg(parse(shipped, text.data, &error) == 0, "%s", error.message);
	expected = printed(config);
	got = printed(shipped);
	ck_assert_str_eq(got, expected);
}
END_TEST

/* tallyman.conf(5) has each key under its section, with its default. */
START_TEST(test_manual_page)
{
	_cleanup_buf_ struct buf text = {};
	const char *position;

	read_source("docs/man/tallyman.conf.5", &text);
	position = text.data;
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		const char *empty = key->default_text[0] ? key->default_text : "empty";
		char entry[160];

		if (i == 0 || strcmp(key->section, config_keys[i - 1].section) != 0) {
			snprintf(entry, sizeof(entry), "\n.SS [%s]\n", key->section);
			position = strstr(position, entry);
			ck_assert_msg(position, "no%s", entry);
		}
		snprintf(entry, sizeof(entry), "\n.TP\n.BR %s \" (default: %s)\"\n", key->name,
			empty);
		position = strstr(position, entry);
		ck_assert_msg(position, "%s.%s: no%s", key->section, key->name, entry);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tests = tcase_create("config");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, test_defaults);
	tcase_add_test(tests, test_every_default_is_in_range);
	tcase_add_test(tests, test_values);
	tcase_add_loop_test(tests, test_mistakes, 0, ARRAY_SIZE(mistakes));
	tcase_add_test(tests, test_long_lines);
	tcase_add_test(tests, test_nul_byte);
	tcase_add_test(tests, test_finish);
	tcase_add_test(tests, test_set);
	tcase_add_test(tests, test_drop_ins);
	tcase_add_test(tests, test_print_round_trip);
	tcase_add_test(tests, test_shipped_file);
	tcase_add_test(tests, test_manual_page);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
