/* SPDX-License-Identifier: Apache-2.0 */
/* What an expression is worth, worked out slowly and plainly. */
#include "policy/cel.h"

#include "lib/util.h"

static const struct {
	uint8_t bits;
	bool is_signed;
} integers[] = {
	[POLICY_CEL_UNKNOWN] = {64, true},
	[POLICY_CEL_BOOL] = {64, false},
	[POLICY_CEL_INT8] = {8, true},
	[POLICY_CEL_INT16] = {16, true},
	[POLICY_CEL_INT32] = {32, true},
	[POLICY_CEL_INT] = {64, true},
	[POLICY_CEL_UINT8] = {8, false},
	[POLICY_CEL_UINT16] = {16, false},
	[POLICY_CEL_UINT32] = {32, false},
	[POLICY_CEL_UINT] = {64, false},
};

unsigned int policy_cel_bits(enum policy_cel_type type)
{
	return integers[type].bits;
}

bool policy_cel_is_signed(enum policy_cel_type type)
{
	return integers[type].is_signed;
}

uint64_t policy_cel_extend(enum policy_cel_type type, uint64_t number)
{
	switch (type) {
	case POLICY_CEL_INT8:
		return (uint64_t)(int64_t)(int8_t)number;
	case POLICY_CEL_INT16:
		return (uint64_t)(int64_t)(int16_t)number;
	case POLICY_CEL_INT32:
		return (uint64_t)(int64_t)(int32_t)number;
	case POLICY_CEL_UINT8:
		return (uint8_t)number;
	case POLICY_CEL_UINT16:
		return (uint16_t)number;
	case POLICY_CEL_UINT32:
		return (uint32_t)number;
	default:
		return number;
	}
}

static bool is_less(enum policy_cel_type type, uint64_t left, uint64_t right)
{
	return policy_cel_is_signed(type) ? (int64_t)left < (int64_t)right : left < right;
}

/* A boolean is 0 or 1. What has a left side only has the same to its right. */
static uint64_t worth(const struct policy_cel *cel, uint16_t index, const uint64_t *arguments)
{
	const struct policy_cel_node *node = &cel->nodes[index];
	enum policy_cel_type type = (enum policy_cel_type)cel->nodes[node->left].type;
	uint64_t left, right;

	if (node->operation == POLICY_CEL_LITERAL)
		return node->literal;
	if (node->operation == POLICY_CEL_ARGUMENT)
		return arguments[node->argument];
	left = worth(cel, node->left, arguments);
	right = node->right == node->left ? left : worth(cel, node->right, arguments);
	switch ((enum policy_cel_operation)node->operation) {
	case POLICY_CEL_BIT_NOT:
		return policy_cel_extend(type, ~left);
	case POLICY_CEL_BIT_AND:
	case POLICY_CEL_AND:
		return left & right;
	case POLICY_CEL_BIT_OR:
	case POLICY_CEL_OR:
		return left | right;
	case POLICY_CEL_BIT_XOR:
		return left ^ right;
	case POLICY_CEL_ADD:
		return policy_cel_extend(type, left + right);
	case POLICY_CEL_SUBTRACT:
		return policy_cel_extend(type, left - right);
	case POLICY_CEL_EQUAL:
		return left == right;
	case POLICY_CEL_NOT_EQUAL:
		return left != right;
	case POLICY_CEL_LESS:
		return is_less(type, left, right);
	case POLICY_CEL_LESS_EQUAL:
		return !is_less(type, right, left);
	case POLICY_CEL_GREATER:
		return is_less(type, right, left);
	case POLICY_CEL_GREATER_EQUAL:
		return !is_less(type, left, right);
	case POLICY_CEL_NOT:
		return !left;
	default:
		return policy_cel_extend((enum policy_cel_type)node->type, left);
	}
}

bool policy_cel_holds(const struct policy_cel *cel, const uint64_t *arguments)
{
	return worth(cel, cel->root, arguments);
}

size_t policy_cel_arguments(const struct policy_match_args *match,
	const struct policy_argument *ret_arguments[POLICY_ARGUMENTS_MAX])
{
	size_t listed = match->args.count ? match->args.count : match->arguments.count;
	size_t count = MIN(listed, (size_t)POLICY_ARGUMENTS_MAX);

	for (size_t i = 0; i < count; i++)
		ret_arguments[i] =
			&match->arguments
				 .items[match->args.count ? match->args.items[i] : (int64_t)i];
	return count;
}
