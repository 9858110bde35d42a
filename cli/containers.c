/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "cli/connection.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/value.h"
#include "lib/json_writer.h"
#include "lib/util.h"

static const char help[] = "Usage: tallyman containers [OPTION…]\n\n"
			   "The containers that the daemon knows.\n\n"
			   "  -a, --all            those that have ended lately too\n"
			   "  -o, --output FORMAT  text (default) or json: an array\n"
			   "      --no-trunc       whole ids\n"
			   "      --color WHEN     auto, always or never\n"
			   "      --runtime-dir DIR\n";

#define OPTION_NO_TRUNC (OPTION_FIRST + 0)
#define SHORT_ID	12

struct list {
	struct table table;
	struct buf json;
	bool whole_ids;
};

static const char *const headings[] = {
	"NAME", "ID", "IMAGE", "ENGINE", "STARTED-BY", "STARTED", "PIDS", "SOURCE", "STATE"};

static void cell_started_by(struct table *table, const struct json_value *container)
{
	const struct json_value *started_by = json_get(container, "started_by");
	char text[128];
	struct passwd *user;
	uint64_t auid, session;

	if (json_u64(json_get(started_by, "auid"), &auid)) {
		table_cell(table, NULL);
		return;
	}
	if (auid == UINT32_MAX) {
		table_cell(table, "no login");
		return;
	}
	user = getpwuid((uid_t)auid);
	if (json_u64(json_get(started_by, "ses"), &session) || session == UINT32_MAX)
		snprintf(text, sizeof(text), "%s (%" PRIu64 ")", user ? user->pw_name : "?", auid);
	else
		snprintf(text, sizeof(text), "%s (%" PRIu64 "), session %" PRIu64,
			user ? user->pw_name : "?", auid, session);
	table_cell(table, text);
}

static void cell_id(struct table *table, const char *id, bool whole)
{
	size_t length = id ? strlen(id) : 0;

	table_cell_n(table, id, whole ? length : MIN(length, (size_t)SHORT_ID));
}

static const char *state_of(const struct json_value *container)
{
	const struct json_value *running = json_get(container, "running");

	if (running && !json_is_true(running))
		return "ended";
	return json_is_true(json_get(container, "started")) ? "running" : "starting";
}

static void add_row(struct list *list, const struct json_value *container)
{
	struct table *table = &list->table;
	char number[VALUE_NUMBER_MAX], when[VALUE_TIME_MAX];

	table_cell(table, json_text(json_get(container, "name")));
	cell_id(table, json_text(json_get(container, "id")), list->whole_ids);
	table_cell(table, json_text(json_path(container, "image", "name", NULL)));
	table_cell(table, json_text(json_get(container, "runtime")));
	cell_started_by(table, container);
	table_cell(table, value_time(json_get(container, "registered"), when));
	table_cell(table, value_number(json_get(container, "processes"), number));
	table_cell(table, json_text(json_get(container, "registered_by")));
	table_cell(table, state_of(container));
}

static int take_reply(void *data, const struct json_value *parameters)
{
	const struct json_value *containers = json_get(parameters, "containers");
	struct list *list = data;

	for (size_t i = 0; i < json_count(containers); i++) {
		const struct json_value *container = json_at(containers, i);

		add_row(list, container);
		value_json(container, &list->json);
	}
	return 0;
}

static int print(struct cli *cli, struct list *list, bool all, enum output_format format,
	enum colour_mode colour)
{
	_cleanup_buf_ struct buf out = {0};
	struct error error = {0};

	for (size_t i = 0; i < ARRAY_SIZE(headings); i++)
		table_cell(&list->table, headings[i]);
	json_open_array(&list->json);
	if (connection_query(cli, "io.tallyman.ListContainers", all ? "{\"all\":true}" : NULL, true,
		    take_reply, list, &error))
		return cli_failed("%s", error.message);
	json_close_array(&list->json);
	buf_append_char(&list->json, '\n');
	if (format == OUTPUT_JSON) {
		output_flush(&list->json);
		return CLI_OK;
	}
	table_print(&list->table, 0, colour_wanted(colour), &out);
	output_flush(&out);
	return CLI_OK;
}

int verb_containers(struct cli *cli, int argc, char **argv)
{
	static const struct option long_options[] = {COMMON_OPTIONS, OUTPUT_OPTION, COLOR_OPTION,
		{"all", no_argument, NULL, 'a'}, {"no-trunc", no_argument, NULL, OPTION_NO_TRUNC},
		{0}};
	enum output_format format = OUTPUT_TEXT;
	enum colour_mode colour = COLOUR_AUTO;
	const struct verb_options options = {
		help, ":hao:", long_options, .format = &format, .colour = &colour};
	struct list list = {0};
	bool all = false;
	int option, code;

	while ((option = options_next(cli, argc, argv, &options, &code)) > 0) {
		if (option == 'a')
			all = true;
		else
			list.whole_ids = true;
	}
	if (option == OPTIONS_STOP)
		return code;
	table_init(&list.table, ARRAY_SIZE(headings));
	code = print(cli, &list, all, format, colour);
	table_done(&list.table);
	buf_done(&list.json);
	return code;
}
