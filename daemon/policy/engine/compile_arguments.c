/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on arguments: each value is a question, and many numbers are a tree of them. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policy/engine/compile.h"
#include "daemon/policy/place/system_calls.h"
#include "lib/cleanup.h"
#include "lib/util.h"
#include "policy/argument_types.h"
#include "policy/integer.h"
#include "policy/value.h"

/* Up to so many numbers are asked one after the other. */
#define RANGES_IN_A_ROW 4

struct range {
	uint64_t low, high;
};

struct ranges {
	struct range *items;
	size_t count, allocated;
	bool is_signed;
};

static void ranges_done(struct ranges *ranges)
{
	free(ranges->items);
}

/* NotX is X with its answers exchanged. */
static enum policy_operator positive(enum policy_operator operation, bool *ret_negated)
{
	*ret_negated = true;
	switch (operation) {
	case POLICY_NOT_EQUAL:
		return POLICY_EQUAL;
	case POLICY_NOT_PREFIX:
		return POLICY_PREFIX;
	case POLICY_NOT_POSTFIX:
		return POLICY_POSTFIX;
	case POLICY_NOT_S_PORT:
		return POLICY_S_PORT;
	case POLICY_NOT_S_PORT_PRIV:
		return POLICY_S_PORT_PRIV;
	case POLICY_NOT_D_PORT:
		return POLICY_D_PORT;
	case POLICY_NOT_D_PORT_PRIV:
		return POLICY_D_PORT_PRIV;
	case POLICY_NOT_S_ADDR:
		return POLICY_S_ADDR;
	case POLICY_NOT_D_ADDR:
		return POLICY_D_ADDR;
	case POLICY_NOT_IN_MAP:
		return POLICY_IN_MAP;
	case POLICY_NOT_IN_RANGE:
		return POLICY_IN_RANGE;
	case POLICY_NOT_FILE_TYPE:
		return POLICY_FILE_TYPE;
	default:
		*ret_negated = false;
		return operation;
	}
}

static int ranges_add(struct compiler *compiler, struct ranges *ranges, uint64_t low, uint64_t high)
{
	if (ranges->count == ranges->allocated) {
		size_t count = ranges->allocated ? 2 * ranges->allocated : 16;
		struct range *items = reallocarray(ranges->items, count, sizeof(*items));

		if (!items)
			return error_set(compiler->error, -ENOMEM, "out of memory");
		ranges->items = items;
		ranges->allocated = count;
	}
	ranges->items[ranges->count++] = (struct range){low, high};
	return 0;
}

static bool is_less(const struct ranges *ranges, uint64_t a, uint64_t b)
{
	return ranges->is_signed ? (int64_t)a < (int64_t)b : a < b;
}

static int compare(const void *a, const void *b, void *data)
{
	const struct range *first = a, *second = b;

	if (first->low == second->low)
		return 0;
	return is_less(data, first->low, second->low) ? -1 : 1;
}

/* Sorted, and what touches made one. */
static void ranges_merge(struct ranges *ranges)
{
	size_t count = 0;

	qsort_r(ranges->items, ranges->count, sizeof(*ranges->items), compare, ranges);
	for (size_t i = 0; i < ranges->count; i++) {
		struct range *last = count ? &ranges->items[count - 1] : NULL;
		struct range range = ranges->items[i];

		if (is_less(ranges, range.high, range.low))
			continue; /* nothing is in it */
		if (last &&
			(!is_less(ranges, last->high, range.low) || last->high + 1 == range.low)) {
			if (is_less(ranges, last->high, range.high))
				last->high = range.high;
			continue;
		}
		ranges->items[count++] = range;
	}
	ranges->count = count;
}

/* Halve what is left to be asked with each question; forward only. */
static int compile_tree(struct compiler *compiler, struct hook_step step, const struct range *items,
	size_t count, bool negated)
{
	size_t half = count / 2, decision;
	int r;

	if (count <= RANGES_IN_A_ROW) {
		for (size_t i = 0; i < count; i++) {
			step.low = items[i].low;
			step.high = items[i].high;
			r = compile_alternative(compiler, step, i + 1 == count, negated);
			if (r < 0)
				return compiler->error->code;
		}
		return 0;
	}
	decision = compiler->compiled->step_count;
	step.low = step.operation == STEP_RANGE_SIGNED ? (uint64_t)INT64_MIN : 0;
	step.high = items[half - 1].high;
	step.then = (uint16_t)(decision + 1);
	step.unknown = TARGET_FAIL;
	if (!compile_step(compiler, &step))
		return compiler->error->code;
	r = compile_tree(compiler, step, items, half, negated);
	if (r < 0)
		return r;
	compiler->compiled->steps[decision].otherwise = (uint16_t)compiler->compiled->step_count;
	return compile_tree(compiler, step, items + half, count - half, negated);
}

static int compile_ranges(
	struct compiler *compiler, struct hook_step step, struct ranges *ranges, bool negated)
{
	ranges_merge(ranges);
	if (!ranges->count) { /* nothing is listed, so nothing is in it */
		step.low = 1;
		step.high = 0;
		return compile_alternative(compiler, step, true, negated);
	}
	return compile_tree(compiler, step, ranges->items, ranges->count, negated);
}

static int add_list(
	struct compiler *compiler, struct ranges *ranges, const struct policy_list *list)
{
	if (list->type == POLICY_LIST_GENERATED_FTRACE)
		return error_set(compiler->error, -EINVAL,
			"list \"%s\" is one of functions, not of numbers", list->name.data);
	if (list->type == POLICY_LIST_GENERATED_SYSCALLS)
		return ranges_add(compiler, ranges, 0, SYSTEM_CALL_NUMBER_MAX);
	for (size_t i = 0; i < list->values.count; i++) {
		const struct policy_text *text = &list->values.items[i];
		uint64_t number;
		int r;

		if (list->type == POLICY_LIST_SYSCALLS) {
			uint32_t call;

			r = system_call_number(text->data, &call);
			if (r < 0)
				return error_set(compiler->error, -EINVAL,
					"list \"%s\": %s is no system call of this machine",
					list->name.data, text->data);
			number = call;
		} else {
			r = ranges->is_signed ? integer_parse_decimal(text->data, text->length,
							(int64_t *)&number)
					      : integer_parse_decimal_unsigned(
							text->data, text->length, &number);
			if (r < 0)
				return error_set(compiler->error, -EINVAL,
					"list \"%s\": %s is no number", list->name.data,
					text->data);
		}
		r = ranges_add(compiler, ranges, number, number);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_value(struct compiler *compiler, struct ranges *ranges,
	enum policy_operator operation, const struct policy_value *value)
{
	uint64_t low = value->range.minimum, high = value->range.maximum;
	uint64_t greatest = ranges->is_signed ? (uint64_t)INT64_MAX : UINT64_MAX;
	uint64_t least = ranges->is_signed ? (uint64_t)INT64_MIN : 0;

	if (value->kind == POLICY_VALUE_LIST)
		return add_list(compiler, ranges, value->list);
	switch (operation) {
	case POLICY_GREATER_THAN:
		return low == greatest ? 0 : ranges_add(compiler, ranges, low + 1, greatest);
	case POLICY_LESS_THAN:
		return low == least ? 0 : ranges_add(compiler, ranges, least, low - 1);
	default:
		return ranges_add(compiler, ranges, low, high);
	}
}

static int compile_integers(struct compiler *compiler, struct hook_step step,
	enum policy_operator operation, const struct policy_value *values, size_t count,
	enum policy_argument_type type, bool negated)
{
	_cleanup_(ranges_done) struct ranges ranges = {.is_signed = policy_type_is_signed(type)};

	if (operation == POLICY_MASK) {
		step.operation = STEP_MASK;
		for (size_t i = 0; i < count; i++)
			step.low |= values[i].range.minimum;
		return compile_alternative(compiler, step, true, negated);
	}
	step.operation = ranges.is_signed ? STEP_RANGE_SIGNED : STEP_RANGE;
	for (size_t i = 0; i < count; i++) {
		int r = add_value(compiler, &ranges, operation, &values[i]);

		if (r < 0)
			return r;
	}
	return compile_ranges(compiler, step, &ranges, negated);
}

static int compile_socket_numbers(struct compiler *compiler, struct hook_step step,
	enum step_operation operation, const struct policy_value *values, size_t count,
	bool negated)
{
	_cleanup_(ranges_done) struct ranges ranges = {};

	step.operation = (uint8_t)operation;
	for (size_t i = 0; i < count; i++) {
		int r = ranges_add(
			compiler, &ranges, values[i].range.minimum, values[i].range.maximum);

		if (r < 0)
			return r;
	}
	return compile_ranges(compiler, step, &ranges, negated);
}

static int compile_addresses(struct compiler *compiler, struct hook_step step,
	enum step_operation operation, const struct policy_value *values, size_t count,
	bool negated)
{
	step.operation = (uint8_t)operation;
	for (size_t i = 0; i < count; i++) {
		int64_t offset = compile_text(
			compiler, values[i].address.bytes, sizeof(values[i].address.bytes));

		if (offset < 0)
			return (int)offset;
		step.offset = (uint32_t)offset;
		step.length = values[i].address.prefix_length;
		step.low = values[i].address.family;
		if (compile_alternative(compiler, step, i + 1 == count, negated) < 0)
			return compiler->error->code;
	}
	return 0;
}

static int compile_capability_values(struct compiler *compiler, struct hook_step step,
	enum policy_operator operation, const struct policy_value *values, size_t count,
	bool negated)
{
	for (size_t i = 0; i < count; i++) {
		step.operation = operation == POLICY_MASK ? STEP_MASK : STEP_RANGE;
		step.low = values[i].bits;
		step.high = values[i].bits;
		if (compile_alternative(compiler, step, i + 1 == count, negated) < 0)
			return compiler->error->code;
	}
	return 0;
}

static int compile_file_types(struct compiler *compiler, struct hook_step step,
	const struct policy_value *values, size_t count, bool negated)
{
	step.operation = STEP_FILE_TYPE;
	for (size_t i = 0; i < count; i++)
		step.low |= values[i].bits;
	return compile_alternative(compiler, step, true, negated);
}

/* By the operator where it asks the same of every type, else by the type. */
static int compile_operator(struct compiler *compiler, struct hook_step step,
	enum policy_operator operation, const struct policy_value *values, size_t count,
	enum policy_argument_type type, bool negated)
{
	static const struct policy_value privileged = {
		.kind = POLICY_VALUE_RANGE, .range = {0, IPPORT_RESERVED - 1}};

	switch (operation) {
	case POLICY_CAPABILITIES_GAINED:
		step.operation = STEP_CAPABILITIES_GAINED;
		step.low = UINT64_MAX;
		return compile_alternative(compiler, step, true, negated);
	case POLICY_S_PORT_PRIV:
		return compile_socket_numbers(
			compiler, step, STEP_SOURCE_PORT, &privileged, 1, negated);
	case POLICY_D_PORT_PRIV:
		return compile_socket_numbers(
			compiler, step, STEP_DESTINATION_PORT, &privileged, 1, negated);
	case POLICY_S_PORT:
		return compile_socket_numbers(
			compiler, step, STEP_SOURCE_PORT, values, count, negated);
	case POLICY_D_PORT:
		return compile_socket_numbers(
			compiler, step, STEP_DESTINATION_PORT, values, count, negated);
	case POLICY_PROTOCOL:
		return compile_socket_numbers(
			compiler, step, STEP_PROTOCOL, values, count, negated);
	case POLICY_FAMILY:
		return compile_socket_numbers(compiler, step, STEP_FAMILY, values, count, negated);
	case POLICY_STATE:
		return compile_socket_numbers(compiler, step, STEP_STATE, values, count, negated);
	case POLICY_S_ADDR:
		return compile_addresses(
			compiler, step, STEP_SOURCE_ADDRESS, values, count, negated);
	case POLICY_D_ADDR:
		return compile_addresses(
			compiler, step, STEP_DESTINATION_ADDRESS, values, count, negated);
	case POLICY_FILE_TYPE:
		return compile_file_types(compiler, step, values, count, negated);
	default:
		break;
	}
	switch (policy_type_class(type)) {
	case POLICY_CLASS_INTEGER:
		return compile_integers(compiler, step, operation, values, count, type, negated);
	case POLICY_CLASS_TEXT:
	case POLICY_CLASS_BUFFER:
	case POLICY_CLASS_PATH:
	case POLICY_CLASS_SOCKET_PATH:
		return compile_texts(compiler, step, operation, values, count, negated);
	case POLICY_CLASS_CAPABILITIES:
		return compile_capability_values(compiler, step, operation, values, count, negated);
	default:
		return error_set(compiler->error, -EINVAL, "no operator works on this argument");
	}
}

/* What `auto` is decides what its values mean. */
static int values_of_auto(struct compiler *compiler, const struct policy_match_args *match,
	enum policy_argument_type type, struct policy_value **ret_values)
{
	struct policy_value *values = calloc(match->values.count + 1, sizeof(*values));
	struct value_error wrong;

	if (!values)
		return error_set(compiler->error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < match->values.count; i++) {
		values[i] = match->values.items[i];
		if (values[i].kind != POLICY_VALUE_TEXT)
			continue;
		if (policy_value_parse((enum policy_operator)match->operation, type,
			    &match->texts.items[i], &values[i], &wrong) < 0) {
			error_set(compiler->error, -EINVAL, "value \"%s\" %s; allowed: %s",
				match->texts.items[i].data, wrong.wrong, wrong.allowed);
			free(values);
			return -EINVAL;
		}
	}
	*ret_values = values;
	return 0;
}

bool compile_is_number(const struct compiler *compiler, const struct policy_match_args *match)
{
	uint32_t index;

	if (match->operation == POLICY_CEL_EXPR)
		return true;
	index = compile_argument_index(compiler->input->hook, match->argument);
	return policy_type_class(compiler->input->types[index]) == POLICY_CLASS_INTEGER;
}

int compile_match_args(struct compiler *compiler, const struct policy_match_args *match)
{
	const struct policy_hook *hook = compiler->input->hook;
	_cleanup_free_ struct policy_value *values = NULL;
	enum policy_argument_type type;
	enum policy_operator operation;
	struct hook_step step = {0};
	bool negated;
	int r;

	if (match->operation == POLICY_CEL_EXPR)
		return compile_expression(compiler, match);
	step.argument = (uint8_t)compile_argument_index(hook, match->argument);
	type = compiler->input->types[step.argument];
	if (match->second_argument)
		step.second = (uint8_t)compile_argument_index(hook, match->second_argument);
	if (match->argument->type == POLICY_TYPE_AUTO) {
		if (!(policy_class_operators(policy_type_class(type)) >> match->operation & 1))
			return error_set(compiler->error, -EINVAL,
				"the operator does not go with the type that the argument has");
		r = values_of_auto(compiler, match, type, &values);
		if (r < 0)
			return r;
	}
	operation = positive((enum policy_operator)match->operation, &negated);
	return compile_operator(compiler, step, operation, values ? values : match->values.items,
		match->values.count, type, negated);
}
