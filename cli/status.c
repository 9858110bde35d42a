/* SPDX-License-Identifier: Apache-2.0 */
/* The status object in a form to read. It is laid out by its shape, not by its names: what a newer
 * daemon adds is shown too. Objects are sections, arrays of objects are tables. */
#include <stdio.h>
#include <string.h>

#include "cli/connection.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/value.h"
#include "lib/json_writer.h"
#include "lib/util.h"

#define INDENT	  2
#define DEPTH_MAX 8

static const char help[] = "Usage: tallyman status [OPTION…]\n\n"
			   "What is attached, what this kernel cannot do, losses per stage, the "
			   "state of each sink.\n\n"
			   "  -o, --output FORMAT  text (default) or json\n"
			   "      --color WHEN     auto, always or never\n"
			   "      --runtime-dir DIR\n";

struct layout {
	struct buf *out;
	bool colour;
};

static bool is_scalar(const struct json_value *value)
{
	return json_type(value) != JSON_OBJECT && json_type(value) != JSON_ARRAY;
}

static void append_label(struct buf *out, const char *key, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text_untrusted(out, key[i] == '_' ? " " : key + i, 1);
}

/* What a reader should not overlook. */
static bool is_alarming(const char *key, const struct json_value *value)
{
	uint64_t number;

	if (!strcmp(key, "failing") || !strcmp(key, "degraded"))
		return json_is_true(value);
	if (!strcmp(key, "healthy") || !strcmp(key, "attached"))
		return json_type(value) == JSON_BOOLEAN && !json_is_true(value);
	if (!strncmp(key, "lost", 4))
		return !json_u64(value, &number) && number > 0;
	return !strcmp(key, "error") && json_text(value);
}

static void append_scalar(
	const struct layout *layout, const char *key, const struct json_value *value)
{
	bool alarm = layout->colour && is_alarming(key, value);

	colour_begin(layout->out, alarm, COLOUR_RED);
	value_text(value, layout->out);
	colour_end(layout->out, alarm);
}

static void append_list(const struct layout *layout, const struct json_value *array)
{
	if (!json_count(array))
		buf_append_literal(layout->out, "none");
	for (size_t i = 0; i < json_count(array); i++) {
		if (i)
			buf_append_literal(layout->out, ", ");
		value_text(json_at(array, i), layout->out);
	}
}

/* An array of objects: the columns are the keys of its first object that are scalars. */
static void append_table(const struct layout *layout, const struct json_value *array, size_t indent)
{
	const struct json_value *first = json_at(array, 0);
	const char *keys[TABLE_COLUMNS_MAX];
	struct table table;
	size_t columns = 0;

	for (size_t i = 0; i < json_count(array); i++)
		for (size_t k = 0; k < json_count(json_at(array, i)); k++) {
			const char *key;
			size_t known = 0;

			if (!is_scalar(json_member(json_at(array, i), k, &key, NULL)))
				continue;
			while (known < columns && strcmp(keys[known], key))
				known++;
			if (known == columns && columns < TABLE_COLUMNS_MAX)
				keys[columns++] = key;
		}
	if (!first || !columns)
		return;
	table_init(&table, columns);
	for (size_t i = 0; i < columns; i++) {
		_cleanup_buf_ struct buf label = {0};

		append_label(&label, keys[i], strlen(keys[i]));
		table_cell_n(&table, label.data, label.length);
	}
	for (size_t row = 0; row < json_count(array); row++)
		for (size_t i = 0; i < columns; i++) {
			_cleanup_buf_ struct buf cell = {0};
			const struct json_value *value = json_get(json_at(array, row), keys[i]);

			if (value)
				value_text(value, &cell);
			table_cell_n(&table, cell.data, cell.length);
		}
	table_print(&table, indent, layout->colour, layout->out);
	table_done(&table);
}

static size_t label_width(const struct json_value *object)
{
	size_t width = 0, length;
	const char *key;

	for (size_t i = 0; i < json_count(object); i++) {
		const struct json_value *value = json_member(object, i, &key, &length);

		if (json_type(value) != JSON_OBJECT)
			width = MAX(width, length);
	}
	return width;
}

static bool is_table(const struct json_value *value)
{
	return json_type(value) == JSON_ARRAY && json_type(json_at(value, 0)) == JSON_OBJECT;
}

static void append_object(
	const struct layout *layout, const struct json_value *object, size_t depth)
{
	size_t width = label_width(object), length;
	const char *key;

	/* Values first, then sections, so that no value seems to belong to the section before it.
	 */
	for (size_t i = 0; i < json_count(object); i++) {
		const struct json_value *value = json_member(object, i, &key, &length);

		if (json_type(value) == JSON_OBJECT || is_table(value))
			continue;
		buf_printf(layout->out, "%*s", (int)(depth * INDENT), "");
		append_label(layout->out, key, length);
		buf_printf(layout->out, "%*s", (int)(width - MIN(width, length) + 2), "");
		if (json_type(value) == JSON_ARRAY)
			append_list(layout, value);
		else
			append_scalar(layout, key, value);
		buf_append_char(layout->out, '\n');
	}
	for (size_t i = 0; depth < DEPTH_MAX && i < json_count(object); i++) {
		const struct json_value *value = json_member(object, i, &key, &length);

		if (json_type(value) != JSON_OBJECT && !is_table(value))
			continue;
		buf_printf(layout->out, "%s%*s", depth ? "" : "\n", (int)(depth * INDENT), "");
		colour_begin(layout->out, layout->colour, COLOUR_BOLD);
		append_label(layout->out, key, length);
		colour_end(layout->out, layout->colour);
		buf_append_char(layout->out, '\n');
		if (is_table(value))
			append_table(layout, value, (depth + 1) * INDENT);
		else
			append_object(layout, value, depth + 1);
	}
}

struct status {
	struct layout layout;
	enum output_format format;
};

static int take_reply(void *data, const struct json_value *parameters)
{
	const struct json_value *object = json_get(parameters, "status");
	struct status *status = data;

	if (status->format == OUTPUT_JSON) {
		value_json(object, status->layout.out);
		buf_append_char(status->layout.out, '\n');
	} else {
		append_object(&status->layout, object, 0);
	}
	return 0;
}

int verb_status(struct cli *cli, int argc, char **argv)
{
	static const struct option long_options[] = {
		COMMON_OPTIONS, OUTPUT_OPTION, COLOR_OPTION, {0}};
	_cleanup_buf_ struct buf out = {0};
	enum colour_mode colour = COLOUR_AUTO;
	struct status status = {.layout = {.out = &out}};
	const struct verb_options options = {
		help, ":ho:", long_options, .format = &status.format, .colour = &colour};
	struct error error = {0};
	int code;

	if (options_next(cli, argc, argv, &options, &code) == OPTIONS_STOP)
		return code;
	status.layout.colour = colour_wanted(colour);
	if (connection_query(
		    cli, "io.tallyman.GetStatus", NULL, false, take_reply, &status, &error))
		return cli_failed("%s", error.message);
	output_flush(&out);
	return CLI_OK;
}
