/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_number.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_value.h"

struct unit {
	const char *name;
	uint64_t factor;
};
/* Largest first: a value is printed in the largest unit that divides it. */
static const struct unit size_units[] = {
	{"G", 1ULL << 30},
	{"M", 1ULL << 20},
	{"K", 1ULL << 10},
	{NULL, 0},
};
static const struct unit time_units[] = {/* in milliseconds */
	{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};

static uint64_t number_get(const struct config *config, const struct config_key *key)
{
	const void *field = (char *)config + key->offset;

	return key->width == sizeof(uint64_t) ? *(const uint64_t *)field : *(const uint32_t *)field;
}

static void number_put(struct config *config, const struct config_key *key, uint64_t value)
{
	void *field = (char *)config + key->offset;

	if (key->width == sizeof(uint64_t))
		*(uint64_t *)field = value;
	else
		*(uint32_t *)field = (uint32_t)value;
}

/* Digits in `base` and then a unit: strtoull() takes signs and blanks, which are not meant here. */
static bool parse_number(const char *text, int base, uint64_t *ret_value, const char **ret_end)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno)
		return false;
	*ret_value = value;
	*ret_end = end;
	return true;
}

static bool parse_with_unit(
	const char *text, const struct unit *units, bool unit_needed, uint64_t *ret_value)
{
	const char *end;
	uint64_t value;

	if (!parse_number(text, 10, &value, &end))
		return false;
	if (!*end && (!unit_needed || value == 0)) {
		*ret_value = value;
		return true;
	}
	for (; units->name; units++)
		if (strcasecmp(end, units->name) == 0)
			return !__builtin_mul_overflow(value, units->factor, ret_value);
	return false;
}

static void append_with_unit(struct buf *buf, uint64_t value, const struct unit *units)
{
	for (; value && units->name; units++) {
		if (value % units->factor == 0) {
			buf_printf(buf, "%" PRIu64 "%s", value / units->factor, units->name);
			return;
		}
	}
	buf_u64(buf, value);
}

/* A number of the key's type, as one writes it. */
static void append_number(struct buf *buf, const struct config_key *key, uint64_t value)
{
	switch (key->type) {
	case CONFIG_SIZE:
		append_with_unit(buf, value, size_units);
		break;
	case CONFIG_SECONDS:
		append_with_unit(buf, value * 1000, time_units);
		break;
	case CONFIG_MILLISECONDS:
		append_with_unit(buf, value, time_units);
		break;
	case CONFIG_MODE:
		buf_printf(buf, "0%03" PRIo64, value);
		break;
	default:
		buf_u64(buf, value);
	}
}

static int wrong_number(const struct config_key *key, const char *value, struct error *error)
{
	_cleanup_buf_ struct buf allowed = {.limit = 256};

	if (key->flags & CONFIG_ZERO_ALLOWED)
		buf_append_literal(&allowed, "0, or ");
	if (key->flags & CONFIG_POWER_OF_TWO)
		buf_append_literal(&allowed, "a power of two from ");
	append_number(&allowed, key, key->minimum);
	buf_append_literal(&allowed, " to ");
	append_number(&allowed, key, key->maximum);
	if (key->type == CONFIG_SIZE)
		buf_append_literal(&allowed, " (bytes, or with K, M or G)");
	else if (key->type == CONFIG_SECONDS)
		buf_append_literal(&allowed, " (whole seconds, with s, m, h or d)");
	else if (key->type == CONFIG_MILLISECONDS)
		buf_append_literal(&allowed, " (with ms, s or m)");
	else if (key->type == CONFIG_MODE)
		buf_append_literal(&allowed, " (octal; not executable, not writable for others)");
	return config_value_wrong(
		key, value, buf_string(&allowed) ?: "a number in its range", error);
}

static bool number_of_type(const struct config_key *key, const char *value, uint64_t *ret_number)
{
	uint64_t number;
	const char *end;

	switch (key->type) {
	case CONFIG_SIZE:
		if (!parse_with_unit(value, size_units, false, &number))
			return false;
		break;
	case CONFIG_SECONDS:
		if (!parse_with_unit(value, time_units, true, &number) || number % 1000)
			return false;
		number /= 1000;
		break;
	case CONFIG_MILLISECONDS:
		if (!parse_with_unit(value, time_units, true, &number))
			return false;
		break;
	case CONFIG_MODE:
		if (!parse_number(value, 8, &number, &end) || *end || (number & ~key->maximum))
			return false;
		break;
	default:
		if (!parse_number(value, 10, &number, &end) || *end)
			return false;
	}
	*ret_number = number;
	return true;
}

int config_number_set(
	struct config *config, const struct config_key *key, const char *value, struct error *error)
{
	bool in_range;
	uint64_t number;

	if (!number_of_type(key, value, &number))
		return wrong_number(key, value, error);
	in_range = number >= key->minimum && number <= key->maximum;
	if (number == 0 && (key->flags & CONFIG_ZERO_ALLOWED))
		in_range = true;
	if ((key->flags & CONFIG_POWER_OF_TWO) && (number & (number - 1)))
		in_range = false;
	if (!in_range)
		return wrong_number(key, value, error);
	number_put(config, key, number);
	return 0;
}

void config_number_format(
	const struct config *config, const struct config_key *key, struct buf *buf)
{
	append_number(buf, key, number_get(config, key));
}
