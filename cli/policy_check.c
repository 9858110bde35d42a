/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman policy check FILE…: no daemon, no root. */
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "cli/policy_kernel.h"
#include "cli/text.h"
#include "lib/json_writer.h"
#include "policy/words.h"

#define OPTION_KERNEL (OPTION_FIRST + 0)

static const char help[] =
	"Usage: tallyman policy check [OPTION…] FILE…\n\n"
	"Read files of TracingPolicies, and say what they hold or what is wrong, as\n"
	"FILE:LINE:COLUMN: FIELD: MESSAGE. - is standard input. Needs no daemon and no root.\n\n"
	"  -o, --output FORMAT  text (default) or json: one object per file\n"
	"      --kernel         say of each hook by which mechanism this kernel would take it, or\n"
	"                       why it cannot; as root what cannot be read is tried\n"
	"      --runtime-dir DIR\n\n"
	"Exit codes: 0 all files hold, 1 one does not, 2 wrong usage. See tallyman-policy(5).\n";

static void print_problems(struct buf *out, const char *file, const struct policy_report *report)
{
	_cleanup_buf_ struct buf line = {0};

	for (size_t i = 0; i < report->count; i++) {
		buf_clear(&line);
		policy_problem_text(&line, file, &report->problems[i]);
		buf_append(out, line.data, line.length);
		buf_append_char(out, '\n');
	}
	if (report->omitted)
		buf_printf(out, "%s: and %zu problems more\n", file, report->omitted);
}

static bool print_text(struct buf *out, const char *path, const struct policy_set *set, bool kernel)
{
	bool possible = true;

	_cleanup_buf_ struct buf file = {0};

	text_untrusted(&file, path, strlen(path));
	if (!buf_string(&file)) {
		out->failed = true;
		return false;
	}
	print_problems(out, file.data, &set->report);
	for (size_t i = 0; i < set->count && !set->report.errors; i++) {
		buf_printf(out, "%s: ok: ", file.data);
		policy_describe(out, &set->policies[i]);
		buf_append_char(out, '\n');
		if (kernel)
			possible &= policy_kernel_text(out, file.data, &set->policies[i]);
	}
	return possible;
}

static bool print_json_policy(struct buf *out, const struct policy *policy, bool kernel)
{
	bool possible = true;

	const struct policy_metadata *metadata = &policy->metadata;

	json_open_object(out);
	json_key_string(out, "kind", policy_word(policy_kind_words, policy->kind));
	json_key(out, "name");
	json_string_n(out, metadata->name.data, metadata->name.length);
	if (metadata->namespace.data) {
		json_key(out, "namespace");
		json_string_n(out, metadata->namespace.data, metadata->namespace.length);
	}
	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++) {
		const char *section = policy_hook_noun((enum policy_hook_kind)kind, 0);

		if (policy->spec.hooks[kind].count) {
			json_key_n(out, section, strlen(section));
			json_unsigned(out, policy->spec.hooks[kind].count);
		}
	}
	if (policy->spec.loader)
		json_key_bool(out, "loader", true);
	if (kernel)
		possible = policy_kernel_json(out, policy);
	json_close_object(out);
	return possible;
}

static bool print_json(struct buf *out, const char *path, const struct policy_set *set, bool kernel)
{
	bool possible = true;

	json_open_object(out);
	json_key_string(out, "file", path);
	json_key_bool(out, "ok", !set->report.errors);
	json_key(out, "policies");
	json_open_array(out);
	for (size_t i = 0; i < set->count && !set->report.errors; i++)
		possible &= print_json_policy(out, &set->policies[i], kernel);
	json_close_array(out);
	json_key(out, "problems");
	json_open_array(out);
	for (size_t i = 0; i < set->report.count; i++) {
		const struct policy_problem *problem = &set->report.problems[i];

		json_open_object(out);
		json_key_string(out, "severity", problem->warning ? "warning" : "error");
		json_key_unsigned(out, "line", problem->line);
		json_key_unsigned(out, "column", problem->column);
		if (problem->field[0])
			json_key_string(out, "field", problem->field);
		json_key_string(out, "message", problem->message);
		json_close_object(out);
	}
	json_close_array(out);
	if (set->report.omitted)
		json_key_unsigned(out, "omitted", set->report.omitted);
	json_close_object(out);
	buf_append_char(out, '\n');
	return possible;
}

static void print_json_failure(struct buf *out, const char *path, const struct error *error)
{
	json_open_object(out);
	json_key_string(out, "file", path);
	json_key_bool(out, "ok", false);
	json_key_string(out, "error", error->message);
	json_close_object(out);
	buf_append_char(out, '\n');
}

static bool check_file(const char *path, enum output_format format, bool kernel)
{
	_cleanup_policy_set_ struct policy_set *set = NULL;
	_cleanup_buf_ struct buf out = {0};
	struct error error = {0};
	bool holds = false;

	if (!strcmp(path, "-"))
		path = "/dev/stdin";
	if (policy_set_read(path, &set, &error) < 0) {
		if (format == OUTPUT_JSON)
			print_json_failure(&out, path, &error);
		else
			cli_failed("%s", error.message);
	} else {
		holds = format == OUTPUT_JSON ? print_json(&out, path, set, kernel)
					      : print_text(&out, path, set, kernel);
		holds &= !set->report.errors;
	}
	output_flush(&out);
	return holds;
}

int policy_check(struct cli *cli, int argc, char **argv)
{
	static const struct option long_options[] = {
		COMMON_OPTIONS, OUTPUT_OPTION, {"kernel", no_argument, NULL, OPTION_KERNEL}, {0}};
	enum output_format format = OUTPUT_TEXT;
	const struct verb_options options = {
		help, ":ho:", long_options, .takes_arguments = true, .format = &format};
	bool hold = true, kernel = false;
	int option, code;

	while ((option = options_next(cli, argc, argv, &options, &code)) > 0)
		kernel = true; /* the only one of its own */
	if (option == OPTIONS_STOP)
		return code;
	if (optind == argc)
		return cli_usage_error(cli, "a file is needed");
	for (; optind < argc; optind++)
		hold &= check_file(argv[optind], format, kernel);
	return hold ? CLI_OK : CLI_FAILED;
}
