/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "lib/json_writer.h"

const char *value_number(const struct json_value *value, char text[VALUE_NUMBER_MAX])
{
	uint64_t number;

	if (json_u64(value, &number))
		return NULL;
	snprintf(text, VALUE_NUMBER_MAX, "%" PRIu64, number);
	return text;
}

const char *value_time(const struct json_value *value, char text[VALUE_TIME_MAX])
{
	const char *time = json_text(value);

	if (!time || strlen(time) < 19 || time[10] != 'T')
		return NULL;
	snprintf(text, VALUE_TIME_MAX, "%.10s %.8s", time, time + 11);
	return text;
}

static void value_json_members(const struct json_value *value, struct buf *out)
{
	const char *key;
	size_t length;

	json_open_object(out);
	for (size_t i = 0; i < json_count(value); i++) {
		const struct json_value *member = json_member(value, i, &key, &length);

		/* A key of the daemon's, but of labels too: those can need escaping. */
		json_string_n(out, key, length);
		buf_append_char(out, ':');
		value_json(member, out);
	}
	json_close_object(out);
}

void value_json(const struct json_value *value, struct buf *out)
{
	const char *text;
	size_t length;

	switch (json_type(value)) {
	case JSON_NULL:
		json_raw(out, "null", 4);
		break;
	case JSON_BOOLEAN:
		json_bool(out, json_is_true(value));
		break;
	case JSON_NUMBER:
		text = json_number_text(value);
		json_raw(out, text, strlen(text));
		break;
	case JSON_STRING:
		text = json_text_n(value, &length);
		json_string_n(out, text, length);
		break;
	case JSON_ARRAY:
		json_open_array(out);
		for (size_t i = 0; i < json_count(value); i++)
			value_json(json_at(value, i), out);
		json_close_array(out);
		break;
	case JSON_OBJECT:
		value_json_members(value, out);
		break;
	}
}

void value_text(const struct json_value *value, struct buf *out)
{
	const char *text;
	size_t length;

	switch (json_type(value)) {
	case JSON_BOOLEAN:
		buf_append_string(out, json_is_true(value) ? "yes" : "no");
		break;
	case JSON_NUMBER:
		buf_append_string(out, json_number_text(value));
		break;
	case JSON_STRING:
		text = json_text_n(value, &length);
		if (length)
			text_untrusted(out, text, length);
		else
			buf_append_char(out, '-');
		break;
	default:
		buf_append_char(out, '-');
	}
}
