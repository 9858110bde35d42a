/* SPDX-License-Identifier: Apache-2.0 */
/* Random expressions of CelExpr: types fit, all operators occur, constants are such as arguments
 * meet. */
#include <stdio.h>

#include "lib/util.h"
#include "policy/argument_types.h"
#include "tests/bpf/selectors.h"

#define EXPRESSION_DEPTH 4

struct expression {
	struct buf *yaml;
	const enum policy_argument_type *types; /* of arg0 and those after it */
	size_t count;
};

static bool is_integer(enum policy_argument_type type)
{
	return policy_type_class(type) == POLICY_CLASS_INTEGER;
}

static bool is_same(enum policy_argument_type a, enum policy_argument_type b)
{
	return is_integer(a) && is_integer(b) && policy_type_bits(a) == policy_type_bits(b) &&
	       policy_type_is_signed(a) == policy_type_is_signed(b);
}

static void put_literal(struct expression *expression, enum policy_argument_type type)
{
	uint64_t number = one_in(8) ? random_bits() : random_integer(type);
	unsigned int bits = policy_type_bits(type);

	if (bits < 64)
		buf_printf(
			expression->yaml, "%sint%u(", policy_type_is_signed(type) ? "" : "u", bits);
	if (policy_type_is_signed(type))
		buf_printf(expression->yaml, "%lld", (long long)number);
	else
		buf_printf(expression->yaml, one_in(2) ? "%lluu" : "0x%llxu",
			(unsigned long long)number);
	if (bits < 64)
		buf_append_char(expression->yaml, ')');
}

static void put_leaf(struct expression *expression, enum policy_argument_type type)
{
	size_t start = random_below((uint32_t)expression->count);

	for (size_t i = 0; !one_in(3) && i < expression->count; i++) {
		size_t argument = (start + i) % expression->count;

		if (!is_same(expression->types[argument], type))
			continue;
		buf_printf(expression->yaml, "arg%zu", argument);
		return;
	}
	put_literal(expression, type);
}

static void put_integer(struct expression *expression, enum policy_argument_type type, int depth);

static void put_function(struct expression *expression, enum policy_argument_type type, int depth)
{
	static const char *const names[] = {"and", "or", "xor", "not"};
	uint32_t function = random_below(ARRAY_SIZE(names));

	buf_printf(expression->yaml, "%s(", names[function]);
	put_integer(expression, type, depth);
	if (function < 3) {
		buf_append_literal(expression->yaml, ", ");
		put_integer(expression, type, depth);
	}
	buf_append_char(expression->yaml, ')');
}

static void put_integer(struct expression *expression, enum policy_argument_type type, int depth)
{
	bool is_signed = policy_type_is_signed(type);

	if (depth <= 0 || one_in(3)) {
		put_leaf(expression, type);
	} else if (one_in(3)) {
		put_function(expression, type, depth - 1);
	} else if (one_in(3) && policy_type_bits(type) < 64) {
		buf_printf(
			expression->yaml, "%sint%u(", is_signed ? "" : "u", policy_type_bits(type));
		put_integer(
			expression, is_signed ? POLICY_TYPE_INT64 : POLICY_TYPE_UINT64, depth - 1);
		buf_append_char(expression->yaml, ')');
	} else {
		bool parentheses = one_in(2);

		put_integer(expression, type, depth - 1);
		buf_append_string(expression->yaml, one_in(2) ? " + " : " - ");
		if (parentheses)
			buf_append_char(expression->yaml, '(');
		put_integer(expression, type, depth - 1);
		if (parentheses)
			buf_append_char(expression->yaml, ')');
	}
}

static const char *any_relation(void)
{
	static const char *const relations[] = {"==", "!=", "<", "<=", ">", ">="};

	return relations[random_below(ARRAY_SIZE(relations))];
}

static void put_relation(struct expression *expression, int depth)
{
	enum policy_argument_type type;

	do
		type = expression->types[random_below((uint32_t)expression->count)];
	while (!is_integer(type));
	put_integer(expression, type, depth);
	buf_printf(expression->yaml, " %s ", any_relation());
	put_integer(expression, type, depth);
}

static void put_boolean(struct expression *expression, int depth)
{
	static const char *const operators[] = {"&&", "||", "==", "!="};

	if (one_in(24)) {
		buf_append_string(expression->yaml, one_in(2) ? "true" : "false");
	} else if (depth <= 0 || one_in(2)) {
		put_relation(expression, depth);
	} else {
		if (one_in(3))
			buf_append_char(expression->yaml, '!');
		buf_append_char(expression->yaml, '(');
		put_boolean(expression, depth - 1);
		buf_printf(
			expression->yaml, ") %s (", operators[random_below(ARRAY_SIZE(operators))]);
		put_boolean(expression, depth - 1);
		buf_append_char(expression->yaml, ')');
	}
}

void random_expression(struct buf *yaml, const enum policy_argument_type *types, size_t count)
{
	struct expression expression = {yaml, types, count};
	bool first = one_in(2);

	if (is_integer(types[0])) {
		if (first)
			buf_append_literal(yaml, "arg0");
		else
			put_integer(&expression, types[0], 0);
		buf_printf(yaml, " %s ", any_relation());
		if (first)
			put_integer(&expression, types[0], EXPRESSION_DEPTH / 2);
		else
			buf_append_literal(yaml, "arg0");
		if (one_in(2))
			return;
		buf_append_string(yaml, one_in(2) ? " && " : " || ");
	}
	buf_append_char(yaml, '(');
	put_boolean(&expression, (int)random_below(EXPRESSION_DEPTH + 1));
	buf_append_char(yaml, ')');
}
