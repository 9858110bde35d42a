/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/compact_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "lib/util.h"

#define NAME_WIDTH 7
#define TRAILER_AT 120 /* column of the note that a process has CAP_SYS_ADMIN */

void compact_name(struct compact_line *line, const char *emoji, const char *name)
{
	buf_append_string(line->out, emoji);
	buf_append_char(line->out, ' ');
	colour_begin(line->out, line->options->colour, COLOUR_BLUE);
	buf_printf(line->out, "%-*s", NAME_WIDTH, name);
	colour_end(line->out, line->options->colour);
}

static void append_untrusted(
	struct compact_line *line, const char *colour, const char *text, size_t length)
{
	colour_begin(line->out, line->options->colour && colour, colour);
	text_untrusted(line->out, text, length);
	colour_end(line->out, line->options->colour && colour);
}

void compact_untrusted(
	struct compact_line *line, const char *colour, const struct json_value *value)
{
	size_t length;
	const char *text = json_text_n(value, &length);

	if (text && length)
		append_untrusted(line, colour, text, length);
}

void compact_word(struct compact_line *line, const char *colour, const struct json_value *value)
{
	size_t length;
	const char *text = json_text_n(value, &length);

	if (!text || !length)
		return;
	buf_append_char(line->out, ' ');
	append_untrusted(line, colour, text, length);
}

void compact_text(struct compact_line *line, const char *colour, const char *text)
{
	buf_append_char(line->out, ' ');
	append_untrusted(line, colour, text, strlen(text));
}

void compact_printf(struct compact_line *line, const char *colour, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	compact_text(line, colour, text);
}

void compact_who(struct compact_line *line)
{
	const struct json_value *container = event_container(line->body), *pod;
	const char *namespace, *pod_name, *name, *id;
	_cleanup_buf_ struct buf who = {0};

	pod = json_path(line->body, "process", "pod", NULL);
	namespace = json_text(json_get(pod, "namespace"));
	pod_name = json_text(json_get(pod, "name"));
	name = json_text(json_get(container, "name"));
	id = json_text(json_get(container, "id"));
	if (namespace && pod_name) {
		buf_append_string(&who, namespace);
		buf_append_char(&who, '/');
		buf_append_string(&who, pod_name);
	} else if (name && *name) {
		buf_append_string(&who, name);
	} else if (id) {
		buf_append(&who, id, MIN(strlen(id), (size_t)COMPACT_ID));
	} else if (json_text(json_get(line->event, "node_name"))) {
		buf_append_string(&who, json_text(json_get(line->event, "node_name")));
	}
	if (who.failed || !who.length)
		return;
	buf_append_char(line->out, ' ');
	append_untrusted(line, COLOUR_GREEN, who.data, who.length);
}

bool compact_process(struct compact_line *line, const char *emoji, const char *name)
{
	const struct json_value *process = json_get(line->body, "process");

	if (!process)
		return false;
	compact_name(line, emoji, name);
	compact_who(line);
	compact_word(line, COLOUR_MAGENTA, json_get(process, "binary"));
	return true;
}

/* Columns of what stands in the line so far, colour sequences left out. */
static size_t line_width(const struct compact_line *line)
{
	const char *text = line->out->data + line->start,
		   *end = line->out->data + line->out->length;
	size_t width = 0;

	while (text < end) {
		if (*text == '\033') {
			while (text < end && *text != 'm')
				text++;
			text++;
			continue;
		}
		width += text_width(text, 1);
		text++;
	}
	return width;
}

void compact_capabilities(struct compact_line *line)
{
	const struct json_value *permitted =
		json_path(line->body, "process", "cap", "permitted", NULL);

	for (size_t i = 0; i < json_count(permitted); i++) {
		const char *name = json_text(json_at(permitted, i));
		size_t width;

		if (!name || strcmp(name, "CAP_SYS_ADMIN"))
			continue;
		width = line_width(line);
		buf_printf(line->out, "%*s🛑 CAP_SYS_ADMIN",
			(int)(width < TRAILER_AT ? TRAILER_AT - width : 1), "");
		return;
	}
}

void compact_time(struct compact_line *line)
{
	size_t length;
	const char *text = json_text_n(json_get(line->event, "time"), &length);

	if (!text)
		return;
	append_untrusted(line, COLOUR_DIM, text, length);
	buf_append_char(line->out, ' ');
}
