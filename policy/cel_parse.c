/* SPDX-License-Identifier: Apache-2.0 */
/* Text -> struct policy_cel. The language's own order: || && relations + - ! and
 * what stands alone. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"
#include "policy/argument_types.h"
#include "policy/cel_parser.h"
#include "policy/report.h"
#include "policy/words.h"

struct symbol {
	const char *name;
	enum policy_cel_operation operation;
};

#define FUNCTIONS "int8() int16() int32() uint8() uint16() uint32() and() or() xor() not()"
#define ALLOWED	  "+ - && || ! == != < <= > >= ( ) argN true false, numbers (5, 0x5, 5u), " FUNCTIONS

static int parse_or(struct cel_parser *parser, uint16_t *ret_node);

static int expect(struct cel_parser *parser, const char *symbol)
{
	return cel_lexer_take(&parser->lexer, symbol)
		       ? 0
		       : cel_lexer_error(&parser->lexer, "expected %s", symbol);
}

/* A number, whose sign has been read. */
static int parse_number(struct cel_parser *parser, bool negative, uint16_t *ret_node)
{
	struct cel_lexer *lexer = &parser->lexer;
	struct policy_cel_node node = {.operation = POLICY_CEL_LITERAL,
		.type = lexer->is_unsigned ? POLICY_CEL_UINT : POLICY_CEL_INT,
		.literal = negative ? -lexer->number : lexer->number};
	int r;

	if (lexer->is_unsigned && negative)
		return cel_lexer_error(lexer, "a number with u has no sign");
	if (!lexer->is_unsigned && lexer->number > (uint64_t)INT64_MAX + negative)
		return cel_lexer_error(lexer,
			"the number is out of range; allowed: %lld to %lld, "
			"with u to %llu",
			(long long)INT64_MIN, (long long)INT64_MAX, (unsigned long long)UINT64_MAX);
	r = cel_node_add(parser, node, ret_node);
	return r < 0 ? r : cel_lexer_next(lexer);
}

static int parse_boolean(struct cel_parser *parser, uint16_t *ret_node)
{
	struct policy_cel_node node = {.operation = POLICY_CEL_LITERAL,
		.type = POLICY_CEL_BOOL,
		.literal = cel_lexer_is(&parser->lexer, "true")};
	int r = cel_node_add(parser, node, ret_node);

	return r < 0 ? r : cel_lexer_next(&parser->lexer);
}

static enum policy_cel_type argument_type(enum policy_argument_type type)
{
	static const enum policy_cel_type types[2][4] = {
		{POLICY_CEL_UINT8, POLICY_CEL_UINT16, POLICY_CEL_UINT32, POLICY_CEL_UINT},
		{POLICY_CEL_INT8, POLICY_CEL_INT16, POLICY_CEL_INT32, POLICY_CEL_INT},
	};
	unsigned int bits = policy_type_bits(type);

	if (type == POLICY_TYPE_AUTO)
		return POLICY_CEL_UNKNOWN;
	return types[policy_type_is_signed(type)][bits == 64 ? 3 : bits == 32 ? 2 : bits == 16];
}

/* N of argN, as it is written without zeros before it. */
static bool argument_number(const struct cel_lexer *lexer, size_t *ret_number)
{
	const char *digit = lexer->start + strlen("arg");
	size_t number = 0;

	if (lexer->at - lexer->start <= 3 || memcmp(lexer->start, "arg", 3) != 0 ||
		lexer->at - digit > 3 || (*digit == '0' && lexer->at - digit > 1))
		return false;
	for (; digit < lexer->at; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		number = 10 * number + (size_t)(*digit - '0');
	}
	*ret_number = number;
	return true;
}

static int parse_argument(struct cel_parser *parser, uint16_t *ret_node)
{
	struct cel_lexer *lexer = &parser->lexer;
	struct policy_cel_node node = {.operation = POLICY_CEL_ARGUMENT};
	enum policy_argument_type type;
	char last[32] = "";
	size_t number = 0;
	int r;

	if (parser->types_count > 1)
		snprintf(last, sizeof(last), " to arg%zu", parser->types_count - 1);
	if (!argument_number(lexer, &number) || number >= parser->types_count)
		return cel_lexer_error(lexer, "there is no %s; allowed: %s%s",
			QUOTE(lexer->start, (size_t)(lexer->at - lexer->start)),
			parser->types_count ? "arg0" : "true, false, as there are no arguments",
			last);
	type = parser->types[number];
	if (type != POLICY_TYPE_AUTO && policy_type_class(type) != POLICY_CLASS_INTEGER)
		return cel_lexer_error(lexer, "arg%zu is of type %s; allowed: integers", number,
			policy_word(policy_argument_type_words, (int)type));
	node.type = argument_type(type);
	node.argument = number;
	parser->cel->arguments |= 1u << number;
	r = cel_node_add(parser, node, ret_node);
	return r < 0 ? r : cel_lexer_next(lexer);
}

/* int32(x) is of an int, uint32(x) of a uint: narrower, never of another sign. */
static int parse_conversion(
	struct cel_parser *parser, const char *at, enum policy_cel_type type, uint16_t *ret_node)
{
	enum policy_cel_type wide = policy_cel_is_signed(type) ? POLICY_CEL_INT : POLICY_CEL_UINT;
	struct policy_cel_node node = {.operation = POLICY_CEL_CONVERT, .type = type};
	enum policy_cel_type from;
	char what[ERROR_MESSAGE_MAX];
	int r = parse_or(parser, &node.left);

	if (r == 0)
		r = expect(parser, ")");
	if (r < 0)
		return r;
	node.right = node.left;
	from = cel_node_type(parser, node.left);
	if (from == wide || from == POLICY_CEL_UNKNOWN) {
		const struct policy_cel_node *inner = &parser->cel->nodes[node.left];

		if (inner->operation == POLICY_CEL_LITERAL) {
			node.operation = POLICY_CEL_LITERAL;
			node.literal = policy_cel_extend(type, inner->literal);
		}
		return cel_node_add(parser, node, ret_node);
	}
	snprintf(what, sizeof(what), "%s() of %s; allowed: of %s", cel_type_names[type],
		cel_type_names[from], cel_type_names[wide]);
	return cel_wrong_at(parser, at, what);
}

static int parse_bitwise(struct cel_parser *parser, const char *at, const struct symbol *function,
	uint16_t *ret_node)
{
	struct policy_cel_node node = {.operation = (uint8_t)function->operation};
	enum policy_cel_type type;
	int r = parse_or(parser, &node.left);

	node.right = node.left;
	if (r == 0 && function->operation != POLICY_CEL_BIT_NOT) {
		r = expect(parser, ",");
		if (r == 0)
			r = parse_or(parser, &node.right);
	}
	if (r == 0)
		r = expect(parser, ")");
	if (r == 0)
		r = cel_check_integers(parser, &node, at, function->name);
	if (r == 0)
		r = cel_check_pair(parser, &node, at, function->name, &type);
	if (r < 0)
		return r;
	node.type = (uint8_t)type;
	return cel_node_add(parser, node, ret_node);
}

static int parse_function(struct cel_parser *parser, uint16_t *ret_node)
{
	static const struct symbol bitwise[] = {
		{"and", POLICY_CEL_BIT_AND},
		{"or", POLICY_CEL_BIT_OR},
		{"xor", POLICY_CEL_BIT_XOR},
		{"not", POLICY_CEL_BIT_NOT},
	};
	struct cel_lexer *lexer = &parser->lexer;
	const char *at = lexer->start;
	int type = POLICY_CEL_INT8;
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(bitwise) && !cel_lexer_is(lexer, bitwise[i].name))
		i++;
	while (type < POLICY_CEL_UINT &&
		(type == POLICY_CEL_INT || !cel_lexer_is(lexer, cel_type_names[type])))
		type++;
	if (i == ARRAY_SIZE(bitwise) && type == POLICY_CEL_UINT)
		return cel_lexer_error(lexer, "there is no function %s; allowed: " FUNCTIONS,
			QUOTE(lexer->start, (size_t)(lexer->at - lexer->start)));
	r = cel_lexer_next(lexer);
	if (r == 0)
		r = expect(parser, "(");
	if (r < 0)
		return r;
	return type < POLICY_CEL_UINT
		       ? parse_conversion(parser, at, (enum policy_cel_type)type, ret_node)
		       : parse_bitwise(parser, at, &bitwise[i], ret_node);
}

static int parse_primary(struct cel_parser *parser, uint16_t *ret_node)
{
	struct cel_lexer *lexer = &parser->lexer;
	int r;

	if (lexer->token == CEL_TOKEN_NUMBER)
		return parse_number(parser, false, ret_node);
	if (cel_lexer_is(lexer, "true") || cel_lexer_is(lexer, "false"))
		return parse_boolean(parser, ret_node);
	if (lexer->token == CEL_TOKEN_WORD)
		return cel_lexer_peek(lexer) == '(' ? parse_function(parser, ret_node)
						    : parse_argument(parser, ret_node);
	if (cel_lexer_take(lexer, "(")) {
		r = parse_or(parser, ret_node);
		return r < 0 ? r : expect(parser, ")");
	}
	if (lexer->token == CEL_TOKEN_STRING)
		return cel_lexer_error(lexer, "strings are not supported; allowed: " ALLOWED);
	if (lexer->token == CEL_TOKEN_END)
		return cel_lexer_error(lexer,
			"the expression ends where something is expected; allowed: " ALLOWED);
	return cel_lexer_error(lexer, "%s is not supported here; allowed: " ALLOWED,
		QUOTE(lexer->start, (size_t)(lexer->at - lexer->start)));
}

static int parse_unary(struct cel_parser *parser, uint16_t *ret_node)
{
	struct policy_cel_node node = {.operation = POLICY_CEL_NOT, .type = POLICY_CEL_BOOL};
	struct cel_lexer *lexer = &parser->lexer;
	const char *at = lexer->start;
	int r;

	if (cel_lexer_take(lexer, "-")) {
		if (lexer->token == CEL_TOKEN_NUMBER)
			return parse_number(parser, true, ret_node);
		return cel_wrong_at(parser, at,
			"a sign stands before numbers only; allowed: 0 - arg0, int32(0) - arg0");
	}
	if (!cel_lexer_take(lexer, "!"))
		return parse_primary(parser, ret_node);
	if (parser->depth == POLICY_CEL_DEPTH_MAX)
		return cel_lexer_error(lexer, "the expression is nested too deep; allowed: %d",
			POLICY_CEL_DEPTH_MAX);
	parser->depth++;
	r = parse_unary(parser, &node.left);
	parser->depth--;
	node.right = node.left;
	if (r == 0)
		r = cel_check_booleans(parser, &node, at, "!");
	return r < 0 ? r : cel_node_add(parser, node, ret_node);
}

static const struct symbol sums[] = {
	{"+", POLICY_CEL_ADD},
	{"-", POLICY_CEL_SUBTRACT},
	{NULL},
};
static const struct symbol relations[] = {
	{"==", POLICY_CEL_EQUAL},
	{"!=", POLICY_CEL_NOT_EQUAL},
	{"<=", POLICY_CEL_LESS_EQUAL},
	{">=", POLICY_CEL_GREATER_EQUAL},
	{"<", POLICY_CEL_LESS},
	{">", POLICY_CEL_GREATER},
	{NULL},
};
static const struct symbol conjunctions[] = {{"&&", POLICY_CEL_AND}, {NULL}};
static const struct symbol disjunctions[] = {{"||", POLICY_CEL_OR}, {NULL}};

/* Operators of one rank, from the left. */
static int parse_chain(struct cel_parser *parser, const struct symbol *symbols,
	int (*parse_part)(struct cel_parser *parser, uint16_t *ret_node), uint16_t *ret_node)
{
	struct policy_cel_node node = {0};
	uint16_t left;
	int r = parse_part(parser, &left);

	while (r == 0) {
		const struct symbol *symbol = symbols;
		const char *at = parser->lexer.start;

		while (symbol->name && !cel_lexer_take(&parser->lexer, symbol->name))
			symbol++;
		if (!symbol->name)
			break;
		node.operation = (uint8_t)symbol->operation;
		node.left = left;
		r = parse_part(parser, &node.right);
		if (r == 0)
			r = cel_check_operator(parser, &node, at, symbol->name);
		if (r == 0)
			r = cel_node_add(parser, node, &left);
	}
	if (r == 0)
		*ret_node = left;
	return r;
}

static int parse_sum(struct cel_parser *parser, uint16_t *ret_node)
{
	return parse_chain(parser, sums, parse_unary, ret_node);
}

static int parse_relation(struct cel_parser *parser, uint16_t *ret_node)
{
	return parse_chain(parser, relations, parse_sum, ret_node);
}

static int parse_and(struct cel_parser *parser, uint16_t *ret_node)
{
	return parse_chain(parser, conjunctions, parse_relation, ret_node);
}

static int parse_or(struct cel_parser *parser, uint16_t *ret_node)
{
	int r;

	if (parser->depth == POLICY_CEL_DEPTH_MAX)
		return cel_lexer_error(&parser->lexer,
			"the expression is nested too deep; allowed: %d", POLICY_CEL_DEPTH_MAX);
	parser->depth++;
	r = parse_chain(parser, disjunctions, parse_and, ret_node);
	parser->depth--;
	return r;
}

static int parse_expression(struct cel_parser *parser)
{
	struct cel_lexer *lexer = &parser->lexer;
	int r = cel_lexer_next(lexer);

	if (r == 0)
		r = parse_or(parser, &parser->cel->root);
	if (r == 0 && lexer->token != CEL_TOKEN_END)
		r = cel_lexer_error(lexer, "%s is not supported here; allowed: " ALLOWED,
			QUOTE(lexer->start, (size_t)(lexer->at - lexer->start)));
	if (r == 0 && cel_node_type(parser, parser->cel->root) != POLICY_CEL_BOOL)
		r = cel_wrong_at(parser, lexer->source,
			"the expression is a number; allowed: what is true or false");
	return r;
}

int policy_cel_parse(const char *text, size_t length, const enum policy_argument_type *types,
	size_t count, struct policy_cel *ret_cel, size_t *ret_at, struct error *error)
{
	struct cel_parser parser = {.types = types,
		.types_count = MIN(count, (size_t)POLICY_ARGUMENTS_MAX),
		.cel = ret_cel};
	int r;

	*ret_at = 0;
	if (length > POLICY_CEL_LENGTH_MAX)
		return error_set(error, -EINVAL, "the expression has %zu bytes; allowed: %d",
			length, POLICY_CEL_LENGTH_MAX);
	ret_cel->count = 0;
	ret_cel->arguments = 0;
	cel_lexer_init(&parser.lexer, text, length, error);
	r = parse_expression(&parser);
	*ret_at = (size_t)(parser.lexer.start - text);
	cel_lexer_done(&parser.lexer);
	return r;
}
