/* SPDX-License-Identifier: Apache-2.0 */
/* What a plain scalar means: Kubernetes reads YAML 1.1, in which `yes` is a boolean and 010 is
 * eight; dates and base 60 are strings to it. */
#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "policy/integer.h"
#include "policy/yaml_document.h"

static bool is_one_of(const struct yaml_value *scalar, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (scalar->length == strlen(words[i]) &&
			!memcmp(scalar->text, words[i], scalar->length))
			return true;
	return false;
}

static bool means_null(const struct yaml_value *scalar)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	return is_one_of(scalar, words, ARRAY_SIZE(words));
}

static bool means_boolean(const struct yaml_value *scalar, bool *ret_value)
{
	static const char *const yes[] = {
		"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"};
	static const char *const no[] = {
		"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"};

	*ret_value = is_one_of(scalar, yes, ARRAY_SIZE(yes));
	return *ret_value || is_one_of(scalar, no, ARRAY_SIZE(no));
}

/* [+-] digits with one point and perhaps an exponent; .inf and .nan. */
static bool means_float(const struct yaml_value *scalar)
{
	static const char *const words[] = {
		".inf", ".Inf", ".INF", "-.inf", "+.inf", ".nan", ".NaN", ".NAN"};
	const char *p = scalar->text, *end = p + scalar->length;
	size_t digits = 0, points = 0;

	if (is_one_of(scalar, words, ARRAY_SIZE(words)))
		return true;
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && ((*p >= '0' && *p <= '9') || *p == '.'); p++)
		*p == '.' ? points++ : digits++;
	if (!digits || points > 1)
		return false;
	if (p == end)
		return true; /* whole numbers that are no integers: 08 */
	if (*p != 'e' && *p != 'E')
		return false;
	if (++p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end)
		return false;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p == end;
}

enum yaml_meaning yaml_value_meaning(const struct yaml_value *scalar)
{
	int64_t integer;
	bool boolean;

	if (!scalar->plain)
		return YAML_MEANS_STRING;
	if (means_null(scalar))
		return YAML_MEANS_NULL;
	if (means_boolean(scalar, &boolean))
		return YAML_MEANS_BOOLEAN;
	if (integer_parse(scalar->text, scalar->length, &integer) != -EINVAL)
		return YAML_MEANS_INTEGER;
	return means_float(scalar) ? YAML_MEANS_FLOAT : YAML_MEANS_STRING;
}

bool yaml_value_is_null(const struct yaml_value *value)
{
	return !value || (value->kind == YAML_KIND_SCALAR && value->plain && means_null(value));
}

int yaml_value_boolean(const struct yaml_value *scalar, bool *ret_value)
{
	bool value;

	if (scalar->kind != YAML_KIND_SCALAR || !scalar->plain || !means_boolean(scalar, &value))
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int yaml_value_integer(const struct yaml_value *scalar, int64_t *ret_value)
{
	if (scalar->kind != YAML_KIND_SCALAR || !scalar->plain)
		return -EINVAL;
	return integer_parse(scalar->text, scalar->length, ret_value);
}

const struct yaml_value *yaml_value_get(const struct yaml_value *mapping, const char *key)
{
	size_t length = strlen(key);

	if (!mapping || mapping->kind != YAML_KIND_MAPPING)
		return NULL;
	for (const struct yaml_value *v = mapping->first; v; v = v->next)
		if (v->key->length == length && !memcmp(v->key->text, key, length))
			return v;
	return NULL;
}
