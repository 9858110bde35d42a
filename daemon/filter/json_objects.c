/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/json_objects.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t\r\n"

void json_objects_init(struct json_objects *objects, const char *text)
{
	*objects = (struct json_objects){
		.text = text ? text : "",
		.length = text ? strlen(text) : 0,
		.padded.limit = 2 * FILTER_TEXT_MAX,
	};
}

void json_objects_done(struct json_objects *objects)
{
	buf_done(&objects->padded);
}

/* The length of the object at the start of `text`: to its closing brace, or all of it when there is
 * none, which the JSON parser then says. */
static size_t object_length(const char *text, size_t length)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < length; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				in_string = false;
			continue;
		}
		if (text[i] == '"')
			in_string = true;
		else if (text[i] == '{' || text[i] == '[')
			depth++;
		else if ((text[i] == '}' || text[i] == ']') && --depth == 0)
			return i + 1;
	}
	return length;
}

/* Blanks and lines in place of what was read before: the parser's positions are then those of the
 * whole text. */
static void pad(struct json_objects *objects)
{
	size_t line_start = 0;

	buf_clear(&objects->padded);
	for (size_t i = 0; i < objects->position; i++) {
		if (objects->text[i] != '\n')
			continue;
		buf_append_char(&objects->padded, '\n');
		line_start = i + 1;
	}
	for (size_t i = line_start; i < objects->position; i++)
		buf_append_char(&objects->padded, ' ');
}

int json_objects_next(
	struct json_objects *objects, struct json_document **ret_document, struct error *error)
{
	static const struct json_limits limits = {
		.bytes = 2 * FILTER_TEXT_MAX, .depth = 16, .values = 10000};
	size_t length;
	int r;

	if (objects->length > FILTER_TEXT_MAX)
		return error_set(
			error, -E2BIG, "1:1: the text has more than %u bytes", FILTER_TEXT_MAX);
	objects->position += strspn(objects->text + objects->position, BLANKS);
	if (objects->position == objects->length)
		return 0;
	pad(objects);
	if (++objects->count > FILTER_OBJECTS_MAX || objects->text[objects->position] != '{') {
		size_t line = 1, column = 1;

		for (size_t i = 0; i < objects->padded.length; i++, column++)
			if (objects->padded.data[i] == '\n')
				line++, column = 0;
		if (objects->count > FILTER_OBJECTS_MAX)
			return error_set(error, -E2BIG, "%zu:%zu: more than %d objects", line,
				column, FILTER_OBJECTS_MAX);
		return error_set(error, -EINVAL, "%zu:%zu: expected a JSON object: {\"field\": …}",
			line, column);
	}
	length = object_length(
		objects->text + objects->position, objects->length - objects->position);
	buf_append(&objects->padded, objects->text + objects->position, length);
	if (objects->padded.failed)
		return error_set(error, -ENOMEM, "no memory");
	r = json_parse(objects->padded.data, objects->padded.length, &limits, ret_document, error);
	if (r < 0)
		return r;
	objects->position += length;
	return 1;
}

int json_value_error(struct error *error, const struct json_value *value, const char *field,
	const char *format, ...)
{
	char message[ERROR_MESSAGE_MAX];
	unsigned int line, column;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	json_position(value, &line, &column);
	return error_set(error, -EINVAL, "%u:%u: %s: %s", line, column, field, message);
}

int json_each_string(const struct json_value *array, const char *field,
	int (*take)(void *data, const char *text, size_t length, struct error *error), void *data,
	struct error *error)
{
	size_t count = json_count(array), length;

	if (json_type(array) != JSON_ARRAY || !count)
		return json_value_error(error, array, field, "must be a list of strings: [\"…\"]");
	for (size_t i = 0; i < count; i++) {
		const struct json_value *value = json_at(array, i);
		const char *text = json_text_n(value, &length);
		struct error inner = {};
		int r;

		if (!text)
			return json_value_error(error, value, field, "must be a string");
		r = take(data, text, length, &inner);
		if (r == -ENOMEM)
			return error_set(error, r, "no memory");
		if (r < 0) {
			json_value_error(error, value, field, "%s", inner.message);
			return r;
		}
	}
	return 0;
}
