/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/json.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "lib/json_tree.h"

enum json_type json_type(const struct json_value *value)
{
	return value ? value->type : JSON_NULL;
}

int json_compare_keys(const char *a, size_t a_length, const char *b, size_t b_length)
{
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return memcmp(a, b, a_length);
}

const struct json_value *json_get(const struct json_value *object, const char *key)
{
	size_t length = strlen(key), low = 0, high;

	if (json_type(object) != JSON_OBJECT)
		return NULL;
	high = object->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct json_value *member = object->sorted[middle];
		int order = json_compare_keys(key, length, member->key, member->key_length);

		if (!order)
			return member;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct json_value *json_path(const struct json_value *object, const char *key, ...)
{
	va_list keys;

	va_start(keys, key);
	for (; key; key = va_arg(keys, const char *))
		object = json_get(object, key);
	va_end(keys);
	return object;
}

size_t json_count(const struct json_value *value)
{
	enum json_type type = json_type(value);

	return type == JSON_ARRAY || type == JSON_OBJECT ? value->count : 0;
}

const struct json_value *json_at(const struct json_value *array, size_t index)
{
	return json_type(array) == JSON_ARRAY && index < array->count ? array->items[index] : NULL;
}

const struct json_value *json_member(
	const struct json_value *object, size_t index, const char **ret_key, size_t *ret_key_length)
{
	const struct json_value *member;

	if (json_type(object) != JSON_OBJECT || index >= object->count)
		return NULL;
	member = object->items[index];
	if (ret_key)
		*ret_key = member->key;
	if (ret_key_length)
		*ret_key_length = member->key_length;
	return member;
}

const char *json_text(const struct json_value *value)
{
	if (json_type(value) != JSON_STRING || memchr(value->text, '\0', value->length))
		return NULL;
	return value->text;
}

const char *json_text_n(const struct json_value *value, size_t *ret_length)
{
	if (json_type(value) != JSON_STRING)
		return NULL;
	*ret_length = value->length;
	return value->text;
}

bool json_is_true(const struct json_value *value)
{
	return json_type(value) == JSON_BOOLEAN && value->boolean;
}

const char *json_number_text(const struct json_value *value)
{
	return json_type(value) == JSON_NUMBER ? value->text : NULL;
}

/* Digits of a number that is an integer: no leading zeros (but for 0 itself), point, exponent. */
static int parse_magnitude(const char *text, size_t length, uint64_t *ret)
{
	uint64_t magnitude = 0;
	size_t i;

	if (!length || (length > 1 && text[0] == '0'))
		return -EINVAL;
	for (i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(magnitude, 10, &magnitude) ||
			__builtin_add_overflow(magnitude, (uint64_t)(text[i] - '0'), &magnitude))
			return -EINVAL;
	}
	*ret = magnitude;
	return 0;
}

int json_u64(const struct json_value *value, uint64_t *ret)
{
	enum json_type type = json_type(value);

	if (type != JSON_NUMBER && type != JSON_STRING)
		return -EINVAL;
	return parse_magnitude(value->text, value->length, ret);
}

int json_i64(const struct json_value *value, int64_t *ret)
{
	enum json_type type = json_type(value);
	uint64_t magnitude;
	bool negative;
	int r;

	if (type != JSON_NUMBER && type != JSON_STRING)
		return -EINVAL;
	negative = value->length && value->text[0] == '-';
	r = parse_magnitude(value->text + negative, value->length - negative, &magnitude);
	if (r < 0)
		return r;
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return -EINVAL;
	*ret = negative ? (int64_t)-magnitude : (int64_t)magnitude;
	return 0;
}

void json_position(const struct json_value *value, unsigned *ret_line, unsigned *ret_column)
{
	*ret_line = value ? value->line : 0;
	*ret_column = value ? value->column : 0;
}
