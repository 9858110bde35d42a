/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CelExpr: comparisons are questions, && || ! are where their answers lead, sums are steps that
 * keep a result. First every argument is read: one that could not be makes no match, wherever the
 * expression has it.
 */
#include <errno.h>
#include <string.h>

#include "daemon/policy/engine/compile.h"
#include "lib/util.h"
#include "policy/cel.h"

#define LABELS_OF_A_NODE 4

_Static_assert(POLICY_CEL_NUMBERS_MAX == HOOK_NUMBERS_MAX, "what is taken has room");
_Static_assert(TARGET_LABEL + LABELS_OF_A_NODE * POLICY_CEL_NODES_MAX <= TARGET_NEXT_FILTER,
	"labels are no targets");

struct lowering {
	struct compiler *compiler;
	struct policy_cel cel;
	size_t begin;			       /* its first step */
	uint16_t labels;		       /* so many are in use */
	uint8_t argument;		       /* one that is read */
	uint8_t indexes[POLICY_ARGUMENTS_MAX]; /* of argN among the hook's */
};

/* A side of an operator. */
struct side {
	uint8_t place; /* an argument, NUMBER_KEPT, NUMBER_CONSTANT */
	uint64_t constant;
};

struct targets {
	uint16_t yes, no;
};

static const struct policy_cel_node *node_at(const struct lowering *lowering, uint16_t index)
{
	return &lowering->cel.nodes[index];
}

static bool is_constant(const struct side *side)
{
	return side->place == NUMBER_CONSTANT;
}

static bool is_kept(const struct side *side)
{
	return side->place & NUMBER_KEPT;
}

static int add_step(struct lowering *lowering, struct hook_step step, struct targets targets)
{
	step.argument = lowering->argument;
	step.then = targets.yes;
	step.otherwise = targets.no;
	step.unknown = TARGET_FAIL;
	return compile_step(lowering->compiler, &step) ? 0 : lowering->compiler->error->code;
}

static struct targets next_step(const struct lowering *lowering)
{
	uint16_t next = (uint16_t)(lowering->compiler->compiled->step_count + 1);

	return (struct targets){next, next};
}

/* LABELS_OF_A_NODE at most. */
static uint16_t label_new(struct lowering *lowering)
{
	return (uint16_t)(TARGET_LABEL + lowering->labels++);
}

/* It stands for the next step. */
static void label_place(struct lowering *lowering, uint16_t label)
{
	struct compiled_hook *compiled = lowering->compiler->compiled;

	for (size_t i = lowering->begin; i < compiled->step_count; i++) {
		struct hook_step *step = &compiled->steps[i];

		if (step->then == label)
			step->then = (uint16_t)compiled->step_count;
		if (step->otherwise == label)
			step->otherwise = (uint16_t)compiled->step_count;
	}
}

static int calculate(struct lowering *lowering, enum step_operation operation, struct side left,
	struct side right, enum policy_cel_type type, uint8_t result)
{
	struct hook_step step = {
		.operation = (uint8_t)operation,
		.left = left.place,
		.low = left.constant,
		.right = right.place,
		.high = right.constant,
		.result = result,
		.size = (uint8_t)(policy_cel_bits(type) / 8),
		.is_signed = policy_cel_is_signed(type),
	};

	return add_step(lowering, step, next_step(lowering));
}

/* Work out a number. A result that has to be kept is kept at `numbers`, and what it takes from
 * there on. */
static int lower_number(
	struct lowering *lowering, uint16_t index, uint8_t numbers, struct side *ret_side)
{
	static const uint8_t operations[] = {
		[POLICY_CEL_CONVERT] = STEP_NUMBER_ADD, /* of nothing, which leaves fewer bits */
		[POLICY_CEL_BIT_NOT] = STEP_NUMBER_XOR,
		[POLICY_CEL_BIT_AND] = STEP_NUMBER_AND,
		[POLICY_CEL_BIT_OR] = STEP_NUMBER_OR,
		[POLICY_CEL_BIT_XOR] = STEP_NUMBER_XOR,
		[POLICY_CEL_ADD] = STEP_NUMBER_ADD,
		[POLICY_CEL_SUBTRACT] = STEP_NUMBER_SUBTRACT,
	};
	const struct policy_cel_node *node = node_at(lowering, index);
	struct side left, right = {.place = NUMBER_CONSTANT};
	int r;

	if (node->operation == POLICY_CEL_LITERAL) {
		*ret_side = (struct side){NUMBER_CONSTANT, node->literal};
		return 0;
	}
	if (node->operation == POLICY_CEL_ARGUMENT) {
		*ret_side = (struct side){.place = lowering->indexes[node->argument]};
		return 0;
	}
	r = lower_number(lowering, node->left, numbers, &left);
	if (r < 0)
		return r;
	if (node->operation == POLICY_CEL_BIT_NOT)
		right.constant = UINT64_MAX;
	else if (node->operation != POLICY_CEL_CONVERT)
		r = lower_number(
			lowering, node->right, (uint8_t)(numbers + is_kept(&left)), &right);
	if (r < 0)
		return r;
	*ret_side = (struct side){.place = (uint8_t)(NUMBER_KEPT | numbers)};
	return calculate(lowering, operations[node->operation], left, right,
		(enum policy_cel_type)node->type, numbers);
}

static struct targets exchanged(struct targets targets)
{
	return (struct targets){targets.no, targets.yes};
}

/* The integers of a type for which `integer operation number` holds; of none: from 1 to 0. */
static void set_range(struct hook_step *step, enum policy_cel_operation operation, uint64_t number,
	bool is_signed)
{
	uint64_t least = is_signed ? (uint64_t)INT64_MIN : 0;
	uint64_t greatest = is_signed ? (uint64_t)INT64_MAX : UINT64_MAX;
	bool is_empty = (operation == POLICY_CEL_LESS && number == least) ||
			(operation == POLICY_CEL_GREATER && number == greatest);
	bool is_below = operation == POLICY_CEL_LESS || operation == POLICY_CEL_LESS_EQUAL;
	bool is_above = operation == POLICY_CEL_GREATER || operation == POLICY_CEL_GREATER_EQUAL;

	step->low = is_empty ? 1 : is_below ? least : number + (operation == POLICY_CEL_GREATER);
	step->high = is_empty ? 0 : is_above ? greatest : number - (operation == POLICY_CEL_LESS);
}

/* An argument with a number: the question that other operators ask too, and a prefilter knows. */
static int compare_argument(struct lowering *lowering, enum policy_cel_operation operation,
	uint8_t argument, uint64_t number, bool is_signed, struct targets targets)
{
	struct hook_step step = {.operation = is_signed ? STEP_RANGE_SIGNED : STEP_RANGE};

	set_range(&step, operation, number, is_signed);
	lowering->argument = argument;
	return add_step(
		lowering, step, operation == POLICY_CEL_NOT_EQUAL ? exchanged(targets) : targets);
}

static int compare_sides(struct lowering *lowering, enum policy_cel_operation operation,
	struct side left, struct side right, bool is_signed, struct targets targets)
{
	bool turned = operation == POLICY_CEL_GREATER || operation == POLICY_CEL_LESS_EQUAL;
	struct side first = turned ? right : left, second = turned ? left : right;
	bool is_equality = operation == POLICY_CEL_EQUAL || operation == POLICY_CEL_NOT_EQUAL;
	struct hook_step step = {
		.operation = is_equality ? STEP_NUMBER_EQUAL : STEP_NUMBER_LESS,
		.left = first.place,
		.low = first.constant,
		.right = second.place,
		.high = second.constant,
		.is_signed = is_signed,
	};

	if (operation == POLICY_CEL_NOT_EQUAL || operation == POLICY_CEL_LESS_EQUAL ||
		operation == POLICY_CEL_GREATER_EQUAL)
		targets = exchanged(targets);
	return add_step(lowering, step, targets);
}

/* a < b as b > a. */
static enum policy_cel_operation turned_round(enum policy_cel_operation operation)
{
	switch (operation) {
	case POLICY_CEL_LESS:
		return POLICY_CEL_GREATER;
	case POLICY_CEL_LESS_EQUAL:
		return POLICY_CEL_GREATER_EQUAL;
	case POLICY_CEL_GREATER:
		return POLICY_CEL_LESS;
	case POLICY_CEL_GREATER_EQUAL:
		return POLICY_CEL_LESS_EQUAL;
	default:
		return operation;
	}
}

static bool is_argument(const struct side *side)
{
	return !is_constant(side) && !is_kept(side);
}

static int lower_comparison(struct lowering *lowering, const struct policy_cel_node *node,
	uint8_t numbers, struct targets targets)
{
	enum policy_cel_operation operation = (enum policy_cel_operation)node->operation;
	enum policy_cel_type type = (enum policy_cel_type)node_at(lowering, node->left)->type;
	bool is_signed = policy_cel_is_signed(type);
	struct side left, right;
	int r = lower_number(lowering, node->left, numbers, &left);

	if (r == 0)
		r = lower_number(
			lowering, node->right, (uint8_t)(numbers + is_kept(&left)), &right);
	if (r < 0)
		return r;
	if (is_argument(&left) && is_constant(&right))
		return compare_argument(
			lowering, operation, left.place, right.constant, is_signed, targets);
	if (is_constant(&left) && is_argument(&right))
		return compare_argument(lowering, turned_round(operation), right.place,
			left.constant, is_signed, targets);
	return compare_sides(lowering, operation, left, right, is_signed, targets);
}

static int lower(
	struct lowering *lowering, uint16_t index, uint8_t numbers, struct targets targets);

/* Two booleans: the left one is kept while the right one is asked. */
static int lower_booleans(struct lowering *lowering, const struct policy_cel_node *node,
	uint8_t numbers, struct targets targets)
{
	static const struct side zero = {NUMBER_CONSTANT, 0}, one = {NUMBER_CONSTANT, 1};
	struct side kept = {.place = (uint8_t)(NUMBER_KEPT | numbers)};
	struct targets left = {label_new(lowering), label_new(lowering)};
	struct targets right = {label_new(lowering), label_new(lowering)};
	enum policy_cel_operation operation = (enum policy_cel_operation)node->operation;
	int r = lower(lowering, node->left, numbers, left);

	/* First no, which is kept and passes over yes; steps only lead forward. */
	label_place(lowering, left.no);
	if (r == 0)
		r = calculate(lowering, STEP_NUMBER_ADD, zero, zero, POLICY_CEL_BOOL, numbers);
	if (r == 0) {
		struct compiled_hook *compiled = lowering->compiler->compiled;

		compiled->steps[compiled->step_count - 1].then++;
		label_place(lowering, left.yes);
		r = calculate(lowering, STEP_NUMBER_ADD, one, zero, POLICY_CEL_BOOL, numbers);
	}
	if (r == 0)
		r = lower(lowering, node->right, (uint8_t)(numbers + 1), right);
	label_place(lowering, right.no);
	if (r == 0)
		r = compare_sides(lowering, operation, kept, zero, false, targets);
	label_place(lowering, right.yes);
	return r < 0 ? r : compare_sides(lowering, operation, kept, one, false, targets);
}

static int lower_literal(
	struct lowering *lowering, const struct policy_cel_node *node, struct targets targets)
{
	struct side one = {NUMBER_CONSTANT, 1}, side = {NUMBER_CONSTANT, node->literal};

	return compare_sides(lowering, POLICY_CEL_EQUAL, one, side, false, targets);
}

/* Go to one of the targets, as the boolean says. */
static int lower(struct lowering *lowering, uint16_t index, uint8_t numbers, struct targets targets)
{
	const struct policy_cel_node *node = node_at(lowering, index);
	struct targets first = targets;
	uint16_t label;
	int r;

	switch ((enum policy_cel_operation)node->operation) {
	case POLICY_CEL_LITERAL:
		return lower_literal(lowering, node, targets);
	case POLICY_CEL_NOT:
		return lower(lowering, node->left, numbers, exchanged(targets));
	case POLICY_CEL_AND:
	case POLICY_CEL_OR:
		label = label_new(lowering);
		*(node->operation == POLICY_CEL_AND ? &first.yes : &first.no) = label;
		r = lower(lowering, node->left, numbers, first);
		label_place(lowering, label);
		return r < 0 ? r : lower(lowering, node->right, numbers, targets);
	default:
		return node_at(lowering, node->left)->type == POLICY_CEL_BOOL
			       ? lower_booleans(lowering, node, numbers, targets)
			       : lower_comparison(lowering, node, numbers, targets);
	}
}

/* What is asked first need not be read before it. */
static const struct policy_cel_node *asked_first(const struct lowering *lowering)
{
	const struct policy_cel_node *node = node_at(lowering, lowering->cel.root), *right;

	while (node->operation >= POLICY_CEL_NOT)
		node = node_at(lowering, node->left);
	if (node->operation < POLICY_CEL_EQUAL)
		return NULL;
	right = node_at(lowering, node->right);
	node = node_at(lowering, node->left);
	return node->operation == POLICY_CEL_ARGUMENT && right->operation == POLICY_CEL_LITERAL
		       ? node
		       : NULL;
}

static int read_arguments(struct lowering *lowering)
{
	const struct policy_cel_node *first = asked_first(lowering);

	for (size_t i = 0; i < POLICY_ARGUMENTS_MAX; i++) {
		uint16_t next = (uint16_t)(lowering->compiler->compiled->step_count + 1);
		int r;

		if (!(lowering->cel.arguments >> i & 1))
			continue;
		lowering->argument = lowering->indexes[i];
		if (first && first->argument == i)
			continue;
		r = add_step(lowering, (struct hook_step){.operation = STEP_READ},
			(struct targets){next, TARGET_FAIL});
		if (r < 0)
			return r;
	}
	return 0;
}

/* About nothing: a question about the process, which is always answered. */
static int lower_constant(struct lowering *lowering)
{
	struct hook_step step = {.operation = STEP_PID, .high = UINT32_MAX};

	if (!policy_cel_holds(&lowering->cel, NULL)) {
		step.low = 1;
		step.high = 0;
	}
	return compile_alternative(lowering->compiler, step, true, false);
}

int compile_expression(struct compiler *compiler, const struct policy_match_args *match)
{
	struct lowering lowering = {.compiler = compiler, .begin = compiler->compiled->step_count};
	const struct policy_argument *named[POLICY_ARGUMENTS_MAX];
	enum policy_argument_type types[POLICY_ARGUMENTS_MAX];
	const struct policy_text *text = &match->values.items[0].text;
	size_t count = policy_cel_arguments(match, named), at;
	struct error wrong = {0};
	int r;

	for (size_t i = 0; i < count; i++) {
		lowering.indexes[i] =
			(uint8_t)compile_argument_index(compiler->input->hook, named[i]);
		types[i] = compiler->input->types[lowering.indexes[i]];
	}
	r = policy_cel_parse(text->data, text->length, types, count, &lowering.cel, &at, &wrong);
	if (r < 0) /* what `auto` is has decided */
		return error_set(compiler->error, r, "\"%.*s\": %s, at byte %zu",
			(int)MIN(text->length, (size_t)160), text->data, wrong.message, at);
	if (!lowering.cel.arguments)
		return lower_constant(&lowering);
	r = read_arguments(&lowering);
	return r < 0 ? r
		     : lower(&lowering, lowering.cel.root, 0,
			       (struct targets){TARGET_NEXT_FILTER, TARGET_FAIL});
}
