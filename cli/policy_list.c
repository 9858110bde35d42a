/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman policy list */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/connection.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/value.h"
#include "lib/json_writer.h"
#include "lib/util.h"

static const char help[] =
	"Usage: tallyman policy list [OPTION…]\n\n"
	"The policies: whether they are in force, in which mode, how many hooks they have and how\n"
	"they are attached; how often those were reached (hits), a selector matched, an event was\n"
	"posted, something failed; what they hold in the kernel; and where they are from.\n\n"
	"  -o, --output FORMAT  text (default) or json: an array, with each hook\n"
	"      --color WHEN     auto, always or never\n"
	"      --runtime-dir DIR\n";

static const char *const headings[] = {"NAME", "NAMESPACE", "STATE", "MODE", "HOOKS", "BY", "HITS",
	"MATCHES", "POSTED", "ERRORS", "MEMORY", "SOURCE"};

struct list {
	struct table table;
	struct buf json, errors;
};

static void cell_memory(struct table *table, const struct json_value *value)
{
	uint64_t bytes;
	char text[32];

	if (json_u64(value, &bytes)) {
		table_cell(table, NULL);
		return;
	}
	if (bytes < 10 << 20)
		snprintf(text, sizeof(text), "%" PRIu64 " KiB", (bytes + 1023) >> 10);
	else
		snprintf(text, sizeof(text), "%" PRIu64 " MiB", bytes >> 20);
	table_cell(table, text);
}

/* Nowhere: what it is about is not there, and the policy's `ignore` says not to mind. */
static bool is_somewhere(const struct json_value *hook)
{
	return json_count(json_get(hook, "places")) > 0;
}

/* The mechanisms, each once. */
static void cell_mechanisms(struct table *table, const struct json_value *hooks)
{
	_cleanup_buf_ struct buf text = {0};

	for (size_t i = 0; i < json_count(hooks); i++) {
		const char *mechanism = json_text(json_get(json_at(hooks, i), "mechanism"));
		size_t length = mechanism ? strlen(mechanism) : 0;

		if (!length || !is_somewhere(json_at(hooks, i)) ||
			(text.length && memmem(text.data, text.length, mechanism, length)))
			continue;
		if (text.length)
			buf_append_literal(&text, ", ");
		buf_append(&text, mechanism, length);
	}
	table_cell_n(table, text.data, text.length);
}

static void cell_number(struct table *table, const struct json_value *value)
{
	char number[VALUE_NUMBER_MAX];

	table_cell(table, value_number(value, number));
}

static void cell_hooks(struct table *table, const struct json_value *hooks)
{
	char number[2 * VALUE_NUMBER_MAX];
	size_t count = json_count(hooks), attached = 0;

	for (size_t i = 0; i < count; i++)
		attached += is_somewhere(json_at(hooks, i));
	if (attached < count)
		snprintf(number, sizeof(number), "%zu/%zu", attached, count);
	else
		snprintf(number, sizeof(number), "%zu", count);
	table_cell(table, hooks ? number : NULL);
}

static void add_error(struct list *list, const struct json_value *policy)
{
	const char *error = json_text(json_get(policy, "error"));
	const char *name = json_text(json_get(policy, "name"));

	if (!error)
		return;
	if (name) {
		text_untrusted(&list->errors, name, strlen(name));
		buf_append_literal(&list->errors, ": ");
	}
	text_untrusted(&list->errors, error, strlen(error));
	buf_append_char(&list->errors, '\n');
}

static void add_row(struct list *list, const struct json_value *policy)
{
	static const char *const counters[] = {"hits", "matches", "posted", "errors"};
	const struct json_value *hooks = json_get(policy, "hooks");
	struct table *table = &list->table;

	table_cell(table, json_text(json_get(policy, "name")));
	table_cell(table, json_text(json_get(policy, "namespace")));
	table_cell(table, json_text(json_get(policy, "state")));
	table_cell(table, json_text(json_get(policy, "mode")));
	cell_hooks(table, hooks);
	cell_mechanisms(table, hooks);
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		cell_number(table, json_get(policy, counters[i]));
	cell_memory(table, json_get(policy, "kernel_memory"));
	table_cell(table, json_text(json_get(policy, "source")));
	add_error(list, policy);
}

static int take_reply(void *data, const struct json_value *parameters)
{
	const struct json_value *policies = json_get(parameters, "policies");
	struct list *list = data;

	for (size_t i = 0; i < json_count(policies); i++) {
		const struct json_value *policy = json_at(policies, i);

		add_row(list, policy);
		value_json(policy, &list->json);
	}
	return 0;
}

static int print(
	struct cli *cli, struct list *list, enum output_format format, enum colour_mode colour)
{
	_cleanup_buf_ struct buf out = {0};
	struct error error = {0};

	for (size_t i = 0; i < ARRAY_SIZE(headings); i++)
		table_cell(&list->table, headings[i]);
	json_open_array(&list->json);
	if (connection_query(cli, "io.tallyman.ListPolicies", NULL, true, take_reply, list, &error))
		return cli_failed("%s", error.message);
	json_close_array(&list->json);
	buf_append_char(&list->json, '\n');
	if (format == OUTPUT_JSON) {
		output_flush(&list->json);
		return CLI_OK;
	}
	table_print(&list->table, 0, colour_wanted(colour), &out);
	if (list->errors.length) {
		buf_append_char(&out, '\n');
		buf_append(&out, list->errors.data, list->errors.length);
	}
	output_flush(&out);
	return CLI_OK;
}

int policy_list(struct cli *cli, int argc, char **argv)
{
	static const struct option long_options[] = {
		COMMON_OPTIONS, OUTPUT_OPTION, COLOR_OPTION, {0}};
	enum output_format format = OUTPUT_TEXT;
	enum colour_mode colour = COLOUR_AUTO;
	const struct verb_options options = {
		help, ":ho:", long_options, .format = &format, .colour = &colour};
	struct list list = {0};
	int code;

	if (options_next(cli, argc, argv, &options, &code) == OPTIONS_STOP)
		return code;
	table_init(&list.table, ARRAY_SIZE(headings));
	code = print(cli, &list, format, colour);
	table_done(&list.table);
	buf_done(&list.json);
	buf_done(&list.errors);
	return code;
}
