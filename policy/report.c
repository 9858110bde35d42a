/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/utf8.h"

/* What cannot be seen, or turns what is written around it: what came along when text was copied
 * from a web page. 0 for any other character; `text` begins with a whole one of `size` bytes. */
static unsigned int invisible_character(const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text;
	unsigned int code;

	if (size == 2)
		code = (bytes[0] & 0x1fU) << 6 | (bytes[1] & 0x3fU);
	else if (size == 3)
		code = (bytes[0] & 0x0fU) << 12 | (bytes[1] & 0x3fU) << 6 | (bytes[2] & 0x3fU);
	else
		return 0;
	return code == 0xa0 || code == 0xad || (code >= 0x200b && code <= 0x200f) ||
			       (code >= 0x2028 && code <= 0x202f) ||
			       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff
		       ? code
		       : 0;
}

const char *report_quote(struct report_quote *quote, const char *text, size_t length)
{
	bool cut = length > REPORT_QUOTE_LENGTH_MAX;
	size_t end = cut ? REPORT_QUOTE_LENGTH_MAX : length;
	char *out = quote->text;

	*out++ = '"';
	for (size_t i = 0; i < end;) {
		unsigned char c = (unsigned char)text[i];
		size_t size = utf8_character_length(text + i, length - i);
		unsigned int invisible;

		/* C1 control characters are two bytes, c2 80 to c2 9f. */
		if (c < 0x20 || c == 0x7f || !size ||
			(size == 2 && c == 0xc2 && (unsigned char)text[i + 1] < 0xa0)) {
			out += snprintf(out, 5, "\\x%02x", c);
			i++;
			continue;
		}
		invisible = invisible_character(text + i, size);
		if (invisible) {
			out += snprintf(out, 7, "\\u%04x", invisible);
			i += size;
			continue;
		}
		if (c == '"' || c == '\\')
			*out++ = '\\';
		memcpy(out, text + i, size);
		out += size;
		i += size;
	}
	snprintf(out, 5, "%s", cut ? "…\"" : "\"");
	return quote->text;
}

/* A name that needs no quotes in a path. */
static bool is_plain_name(const struct yaml_value *key)
{
	if (!key->length || key->length > REPORT_QUOTE_LENGTH_MAX)
		return false;
	for (size_t i = 0; i < key->length; i++) {
		char c = key->text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    c == '_' || c == '-' || c == '/'))
			return false;
	}
	return true;
}

static void append_path(struct buf *buf, const struct yaml_value *value)
{
	/* From the root down; the depth is limited by the reader. */
	const struct yaml_value *chain[YAML_DEPTH_MAX + 1];
	size_t depth = 0;

	for (; value && value->parent && depth < YAML_DEPTH_MAX; value = value->parent)
		chain[depth++] = value;
	while (depth-- > 0) {
		const struct yaml_value *step = chain[depth];

		if (!step->key)
			buf_printf(buf, "[%zu]", step->index);
		else if (is_plain_name(step->key))
			buf_printf(buf, "%s%s", buf->length ? "." : "", step->key->text);
		else
			buf_printf(buf, "[%s]", QUOTE(step->key->text, step->key->length));
	}
}

static const char *keep(struct policy_report *report, const struct buf *buf)
{
	const char *text;

	if (buf->failed) {
		report->out_of_memory = true;
		return NULL;
	}
	text = arena_text(report->arena, buf->data ? buf->data : "", buf->length);
	if (!text)
		report->out_of_memory = true;
	return text;
}

/* A macro is checked at each use, and its mistakes are found again. */
static bool is_known(
	const struct policy_report *report, uint32_t line, uint32_t column, const char *message)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->problems[i].line == line && report->problems[i].column == column &&
			!strcmp(report->problems[i].message, message))
			return true;
	return false;
}

static void add(struct policy_report *report, bool warning, uint32_t line, uint32_t column,
	const struct yaml_value *at, const char *format, va_list arguments)
{
	_cleanup_buf_ struct buf field = {0};
	char message[POLICY_PROBLEM_LENGTH_MAX];
	struct policy_problem *problem;
	int length;

	length = vsnprintf(message, sizeof(message), format, arguments);
	if (length < 0)
		length = 0;
	if ((size_t)length >= sizeof(message))
		length = sizeof(message) - 1;
	if (is_known(report, line, column, message))
		return;
	*(warning ? &report->warnings : &report->errors) += 1;
	if (report->count == POLICY_PROBLEMS_MAX) {
		report->omitted++;
		return;
	}
	append_path(&field, at);
	problem = &report->problems[report->count];
	*problem = (struct policy_problem){
		.warning = warning,
		.line = line,
		.column = column,
		.field = keep(report, &field),
		.message = arena_text(report->arena, message, (size_t)length),
	};
	if (!problem->field || !problem->message)
		report->out_of_memory = true;
	else
		report->count++;
}

void report_error(
	struct policy_report *report, const struct yaml_value *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(report, false, at->line, at->column, at, format, arguments);
	va_end(arguments);
}

void report_warning(
	struct policy_report *report, const struct yaml_value *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(report, true, at->line, at->column, at, format, arguments);
	va_end(arguments);
}

void report_error_at_key(
	struct policy_report *report, const struct yaml_value *value, const char *format, ...)
{
	const struct yaml_value *place = value->key ? value->key : value;
	va_list arguments;

	va_start(arguments, format);
	add(report, false, place->line, place->column, value, format, arguments);
	va_end(arguments);
}

void report_error_inside(struct policy_report *report, const struct yaml_value *scalar,
	size_t offset, const char *format, ...)
{
	uint32_t column = scalar->text_column;
	va_list arguments;

	for (size_t i = 0; column && i < offset && i < scalar->length; i++)
		column += ((unsigned char)scalar->text[i] & 0xc0) != 0x80;
	va_start(arguments, format);
	add(report, false, scalar->line, column ? column : scalar->column, scalar, format,
		arguments);
	va_end(arguments);
}

void report_error_at(struct policy_report *report, const struct yaml_value *value, uint32_t line,
	uint32_t column, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(report, false, line, column, value, format, arguments);
	va_end(arguments);
}

void policy_problem_text(struct buf *buf, const char *file, const struct policy_problem *problem)
{
	buf_printf(buf, "%s:%u:%u: %s%s%s%s", file, problem->line, problem->column,
		problem->warning ? "warning: " : "", problem->field, problem->field[0] ? ": " : "",
		problem->message);
}
