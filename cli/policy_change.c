/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman policy add, delete, enable, disable, set-mode: the daemon does it, and says what is
 * wrong. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/connection.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "cli/text.h"
#include "cli/value.h"
#include "lib/fd.h"
#include "lib/json_writer.h"
#include "lib/utf8.h"
#include "policy/policy.h"

#define OPTION_REPLACE (OPTION_FIRST + 0)

static const char add_help[] =
	"Usage: tallyman policy add [OPTION…] FILE…\n\n"
	"Put the policies of each file in force, all of them or none, and keep them over a "
	"restart\n"
	"of the daemon. - is standard input.\n\n"
	"  -m, --mode MODE      enforce, or monitor: count actions instead of taking them\n"
	"      --replace        take the place of policies of the same name that were added "
	"before,\n"
	"                       without a gap\n"
	"  -o, --output FORMAT  text (default) or json: an object per file\n"
	"      --runtime-dir DIR\n\n"
	"Exit codes: 0 all are in force, 1 one is not, 2 wrong usage.\n";

/* The help of a command that changes policies of the daemon. */
#define CHANGE_HELP(command, arguments, what)                                                      \
	"Usage: tallyman policy " command " [OPTION…] " arguments "\n\n" what "\n\n"               \
	"  -n, --namespace NS   of a TracingPolicyNamespaced, where several have the name\n"       \
	"  -o, --output FORMAT  text (default) or json: an object per policy\n"                    \
	"      --runtime-dir DIR\n\n"                                                              \
	"Exit codes: 0 done, 1 failed, 2 wrong usage.\n"

struct options {
	enum output_format format;
	const char *mode, *namespace;
	bool replace;
};

/* OPTIONS_STOP as from options_next(). */
static int parse_options(struct cli *cli, int argc, char **argv, const char *help,
	const char *short_options, const struct option *long_options, struct options *ret_options,
	int *ret_code)
{
	const struct verb_options verb = {help, short_options, long_options,
		.takes_arguments = true, .format = &ret_options->format};
	int option;

	while ((option = options_next(cli, argc, argv, &verb, ret_code)) > 0) {
		if (option == 'm')
			ret_options->mode = optarg;
		else if (option == 'n')
			ret_options->namespace = optarg;
		else
			ret_options->replace = true;
	}
	return option;
}

/* One call and its reply; -EREMOTEIO with *ret_parameters of the error. */
static int call(const struct cli *cli, const char *method, const char *parameters,
	struct json_document **ret_document, const struct json_value **ret_parameters,
	struct error *error)
{
	struct connection connection;
	const char *text;
	size_t length;
	bool continues;
	int rc = connection_open(&connection, cli->runtime_dir, error);

	if (rc)
		return rc;
	rc = connection_call(&connection, method, parameters, false, error);
	if (!rc)
		rc = connection_receive(&connection, &text, &length, error);
	if (!rc)
		rc = connection_parse(
			text, length, ret_document, ret_parameters, &continues, error);
	connection_done(&connection);
	return rc;
}

static void print_lines(const struct json_value *lines, FILE *file)
{
	for (size_t i = 0; i < json_count(lines); i++) {
		_cleanup_buf_ struct buf line = {0};
		size_t length;
		const char *text = json_text_n(json_at(lines, i), &length);

		if (text)
			text_untrusted(&line, text, length);
		if (buf_string(&line))
			fprintf(file, "%s\n", line.data);
	}
}

/* Warnings alone are not why a policy was refused. */
static bool has_error(const struct json_value *lines)
{
	for (size_t i = 0; i < json_count(lines); i++) {
		const char *text = json_text(json_at(lines, i));

		if (text && !strstr(text, ": warning: "))
			return true;
	}
	return false;
}

static void print_result(const struct json_value *parameters, const char *key, const char *subject,
	const struct error *error, struct buf *out)
{
	const char *name;
	size_t length;

	json_open_object(out);
	json_key_string(out, key, subject);
	json_key_bool(out, "ok", !error->code);
	if (error->code)
		json_key_string(out, "error", error->message);
	for (size_t i = 0; i < json_count(parameters); i++) {
		const struct json_value *value = json_member(parameters, i, &name, &length);

		if (!strcmp(name, "policies") || !strcmp(name, "problems")) {
			json_key_n(out, name, length);
			value_json(value, out);
		}
	}
	json_close_object(out);
	buf_append_char(out, '\n');
}

static void print_added(const struct json_value *parameters, struct buf *out)
{
	const struct json_value *policies = json_get(parameters, "policies");

	for (size_t i = 0; i < json_count(policies); i++) {
		const struct json_value *policy = json_at(policies, i);
		const char *namespace = json_text(json_get(policy, "namespace"));
		const char *name = json_text(json_get(policy, "name"));

		if (namespace) {
			text_untrusted(out, namespace, strlen(namespace));
			buf_append_char(out, '/');
		}
		if (name)
			text_untrusted(out, name, strlen(name));
		buf_append_literal(out, ": in force\n");
	}
}

static int read_text(const char *path, struct buf *text)
{
	int rc = read_file_limited(path, YAML_BYTES_MAX, text);

	if (rc == -EFBIG)
		return cli_failed("%s: more than %zu bytes", path, YAML_BYTES_MAX);
	return rc < 0 ? cli_failed("%s: %s", path, strerror(-rc)) : CLI_OK;
}

/* What is no UTF-8 is no YAML either, and would not reach the daemon as it is. */
static int say_no_text(const char *path, const struct buf *text)
{
	_cleanup_policy_set_ struct policy_set *set = NULL;
	_cleanup_buf_ struct buf message = {0};

	if (policy_set_parse(text->data, text->length, &set) >= 0 && set->report.errors)
		policy_problem_text(&message, path, &set->report.problems[0]);
	return message.length && buf_string(&message) ? cli_failed("%s", message.data)
						      : cli_failed("%s: is no UTF-8", path);
}

static int add_file(const struct cli *cli, const char *path, const struct options *options)
{
	_cleanup_buf_ struct buf text = {0}, parameters = {0}, out = {0};
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *reply = NULL;
	struct error error = {0};
	int rc;

	path = strcmp(path, "-") ? path : "/dev/stdin";
	if (read_text(path, &text))
		return CLI_FAILED;
	if (text.length && !utf8_valid(text.data, text.length))
		return say_no_text(path, &text);
	json_open_object(&parameters);
	json_key(&parameters, "text");
	json_string_n(&parameters, text.data ? text.data : "", text.length);
	json_key_string(&parameters, "file", path);
	if (options->mode)
		json_key_string(&parameters, "mode", options->mode);
	if (options->replace)
		json_key_bool(&parameters, "replace", true);
	json_close_object(&parameters);
	if (!buf_string(&parameters))
		return cli_failed("out of memory");
	rc = call(cli, "io.tallyman.AddPolicy", parameters.data, &document, &reply, &error);
	if (options->format == OUTPUT_JSON) {
		print_result(reply, "file", path, &error, &out);
	} else {
		fflush(stdout);
		print_lines(json_get(reply, "problems"), stderr);
		if (!rc)
			print_added(reply, &out);
		else if (!has_error(json_get(reply, "problems")))
			cli_failed("%s", error.message);
	}
	output_flush(&out);
	return rc ? CLI_FAILED : CLI_OK;
}

int policy_add(struct cli *cli, int argc, char **argv)
{
	static const struct option long_options[] = {COMMON_OPTIONS, OUTPUT_OPTION,
		{"mode", required_argument, NULL, 'm'},
		{"replace", no_argument, NULL, OPTION_REPLACE}, {0}};
	struct options options = {0};
	int code;

	if (parse_options(cli, argc, argv, add_help, ":ho:m:", long_options, &options, &code) ==
		OPTIONS_STOP)
		return code;
	if (options.mode && strcmp(options.mode, "enforce") && strcmp(options.mode, "monitor"))
		return cli_usage_error(cli, "mode `%s`: enforce or monitor", options.mode);
	if (optind == argc)
		return cli_usage_error(cli, "a file is needed");
	for (code = CLI_OK; optind < argc; optind++)
		if (add_file(cli, argv[optind], &options))
			code = CLI_FAILED;
	return code;
}

/* NAME, or NAMESPACE/NAME as it is shown. */
static int change_one(const struct cli *cli, const char *method, const char *done, char *name,
	const struct options *options)
{
	_cleanup_buf_ struct buf parameters = {0}, out = {0};
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *reply = NULL;
	const char *namespace = options->namespace;
	struct error error = {0};
	char *slash = strchr(name, '/');
	int rc;

	if (slash) {
		*slash = '\0';
		namespace = name;
		name = slash + 1;
	}
	json_open_object(&parameters);
	json_key_string(&parameters, "name", name);
	if (namespace)
		json_key_string(&parameters, "namespace", namespace);
	if (options->mode)
		json_key_string(&parameters, "mode", options->mode);
	json_close_object(&parameters);
	if (!buf_string(&parameters))
		return cli_failed("out of memory");
	rc = call(cli, method, parameters.data, &document, &reply, &error);
	if (options->format == OUTPUT_JSON) {
		print_result(NULL, "name", name, &error, &out);
	} else if (rc) {
		cli_failed("%s", error.message);
	} else {
		if (namespace && *namespace) {
			text_untrusted(&out, namespace, strlen(namespace));
			buf_append_char(&out, '/');
		}
		text_untrusted(&out, name, strlen(name));
		buf_printf(&out, ": %s\n", done);
	}
	output_flush(&out);
	return rc ? CLI_FAILED : CLI_OK;
}

static int parse_change_options(struct cli *cli, int argc, char **argv, const char *help,
	struct options *ret_options, int *ret_code)
{
	static const struct option long_options[] = {
		COMMON_OPTIONS, OUTPUT_OPTION, {"namespace", required_argument, NULL, 'n'}, {0}};

	return parse_options(cli, argc, argv, help, ":ho:n:", long_options, ret_options, ret_code);
}

static int change(struct cli *cli, int argc, char **argv, const char *help, const char *method,
	const char *done)
{
	struct options options = {0};
	int code;

	if (parse_change_options(cli, argc, argv, help, &options, &code) == OPTIONS_STOP)
		return code;
	if (optind == argc)
		return cli_usage_error(cli, "the name of a policy is needed");
	for (code = CLI_OK; optind < argc; optind++)
		if (change_one(cli, method, done, argv[optind], &options))
			code = CLI_FAILED;
	return code;
}

int policy_delete(struct cli *cli, int argc, char **argv)
{
	static const char help[] = CHANGE_HELP("delete", "NAME…",
		"Take policies that were added by command out of force for good. Those of files "
		"in\n"
		"the policy directory go when the file is removed.");

	return change(cli, argc, argv, help, "io.tallyman.DeletePolicy", "deleted");
}

int policy_enable(struct cli *cli, int argc, char **argv)
{
	static const char help[] =
		CHANGE_HELP("enable", "NAME…", "Put disabled policies in force again.");

	return change(cli, argc, argv, help, "io.tallyman.EnablePolicy", "enabled");
}

int policy_disable(struct cli *cli, int argc, char **argv)
{
	static const char help[] = CHANGE_HELP("disable", "NAME…",
		"Take policies out of force until they are enabled, over restarts too.");

	return change(cli, argc, argv, help, "io.tallyman.DisablePolicy", "disabled");
}

int policy_set_mode(struct cli *cli, int argc, char **argv)
{
	static const char help[] = CHANGE_HELP("set-mode", "NAME enforce|monitor",
		"Take a policy's actions, or only count them. Outlives the daemon.");
	struct options options = {0};
	int code;

	if (parse_change_options(cli, argc, argv, help, &options, &code) == OPTIONS_STOP)
		return code;
	if (argc - optind != 2)
		return cli_usage_error(cli, "the name of a policy and a mode are needed");
	options.mode = argv[optind + 1];
	if (strcmp(options.mode, "enforce") && strcmp(options.mode, "monitor"))
		return cli_usage_error(cli, "mode `%s`: enforce or monitor", options.mode);
	return change_one(cli, "io.tallyman.SetPolicyMode", options.mode, argv[optind], &options);
}
