/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/integer.h"

#include <errno.h>
#include <stdbool.h>

static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A' + 10);
	return 16;
}

/* The base by its prefix, which is passed over. */
static unsigned int take_base(const char **p, const char *end, bool octal)
{
	unsigned int base;

	if (end - *p < 2 || (*p)[0] != '0')
		return 10;
	switch ((*p)[1]) {
	case 'x':
	case 'X':
		base = 16;
		break;
	case 'o':
	case 'O':
		base = 8;
		break;
	case 'b':
	case 'B':
		base = 2;
		break;
	default:
		return octal ? 8 : 10;
	}
	*p += 2;
	return base;
}

static int parse_magnitude(const char *p, const char *end, bool octal, uint64_t *ret_value)
{
	unsigned int base = take_base(&p, end, octal);
	bool digit_before = false, overflow = false;
	uint64_t value = 0;

	if (p == end)
		return -EINVAL;
	for (; p < end; p++) {
		unsigned int digit = digit_value(*p);

		if (*p == '_' && digit_before) {
			digit_before = false;
			continue;
		}
		if (digit >= base)
			return -EINVAL;
		digit_before = true;
		overflow |= __builtin_mul_overflow(value, base, &value);
		overflow |= __builtin_add_overflow(value, digit, &value);
	}
	if (!digit_before)
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

static int parse_signed(const char *text, size_t length, bool octal, int64_t *ret_value)
{
	const char *end = text + length;
	bool negative = length && *text == '-';
	uint64_t magnitude;
	int r;

	if (length && (*text == '-' || *text == '+'))
		text++;
	r = parse_magnitude(text, end, octal, &magnitude);
	if (r < 0)
		return r;
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret_value = (int64_t)(negative ? -magnitude : magnitude);
	return 0;
}

int integer_parse(const char *text, size_t length, int64_t *ret_value)
{
	return parse_signed(text, length, true, ret_value);
}

static int parse_unsigned(const char *text, size_t length, bool octal, uint64_t *ret_value)
{
	bool negative = length && *text == '-';
	uint64_t value;
	int r = parse_magnitude(text + negative, text + length, octal, &value);

	if (r == 0 && negative)
		r = -ERANGE;
	if (r == 0)
		*ret_value = value;
	return r;
}

int integer_parse_unsigned(const char *text, size_t length, uint64_t *ret_value)
{
	return parse_unsigned(text, length, true, ret_value);
}

int integer_parse_decimal(const char *text, size_t length, int64_t *ret_value)
{
	return parse_signed(text, length, false, ret_value);
}

int integer_parse_decimal_unsigned(const char *text, size_t length, uint64_t *ret_value)
{
	return parse_unsigned(text, length, false, ret_value);
}
