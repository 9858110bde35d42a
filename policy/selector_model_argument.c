/* SPDX-License-Identifier: Apache-2.0 */
/* The model of the operators on arguments. */
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/argument_types.h"
#include "policy/cel.h"
#include "policy/integer.h"
#include "policy/selector_model.h"
#include "policy/value.h"

/* NotX as X, and whether it was. */
static enum policy_operator positive(enum policy_operator operation, bool *ret_negated)
{
	static const enum policy_operator pairs[][2] = {
		{POLICY_NOT_EQUAL, POLICY_EQUAL},
		{POLICY_NOT_PREFIX, POLICY_PREFIX},
		{POLICY_NOT_POSTFIX, POLICY_POSTFIX},
		{POLICY_NOT_S_PORT, POLICY_S_PORT},
		{POLICY_NOT_S_PORT_PRIV, POLICY_S_PORT_PRIV},
		{POLICY_NOT_D_PORT, POLICY_D_PORT},
		{POLICY_NOT_D_PORT_PRIV, POLICY_D_PORT_PRIV},
		{POLICY_NOT_S_ADDR, POLICY_S_ADDR},
		{POLICY_NOT_D_ADDR, POLICY_D_ADDR},
		{POLICY_NOT_IN_MAP, POLICY_IN_MAP},
		{POLICY_NOT_IN_RANGE, POLICY_IN_RANGE},
		{POLICY_NOT_FILE_TYPE, POLICY_FILE_TYPE},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i][0] == operation) {
			*ret_negated = true;
			return pairs[i][1];
		}
	*ret_negated = false;
	return operation;
}

static bool in_range(const struct policy_value *value, uint64_t integer, bool is_signed)
{
	if (is_signed)
		return (int64_t)integer >= (int64_t)value->range.minimum &&
		       (int64_t)integer <= (int64_t)value->range.maximum;
	return integer >= value->range.minimum && integer <= value->range.maximum;
}

static bool in_list(const struct policy_list *list, uint64_t integer, bool is_signed,
	const struct observation *observation)
{
	if (list->type != POLICY_LIST_VALUES)
		return observation->system_call_in_list &&
		       observation->system_call_in_list(list, integer);
	for (size_t i = 0; i < list->values.count; i++) {
		const struct policy_text *text = &list->values.items[i];
		uint64_t value;
		int r = is_signed
				? integer_parse_decimal(text->data, text->length, (int64_t *)&value)
				: integer_parse_decimal_unsigned(text->data, text->length, &value);

		if (r == 0 && value == integer)
			return true;
	}
	return false;
}

static bool integer_matches(enum policy_operator operation, const struct policy_value *value,
	const struct observed_argument *argument, enum policy_argument_type type,
	const struct observation *observation)
{
	bool is_signed = policy_type_is_signed(type);
	uint64_t integer = argument->integer;

	if (value->kind == POLICY_VALUE_LIST)
		return in_list(value->list, integer, is_signed, observation);
	switch (operation) {
	case POLICY_GREATER_THAN:
		return is_signed ? (int64_t)integer > (int64_t)value->range.minimum
				 : integer > value->range.minimum;
	case POLICY_LESS_THAN:
		return is_signed ? (int64_t)integer < (int64_t)value->range.minimum
				 : integer < value->range.minimum;
	case POLICY_MASK:
		return integer & value->range.minimum;
	default: /* Equal, InRange, InMap */
		return in_range(value, integer, is_signed);
	}
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool contains(const struct policy_text *text, const struct policy_text *part, bool any_case)
{
	for (size_t i = 0; i + part->length <= text->length; i++) {
		size_t same = 0;

		while (same < part->length &&
			(any_case ? lower(text->data[i + same]) == lower(part->data[same])
				  : text->data[i + same] == part->data[same]))
			same++;
		if (same == part->length)
			return true;
	}
	return false;
}

static bool text_matches(enum policy_operator operation, const struct policy_value *value,
	const struct policy_text *text, bool is_cut)
{
	const struct policy_text *wanted = &value->text;

	switch (operation) {
	case POLICY_PREFIX:
		return text->length >= wanted->length &&
		       !memcmp(text->data, wanted->data, wanted->length);
	case POLICY_POSTFIX:
		return text->length >= wanted->length &&
		       !memcmp(text->data + text->length - wanted->length, wanted->data,
			       wanted->length);
	case POLICY_SUB_STRING:
		return contains(text, wanted, false);
	case POLICY_SUB_STRING_IGN_CASE:
		return contains(text, wanted, true);
	default: /* Equal: no value is as long as what is cut */
		return !is_cut && text->length == wanted->length &&
		       !memcmp(text->data, wanted->data, wanted->length);
	}
}

static bool address_matches(
	const struct policy_value *value, uint16_t family, const uint8_t address[16])
{
	unsigned int whole = value->address.prefix_length / 8;
	unsigned int rest = value->address.prefix_length % 8;

	if (value->address.family != family || memcmp(value->address.bytes, address, whole) != 0)
		return false;
	return !rest || !((value->address.bytes[whole] ^ address[whole]) >> (8 - rest));
}

static bool socket_matches(enum policy_operator operation, const struct policy_value *value,
	const struct observed_argument *argument)
{
	switch (operation) {
	case POLICY_S_ADDR:
		return address_matches(value, argument->socket.family, argument->socket.source);
	case POLICY_D_ADDR:
		return address_matches(
			value, argument->socket.family, argument->socket.destination);
	case POLICY_S_PORT:
		return in_range(value, argument->socket.source_port, false);
	case POLICY_D_PORT:
		return in_range(value, argument->socket.destination_port, false);
	case POLICY_PROTOCOL:
		return in_range(value, argument->socket.protocol, false);
	case POLICY_FAMILY:
		return in_range(value, argument->socket.family, false);
	case POLICY_STATE:
		return in_range(value, argument->socket.state, false);
	default:
		return false;
	}
}

static bool capabilities_match(enum policy_operator operation, const struct policy_value *value,
	const struct observed_argument *argument)
{
	if (operation == POLICY_MASK)
		return argument->capabilities & value->bits;
	return argument->capabilities == value->bits;
}

/* Whether the argument has what the operator looks at. */
static bool has_property(enum policy_operator operation, const struct observed_argument *argument,
	enum policy_argument_type type)
{
	bool is_path = policy_type_class(type) == POLICY_CLASS_PATH;
	bool internet = argument->socket.family == AF_INET || argument->socket.family == AF_INET6;

	switch (operation) {
	case POLICY_S_PORT:
	case POLICY_S_PORT_PRIV:
	case POLICY_D_PORT:
	case POLICY_D_PORT_PRIV:
	case POLICY_S_ADDR:
	case POLICY_D_ADDR:
		return internet;
	case POLICY_PREFIX:
		return !argument->text_is_cut || !is_path;
	case POLICY_POSTFIX:
		return !argument->text_is_cut || is_path;
	default:
		return true;
	}
}

static bool value_matches(enum policy_operator operation, const struct policy_value *value,
	const struct observed_argument *argument, enum policy_argument_type type,
	const struct observation *observation)
{
	if (operation == POLICY_FILE_TYPE)
		return value->bits >> ((argument->mode & S_IFMT) >> 12) & 1;
	if (operation == POLICY_FAMILY)
		return socket_matches(operation, value, argument);
	switch (policy_type_class(type)) {
	case POLICY_CLASS_INTEGER:
		return integer_matches(operation, value, argument, type, observation);
	case POLICY_CLASS_TEXT:
	case POLICY_CLASS_BUFFER:
	case POLICY_CLASS_PATH:
	case POLICY_CLASS_SOCKET_PATH:
		return text_matches(operation, value, &argument->text, argument->text_is_cut);
	case POLICY_CLASS_SOCKET:
	case POLICY_CLASS_PACKET:
	case POLICY_CLASS_ADDRESS:
		return socket_matches(operation, value, argument);
	case POLICY_CLASS_CAPABILITIES:
		return capabilities_match(operation, value, argument);
	default:
		return false;
	}
}

static bool any_value_matches(enum policy_operator operation, const struct policy_match_args *match,
	const struct observed_argument *argument, enum policy_argument_type type,
	const struct observation *observation)
{
	for (size_t i = 0; i < match->values.count; i++) {
		struct policy_value value = match->values.items[i];
		struct value_error error;

		/* What `auto` is decides what the value means. */
		if (match->argument->type == POLICY_TYPE_AUTO && value.kind == POLICY_VALUE_TEXT &&
			policy_value_parse((enum policy_operator)match->operation, type,
				&match->texts.items[i], &value, &error) < 0)
			continue;
		if (value_matches(operation, &value, argument, type, observation))
			return true;
	}
	return false;
}

bool selector_model_argument_matches(const struct policy_match_args *match,
	const struct observed_argument *argument, const struct observed_argument *second,
	const struct observation *observation)
{
	enum policy_argument_type type = match->argument->type == POLICY_TYPE_AUTO
						 ? argument->type
						 : (enum policy_argument_type)match->argument->type;
	enum policy_operator operation;
	bool negated, matches;

	operation = positive((enum policy_operator)match->operation, &negated);
	if (!argument->readable || !has_property(operation, argument, type))
		return false;
	switch (operation) {
	case POLICY_CAPABILITIES_GAINED:
		return second && second->readable &&
		       (argument->capabilities & ~second->capabilities);
	case POLICY_S_PORT_PRIV:
		matches = argument->socket.source_port < IPPORT_RESERVED;
		break;
	case POLICY_D_PORT_PRIV:
		matches = argument->socket.destination_port < IPPORT_RESERVED;
		break;
	default:
		matches = any_value_matches(operation, match, argument, type, observation);
		break;
	}
	return matches != negated;
}

bool selector_model_expression_holds(
	const struct policy_match_args *match, const struct observed_argument *observed)
{
	const struct policy_argument *named[POLICY_ARGUMENTS_MAX];
	enum policy_argument_type types[POLICY_ARGUMENTS_MAX];
	uint64_t integers[POLICY_ARGUMENTS_MAX] = {0};
	size_t count = policy_cel_arguments(match, named), at;
	const struct policy_text *text = &match->values.items[0].text;
	struct policy_cel cel;

	for (size_t i = 0; i < count; i++) {
		const struct observed_argument *seen = &observed[named[i] - match->arguments.items];

		types[i] = named[i]->type == POLICY_TYPE_AUTO
				   ? seen->type
				   : (enum policy_argument_type)named[i]->type;
		integers[i] = seen->integer;
	}
	if (policy_cel_parse(text->data, text->length, types, count, &cel, &at, NULL) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if ((cel.arguments >> i & 1) &&
			!observed[named[i] - match->arguments.items].readable)
			return false;
	return policy_cel_holds(&cel, integers);
}
