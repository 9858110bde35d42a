/* SPDX-License-Identifier: Apache-2.0 */
/* Types of expressions, and their limits. */
#include <errno.h>
#include <stdio.h>

#include "lib/util.h"
#include "policy/cel_parser.h"

const char *const cel_type_names[] = {
	[POLICY_CEL_UNKNOWN] = "an integer",
	[POLICY_CEL_BOOL] = "bool",
	[POLICY_CEL_INT8] = "int8",
	[POLICY_CEL_INT16] = "int16",
	[POLICY_CEL_INT32] = "int32",
	[POLICY_CEL_INT] = "int",
	[POLICY_CEL_UINT8] = "uint8",
	[POLICY_CEL_UINT16] = "uint16",
	[POLICY_CEL_UINT32] = "uint32",
	[POLICY_CEL_UINT] = "uint",
};

/* Goes back to where what is wrong begins: the lexer has read on. */
int cel_wrong_at(struct cel_parser *parser, const char *at, const char *what)
{
	if (!parser->lexer.failed)
		parser->lexer.start = at;
	return cel_lexer_error(&parser->lexer, "%s", what);
}

static bool is_integer(enum policy_cel_type type)
{
	return type != POLICY_CEL_BOOL;
}

enum policy_cel_type cel_node_type(const struct cel_parser *parser, uint16_t node)
{
	return (enum policy_cel_type)parser->cel->nodes[node].type;
}

static bool is_kept(const struct policy_cel_node *node)
{
	return node->operation > POLICY_CEL_ARGUMENT;
}

/* As compile_expression.c keeps them: one for the left side, while the right one is worked out. */
static uint8_t numbers_of(const struct policy_cel *cel, const struct policy_cel_node *node)
{
	const struct policy_cel_node *left = &cel->nodes[node->left];
	const struct policy_cel_node *right = &cel->nodes[node->right];
	uint8_t right_numbers;

	switch (node->operation) {
	case POLICY_CEL_LITERAL:
	case POLICY_CEL_ARGUMENT:
		return 0;
	case POLICY_CEL_NOT:
		return left->numbers;
	case POLICY_CEL_AND:
	case POLICY_CEL_OR:
		return MAX(left->numbers, right->numbers);
	case POLICY_CEL_CONVERT:
	case POLICY_CEL_BIT_NOT:
		return MAX(left->numbers, (uint8_t)1);
	default:
		right_numbers = (uint8_t)(right->numbers +
					  (is_kept(left) || left->type == POLICY_CEL_BOOL));
		right_numbers = MAX(right_numbers, (uint8_t)1);
		return MAX(left->numbers, right_numbers);
	}
}

int cel_node_add(struct cel_parser *parser, struct policy_cel_node node, uint16_t *ret_node)
{
	struct policy_cel *cel = parser->cel;

	if (cel->count == POLICY_CEL_NODES_MAX)
		return cel_lexer_error(&parser->lexer,
			"the expression is too long; allowed: %d arguments, numbers and operators",
			POLICY_CEL_NODES_MAX);
	node.numbers = numbers_of(cel, &node);
	if (node.numbers > POLICY_CEL_NUMBERS_MAX)
		return cel_lexer_error(&parser->lexer,
			"more than %d results wait for others; allowed: fewer parentheses to the "
			"right of an operator",
			POLICY_CEL_NUMBERS_MAX);
	cel->nodes[cel->count] = node;
	*ret_node = (uint16_t)cel->count++;
	return 0;
}

int cel_check_pair(struct cel_parser *parser, const struct policy_cel_node *node, const char *at,
	const char *name, enum policy_cel_type *ret_type)
{
	enum policy_cel_type left = cel_node_type(parser, node->left);
	enum policy_cel_type right = cel_node_type(parser, node->right);
	char what[ERROR_MESSAGE_MAX];

	*ret_type = left == POLICY_CEL_UNKNOWN ? right : left;
	if (left == right || (left == POLICY_CEL_UNKNOWN && is_integer(right)) ||
		(right == POLICY_CEL_UNKNOWN && is_integer(left)))
		return 0;
	snprintf(what, sizeof(what),
		"%s of %s and %s; allowed: two of the same type (5 is an int, 5u a uint, int32(5) "
		"an int32)",
		name, cel_type_names[left], cel_type_names[right]);
	return cel_wrong_at(parser, at, what);
}

int cel_check_integers(struct cel_parser *parser, const struct policy_cel_node *node,
	const char *at, const char *name)
{
	char what[ERROR_MESSAGE_MAX];

	if (is_integer(cel_node_type(parser, node->left)) &&
		is_integer(cel_node_type(parser, node->right)))
		return 0;
	snprintf(what, sizeof(what), "%s of a bool; allowed: integers", name);
	return cel_wrong_at(parser, at, what);
}

int cel_check_booleans(struct cel_parser *parser, const struct policy_cel_node *node,
	const char *at, const char *name)
{
	enum policy_cel_type type = cel_node_type(parser, node->left);
	char what[ERROR_MESSAGE_MAX];

	if (type == POLICY_CEL_BOOL)
		type = cel_node_type(parser, node->right);
	if (type == POLICY_CEL_BOOL)
		return 0;
	snprintf(what, sizeof(what), "%s of %s; allowed: bool, as a comparison is", name,
		cel_type_names[type]);
	return cel_wrong_at(parser, at, what);
}

int cel_check_operator(
	struct cel_parser *parser, struct policy_cel_node *node, const char *at, const char *name)
{
	enum policy_cel_type type = POLICY_CEL_BOOL;
	int r = 0;

	if (node->operation >= POLICY_CEL_NOT) {
		node->type = POLICY_CEL_BOOL;
		return cel_check_booleans(parser, node, at, name);
	}
	if (node->operation != POLICY_CEL_EQUAL && node->operation != POLICY_CEL_NOT_EQUAL)
		r = cel_check_integers(parser, node, at, name);
	if (r == 0)
		r = cel_check_pair(parser, node, at, name, &type);
	node->type = (uint8_t)(node->operation >= POLICY_CEL_EQUAL ? POLICY_CEL_BOOL : type);
	return r;
}
