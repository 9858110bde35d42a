/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"
#include "policy/argument_types.h"
#include "policy/integer.h"
#include "policy/read.h"

static int wrong(struct value_error *error, const char *what, const char *allowed)
{
	snprintf(error->wrong, sizeof(error->wrong), "%s", what);
	snprintf(error->allowed, sizeof(error->allowed), "%s", allowed);
	return -EINVAL;
}

/* The least and the greatest value of an integer of so many bits. */
struct integer_type {
	bool is_signed, octal;
	uint64_t minimum, maximum; /* the former as int64_t if signed */
};

static struct integer_type integer_type(enum policy_argument_type type, bool octal)
{
	struct integer_type t = {.is_signed = policy_type_is_signed(type), .octal = octal};
	unsigned int bits = policy_type_bits(type);

	t.maximum = UINT64_MAX >> (64 - bits + t.is_signed);
	t.minimum = t.is_signed ? ~t.maximum : 0;
	return t;
}

static bool is_less(const struct integer_type *type, uint64_t a, uint64_t b)
{
	return type->is_signed ? (int64_t)a < (int64_t)b : a < b;
}

static int parse_integer(const struct integer_type *type, const char *text, size_t length,
	uint64_t *ret_integer, struct value_error *error)
{
	uint64_t integer = 0;
	int r;

	if (type->is_signed)
		r = (type->octal ? integer_parse : integer_parse_decimal)(
			text, length, (int64_t *)&integer);
	else
		r = (type->octal ? integer_parse_unsigned : integer_parse_decimal_unsigned)(
			text, length, &integer);
	if (r == 0 &&
		(is_less(type, integer, type->minimum) || is_less(type, type->maximum, integer)))
		r = -ERANGE;
	if (r < 0) {
		snprintf(error->wrong, sizeof(error->wrong), "%s",
			r == -ERANGE ? "is out of range" : "is no integer");
		if (type->is_signed)
			snprintf(error->allowed, sizeof(error->allowed), "%lld to %lld",
				(long long)type->minimum, (long long)type->maximum);
		else
			snprintf(error->allowed, sizeof(error->allowed), "%llu to %llu",
				(unsigned long long)type->minimum,
				(unsigned long long)type->maximum);
		return -EINVAL;
	}
	*ret_integer = integer;
	return 0;
}

/* "a", or "a:b" where `range`; only the latter where `range_only`. */
static int parse_range(const struct integer_type *type, const struct policy_text *text, bool range,
	bool range_only, struct policy_value *value, struct value_error *error)
{
	const char *colon = memchr(text->data, ':', text->length);
	size_t length = colon ? (size_t)(colon - text->data) : text->length;
	int r;

	if (colon ? !range : range_only)
		return wrong(error, colon ? "is a range" : "is no range",
			range_only ? "FIRST:LAST" : "an integer");
	value->kind = POLICY_VALUE_RANGE;
	r = parse_integer(type, text->data, length, &value->range.minimum, error);
	value->range.maximum = value->range.minimum;
	if (r >= 0 && colon)
		r = parse_integer(
			type, colon + 1, text->length - length - 1, &value->range.maximum, error);
	if (r < 0) {
		size_t used = strlen(error->allowed);

		snprintf(error->allowed + used, sizeof(error->allowed) - used, "%s",
			range_only ? ", as FIRST:LAST"
			: range	   ? ", or FIRST:LAST"
				   : "");
		return r;
	}
	if (!is_less(type, value->range.maximum, value->range.minimum))
		return 0;
	/* Tetragon turns such a range round for ports and InMap, and matches nothing with InRange.
	 */
	if (range_only)
		return wrong(error, "ends before it begins", "FIRST:LAST");
	value->range = (__typeof__(value->range)){value->range.maximum, value->range.minimum};
	return 0;
}

/* A name with or without its prefix ("AF_"), in any case; otherwise a number or a range. */
static int parse_named(const struct policy_word *words, const char *prefix, uint64_t maximum,
	const struct policy_text *text, struct policy_value *value, struct value_error *error)
{
	struct integer_type type = {.maximum = maximum};
	size_t prefix_length = strlen(prefix);

	for (; words->name; words++) {
		if (strcasecmp(words->name, text->data) != 0 &&
			strcasecmp(words->name + prefix_length, text->data) != 0)
			continue;
		value->kind = POLICY_VALUE_RANGE;
		value->range.minimum = value->range.maximum = (uint64_t)words->value;
		return 0;
	}
	if (parse_range(&type, text, true, false, value, error) < 0) {
		snprintf(error->wrong, sizeof(error->wrong), "is not known");
		snprintf(error->allowed, sizeof(error->allowed), "%sNAME, or a number to %llu",
			prefix, (unsigned long long)maximum);
		return -EINVAL;
	}
	return 0;
}

static int parse_prefix_length(const char *text, unsigned int maximum, uint8_t *ret_length)
{
	uint64_t length;

	if (*text < '0' || *text > '9' ||
		integer_parse_decimal_unsigned(text, strlen(text), &length) < 0 || length > maximum)
		return -EINVAL;
	*ret_length = (uint8_t)length;
	return 0;
}

static int parse_address(
	const struct policy_text *text, struct policy_value *value, struct value_error *error)
{
	char address[INET6_ADDRSTRLEN + 1];
	const char *slash = strchr(text->data, '/');
	size_t length = slash ? (size_t)(slash - text->data) : text->length;
	unsigned int bits = 32;

	if (strchr(text->data, '$'))
		return wrong(error, "is a placeholder that has not been replaced",
			"an address, or ADDRESS/BITS");
	if (length >= sizeof(address) || strlen(text->data) != text->length)
		return wrong(error, "is no address", "IPv4 or IPv6, or ADDRESS/BITS");
	memcpy(address, text->data, length);
	address[length] = '\0';
	value->kind = POLICY_VALUE_ADDRESS;
	memset(&value->address, 0, sizeof(value->address));
	if (inet_pton(AF_INET, address, value->address.bytes) == 1) {
		value->address.family = AF_INET;
	} else if (inet_pton(AF_INET6, address, value->address.bytes) == 1) {
		value->address.family = AF_INET6;
		bits = 128;
	} else {
		return wrong(error, "is no address", "IPv4 or IPv6, or ADDRESS/BITS");
	}
	value->address.prefix_length = (uint8_t)bits;
	if (slash && parse_prefix_length(slash + 1, bits, &value->address.prefix_length) < 0)
		return wrong(error, "has no such number of bits",
			bits == 32 ? "ADDRESS/0 to ADDRESS/32" : "ADDRESS/0 to ADDRESS/128");
	return 0;
}

/* A number, or names with commas between them. */
static int parse_capabilities(
	const struct policy_text *text, struct policy_value *value, struct value_error *error)
{
	const char *name = text->data, *end = name + text->length;

	value->kind = POLICY_VALUE_BITS;
	if (integer_parse_unsigned(text->data, text->length, &value->bits) == 0)
		return 0;
	value->bits = 0;
	while (name <= end) {
		const char *comma = memchr(name, ',', (size_t)(end - name));
		size_t length = (size_t)((comma ? comma : end) - name);
		int capability;

		if (policy_capability_parse(name, length, &capability) < 0)
			return wrong(error, "is no set of capabilities",
				"a number, or CAP_NAME,CAP_NAME");
		value->bits |= UINT64_C(1) << capability;
		name += length + 1;
	}
	return 0;
}

static int parse_file_type(
	const struct policy_text *text, struct policy_value *value, struct value_error *error)
{
	int mode;

	if (policy_word_parse(policy_file_type_words, text->data, text->length, &mode) < 0)
		return wrong(error, "is no type of files",
			"sock, socket, lnk, link, reg, regular, blk, block, dir, chr, char, fifo, "
			"pipe");
	value->kind = POLICY_VALUE_BITS;
	value->bits = UINT64_C(1) << (mode >> 12);
	return 0;
}

static int parse_text(enum policy_operator operation, enum policy_type_class class,
	const struct policy_text *text, struct policy_value *value, struct value_error *error)
{
	size_t maximum = POLICY_PATH_LENGTH_MAX;

	value->kind = POLICY_VALUE_TEXT;
	value->text = *text;
	/* What the kernel has as a string ends before its NUL; users write "name\0" since that is
	 * what the kernel compares with. */
	if (class != POLICY_CLASS_BUFFER)
		while (value->text.length && !value->text.data[value->text.length - 1])
			value->text.length--;
	if (operation == POLICY_SUB_STRING || operation == POLICY_SUB_STRING_IGN_CASE)
		maximum = POLICY_SUBSTRING_LENGTH_MAX;
	else if (operation != POLICY_EQUAL && operation != POLICY_NOT_EQUAL)
		maximum = POLICY_PREFIX_LENGTH_MAX;
	if (value->text.length > maximum) {
		snprintf(error->wrong, sizeof(error->wrong), "has %zu bytes", value->text.length);
		snprintf(error->allowed, sizeof(error->allowed), "at most %zu", maximum);
		return -EINVAL;
	}
	if (!value->text.length && operation != POLICY_EQUAL && operation != POLICY_NOT_EQUAL)
		return wrong(error, "is empty, and would match everything", "some text");
	return 0;
}

static int parse_number(enum policy_operator operation, enum policy_argument_type type,
	const struct policy_text *text, struct policy_value *value, struct value_error *error)
{
	bool in_map = operation == POLICY_IN_MAP || operation == POLICY_NOT_IN_MAP;
	bool in_range = operation == POLICY_IN_RANGE || operation == POLICY_NOT_IN_RANGE;
	struct integer_type t = integer_type(type, !in_map);
	int capability;

	if (type == POLICY_TYPE_CAPABILITY && !in_range &&
		policy_capability_parse(text->data, text->length, &capability) == 0) {
		value->kind = POLICY_VALUE_RANGE;
		value->range.minimum = value->range.maximum = (uint64_t)capability;
		return 0;
	}
	if (parse_range(&t, text, in_map || in_range, in_range, value, error) < 0)
		return -EINVAL;
	if (operation == POLICY_MASK && !value->range.minimum)
		return wrong(error, "has no bit that could be set", "a mask");
	return 0;
}

static int parse_by_type(enum policy_operator operation, enum policy_argument_type type,
	const struct policy_text *text, struct policy_value *value, struct value_error *error)
{
	enum policy_type_class class = policy_type_class(type);

	if (class == POLICY_CLASS_INTEGER)
		return parse_number(operation, type, text, value, error);
	if (class == POLICY_CLASS_CAPABILITIES)
		return parse_capabilities(text, value, error);
	return parse_text(operation, class, text, value, error);
}

int policy_value_parse(enum policy_operator operation, enum policy_argument_type type,
	const struct policy_text *text, struct policy_value *ret_value, struct value_error *error)
{
	struct policy_value value = {.source = text->source};
	struct integer_type port = {.maximum = UINT16_MAX};
	int r;

	switch (operation) {
	case POLICY_S_PORT:
	case POLICY_NOT_S_PORT:
	case POLICY_D_PORT:
	case POLICY_NOT_D_PORT:
		r = parse_range(&port, text, true, false, &value, error);
		break;
	case POLICY_S_ADDR:
	case POLICY_NOT_S_ADDR:
	case POLICY_D_ADDR:
	case POLICY_NOT_D_ADDR:
		r = parse_address(text, &value, error);
		break;
	case POLICY_PROTOCOL:
		r = parse_named(policy_protocol_words, "IPPROTO_", UINT16_MAX, text, &value, error);
		break;
	case POLICY_FAMILY:
		r = parse_named(policy_family_words, "AF_", UINT16_MAX, text, &value, error);
		break;
	case POLICY_STATE:
		r = parse_named(policy_tcp_state_words, "TCP_", UINT8_MAX, text, &value, error);
		break;
	case POLICY_FILE_TYPE:
	case POLICY_NOT_FILE_TYPE:
		r = parse_file_type(text, &value, error);
		break;
	default:
		r = parse_by_type(operation, type, text, &value, error);
		break;
	}
	if (r < 0)
		return r;
	*ret_value = value;
	return 0;
}
