/* SPDX-License-Identifier: Apache-2.0 */
/* Text -> struct cel, types checked, regular expressions compiled. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/filter/cel_node.h"
#include "lib/cel_lexer.h"
#include "lib/util.h"

#define NODES_MAX 1024

struct parser {
	struct cel_lexer lexer;
	unsigned int depth, nodes;
};

static int parse_or(struct parser *parser, struct cel_node **ret_node);

static struct cel_node *node_free(struct cel_node *node)
{
	struct cel_node *item, *next;

	if (!node)
		return NULL;
	node_free(node->left);
	node_free(node->right);
	for (item = node->items; item; item = next) {
		next = item->next;
		node_free(item);
	}
	free(node->text);
	regex_free(node->regex);
	free(node);
	return NULL;
}

static void node_free_p(struct cel_node **node)
{
	node_free(*node);
}
#define _cleanup_node_ _cleanup_(node_free_p)

static int node_new(struct parser *parser, enum cel_operation operation, enum cel_type type,
	struct cel_node **ret_node)
{
	struct cel_node *node;

	if (++parser->nodes > NODES_MAX)
		return cel_lexer_error(&parser->lexer, "the expression is too large");
	node = calloc(1, sizeof(*node));
	if (!node)
		return error_set(parser->lexer.error, -ENOMEM, "no memory");
	node->operation = operation;
	node->type = type;
	*ret_node = node;
	return 0;
}

static int expect(struct parser *parser, const char *symbol)
{
	if (cel_lexer_take(&parser->lexer, symbol))
		return 0;
	return cel_lexer_error(&parser->lexer, "expected %s", symbol);
}

static int expect_type(struct parser *parser, const struct cel_node *node, enum cel_type type)
{
	if (node->type == type)
		return 0;
	return cel_lexer_error(&parser->lexer, "what stands before is %s, expected %s",
		cel_type_name(node->type), cel_type_name(type));
}

static bool is_number(const struct cel_lexer *lexer)
{
	return lexer->token == CEL_TOKEN_NUMBER || cel_lexer_is(lexer, "-");
}

/* The number that the token is, or that comes after its sign. */
static int read_number(struct cel_lexer *lexer, int64_t *ret_number)
{
	bool negative = cel_lexer_take(lexer, "-");

	if (lexer->token != CEL_TOKEN_NUMBER)
		return cel_lexer_error(lexer, "a sign stands before a number");
	if (lexer->number > (uint64_t)INT64_MAX + negative)
		return cel_lexer_error(lexer, "this is no number");
	*ret_number = (int64_t)(negative ? -lexer->number : lexer->number);
	return 0;
}

static int parse_literal(struct parser *parser, struct cel_node **ret_node)
{
	_cleanup_node_ struct cel_node *node = NULL;
	struct cel_lexer *lexer = &parser->lexer;
	enum cel_type type = CEL_STRING;
	int r;

	if (is_number(lexer))
		type = CEL_NUMBER;
	else if (lexer->token == CEL_TOKEN_WORD)
		type = CEL_BOOLEAN;
	r = node_new(parser, CEL_LITERAL, type, &node);
	if (r < 0)
		return r;
	if (type == CEL_NUMBER) {
		r = read_number(lexer, &node->number);
		if (r < 0)
			return r;
	}
	node->boolean = type == CEL_BOOLEAN && cel_lexer_is(lexer, "true");
	if (type == CEL_STRING) {
		node->length = lexer->text.length;
		node->text = malloc(node->length + 1);
		if (!node->text)
			return error_set(lexer->error, -ENOMEM, "no memory");
		if (node->length)
			memcpy(node->text, lexer->text.data, node->length);
		node->text[node->length] = '\0';
	}
	r = cel_lexer_next(lexer);
	if (r < 0)
		return r;
	*ret_node = TAKE_PTR(node);
	return 0;
}

static int parse_list(struct parser *parser, struct cel_node **ret_node)
{
	_cleanup_node_ struct cel_node *list = NULL;
	struct cel_node **end;
	int r;

	r = node_new(parser, CEL_LIST, CEL_LIST_TYPE, &list);
	if (r < 0)
		return r;
	end = &list->items;
	do {
		if (parser->lexer.token != CEL_TOKEN_STRING && !is_number(&parser->lexer))
			return cel_lexer_error(&parser->lexer, "a list has strings or numbers");
		r = parse_literal(parser, end);
		if (r < 0)
			return r;
		if ((*end)->type != list->items->type)
			return cel_lexer_error(
				&parser->lexer, "a list has strings or numbers, not both");
		end = &(*end)->next;
	} while (cel_lexer_take(&parser->lexer, ","));
	r = expect(parser, "]");
	if (r < 0)
		return r;
	*ret_node = TAKE_PTR(list);
	return 0;
}

/* uint(1), int(x): whole numbers are one type here. */
static int parse_conversion(struct parser *parser, struct cel_node **ret_node)
{
	_cleanup_node_ struct cel_node *node = NULL;
	int r;

	r = cel_lexer_next(&parser->lexer);
	if (r == 0)
		r = expect(parser, "(");
	if (r == 0)
		r = parse_or(parser, &node);
	if (r == 0)
		r = expect_type(parser, node, CEL_NUMBER);
	if (r == 0)
		r = expect(parser, ")");
	if (r == 0)
		*ret_node = TAKE_PTR(node);
	return r;
}

static int parse_field(struct parser *parser, struct cel_node **ret_node)
{
	_cleanup_node_ struct cel_node *node = NULL;
	struct cel_lexer *lexer = &parser->lexer;
	const char *start = lexer->start;
	struct error inner = {};
	size_t length = cel_lexer_path(lexer);
	int r;

	if (cel_lexer_peek(lexer) == '(')
		return cel_lexer_error(lexer, "%.*s() is not supported, allowed: uint(), int()",
			(int)MIN(length, (size_t)40), start);
	r = node_new(parser, CEL_FIELD, CEL_STRING, &node);
	if (r < 0)
		return r;
	if (cel_field_find(start, length, &node->field, &node->type, &inner) < 0)
		return cel_lexer_error(lexer, "%s", inner.message);
	r = cel_lexer_next(lexer);
	if (r < 0)
		return r;
	*ret_node = TAKE_PTR(node);
	return 0;
}

static int parse_primary(struct parser *parser, struct cel_node **ret_node)
{
	struct cel_lexer *lexer = &parser->lexer;
	int r;

	if (lexer->token == CEL_TOKEN_STRING || is_number(lexer) || cel_lexer_is(lexer, "true") ||
		cel_lexer_is(lexer, "false"))
		return parse_literal(parser, ret_node);
	if (cel_lexer_is(lexer, "uint") || cel_lexer_is(lexer, "int"))
		return parse_conversion(parser, ret_node);
	if (lexer->token == CEL_TOKEN_WORD)
		return parse_field(parser, ret_node);
	if (cel_lexer_take(lexer, "["))
		return parse_list(parser, ret_node);
	r = expect(parser, "(");
	if (r == 0)
		r = parse_or(parser, ret_node);
	if (r == 0)
		r = expect(parser, ")");
	return r;
}

static int parse_label(struct parser *parser, struct cel_node **node)
{
	struct cel_node *label;
	int r;

	r = expect_type(parser, *node, CEL_MAP);
	if (r < 0)
		return r;
	if (parser->lexer.token != CEL_TOKEN_STRING)
		return cel_lexer_error(&parser->lexer, "expected a label's name in quotes");
	r = parse_literal(parser, &label);
	if (r < 0)
		return r;
	label->operation = CEL_LABEL;
	label->left = *node;
	*node = label;
	return expect(parser, "]");
}

static int compile_pattern(struct parser *parser, struct cel_node *node)
{
	struct error inner = {};
	int r;

	if (node->right->operation != CEL_LITERAL)
		return cel_lexer_error(&parser->lexer, "matches() takes a string in quotes");
	r = regex_compile(node->right->text, node->right->length, &node->regex, &inner);
	return r < 0 ? cel_lexer_error(&parser->lexer, "%s", inner.message) : 0;
}

static int parse_method(struct parser *parser, struct cel_node **node)
{
	static const struct {
		const char *name;
		enum cel_operation operation;
	} methods[] = {
		{"startsWith", CEL_STARTS_WITH},
		{"endsWith", CEL_ENDS_WITH},
		{"contains", CEL_CONTAINS},
		{"matches", CEL_MATCHES},
	};
	struct cel_node *call;
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(methods) && !cel_lexer_is(&parser->lexer, methods[i].name))
		i++;
	if (i == ARRAY_SIZE(methods))
		return cel_lexer_error(&parser->lexer,
			"this is not supported, allowed: startsWith(), endsWith(), "
			"contains(), matches()");
	r = expect_type(parser, *node, CEL_STRING);
	if (r == 0)
		r = node_new(parser, methods[i].operation, CEL_BOOLEAN, &call);
	if (r < 0)
		return r;
	call->left = *node;
	*node = call;
	r = cel_lexer_next(&parser->lexer);
	if (r == 0)
		r = expect(parser, "(");
	if (r == 0)
		r = parse_or(parser, &call->right);
	if (r == 0)
		r = expect_type(parser, call->right, CEL_STRING);
	if (r == 0 && call->operation == CEL_MATCHES)
		r = compile_pattern(parser, call);
	if (r == 0)
		r = expect(parser, ")");
	return r;
}

static int parse_postfix(struct parser *parser, struct cel_node **ret_node)
{
	_cleanup_node_ struct cel_node *node = NULL;
	int r;

	r = parse_primary(parser, &node);
	while (r == 0) {
		if (cel_lexer_take(&parser->lexer, "["))
			r = parse_label(parser, &node);
		else if (cel_lexer_take(&parser->lexer, "."))
			r = parse_method(parser, &node);
		else
			break;
	}
	if (r == 0)
		*ret_node = TAKE_PTR(node);
	return r;
}

static int parse_unary(struct parser *parser, struct cel_node **ret_node)
{
	_cleanup_node_ struct cel_node *node = NULL;
	int r;

	if (!cel_lexer_take(&parser->lexer, "!"))
		return parse_postfix(parser, ret_node);
	if (parser->depth == CEL_DEPTH_MAX)
		return cel_lexer_error(&parser->lexer, "the expression is too deep");
	parser->depth++;
	r = node_new(parser, CEL_NOT, CEL_BOOLEAN, &node);
	if (r == 0)
		r = parse_unary(parser, &node->left);
	if (r == 0)
		r = expect_type(parser, node->left, CEL_BOOLEAN);
	parser->depth--;
	if (r == 0)
		*ret_node = TAKE_PTR(node);
	return r;
}

/* What may stand on both sides of an operator. */
static int check_types(struct parser *parser, const struct cel_node *node)
{
	enum cel_type left = node->left->type, right = node->right->type;

	if (node->operation == CEL_IN && right == CEL_MAP)
		return expect_type(parser, node->left, CEL_STRING);
	if (node->operation == CEL_IN) {
		if (right != CEL_LIST_TYPE)
			return cel_lexer_error(
				&parser->lexer, "in takes a list or a map of labels");
		right = node->right->items->type;
	}
	if (left != right)
		return cel_lexer_error(&parser->lexer, "%s is never %s", cel_type_name(left),
			cel_type_name(right));
	if (left == CEL_NUMBER || left == CEL_STRING)
		return 0;
	if (left == CEL_BOOLEAN &&
		(node->operation == CEL_EQUAL || node->operation == CEL_NOT_EQUAL))
		return 0;
	return cel_lexer_error(&parser->lexer, "%s cannot be compared so", cel_type_name(left));
}

static int parse_relation(struct parser *parser, struct cel_node **ret_node)
{
	static const struct {
		const char *symbol;
		enum cel_operation operation;
	} operators[] = {
		{"==", CEL_EQUAL},
		{"!=", CEL_NOT_EQUAL},
		{"<=", CEL_LESS_EQUAL},
		{">=", CEL_GREATER_EQUAL},
		{"<", CEL_LESS},
		{">", CEL_GREATER},
		{"in", CEL_IN},
	};
	_cleanup_node_ struct cel_node *left = NULL, *node = NULL;
	size_t i = 0;
	int r;

	r = parse_unary(parser, &left);
	if (r < 0)
		return r;
	while (i < ARRAY_SIZE(operators) && !cel_lexer_take(&parser->lexer, operators[i].symbol))
		i++;
	if (i == ARRAY_SIZE(operators)) {
		*ret_node = TAKE_PTR(left);
		return 0;
	}
	r = node_new(parser, operators[i].operation, CEL_BOOLEAN, &node);
	if (r < 0)
		return r;
	node->left = TAKE_PTR(left);
	r = parse_unary(parser, &node->right);
	if (r == 0)
		r = check_types(parser, node);
	if (r == 0)
		*ret_node = TAKE_PTR(node);
	return r;
}

/* A chain of && or of ||, to the left. */
static int parse_chain(struct parser *parser, const char *symbol, enum cel_operation operation,
	int (*parse_part)(struct parser *parser, struct cel_node **ret_node),
	struct cel_node **ret_node)
{
	_cleanup_node_ struct cel_node *left = NULL;
	int r;

	r = parse_part(parser, &left);
	while (r == 0 && cel_lexer_take(&parser->lexer, symbol)) {
		struct cel_node *node;

		r = expect_type(parser, left, CEL_BOOLEAN);
		if (r == 0)
			r = node_new(parser, operation, CEL_BOOLEAN, &node);
		if (r < 0)
			return r;
		node->left = left;
		left = node;
		r = parse_part(parser, &node->right);
		if (r == 0)
			r = expect_type(parser, node->right, CEL_BOOLEAN);
	}
	if (r == 0)
		*ret_node = TAKE_PTR(left);
	return r;
}

static int parse_and(struct parser *parser, struct cel_node **ret_node)
{
	return parse_chain(parser, "&&", CEL_AND, parse_relation, ret_node);
}

static int parse_or(struct parser *parser, struct cel_node **ret_node)
{
	int r;

	if (parser->depth == CEL_DEPTH_MAX)
		return cel_lexer_error(&parser->lexer, "the expression is too deep");
	parser->depth++;
	r = parse_chain(parser, "||", CEL_OR, parse_and, ret_node);
	parser->depth--;
	return r;
}

struct cel *cel_free(struct cel *cel)
{
	if (!cel)
		return NULL;
	node_free(cel->root);
	free(cel);
	return NULL;
}

static int parse_expression(struct parser *parser, struct cel *cel)
{
	int r;

	r = cel_lexer_next(&parser->lexer);
	if (r == 0)
		r = parse_or(parser, &cel->root);
	if (r == 0 && parser->lexer.token != CEL_TOKEN_END)
		r = cel_lexer_error(
			&parser->lexer, "this is not supported, allowed: == != < <= > >= in && ||");
	if (r == 0)
		r = expect_type(parser, cel->root, CEL_BOOLEAN);
	return r;
}

/* Say which expression, and where in it. */
static void place_error(const struct cel_lexer *lexer, size_t length)
{
	struct error inner = *lexer->error;

	error_set(lexer->error, -EINVAL, "\"%.*s\": %s at byte %td", (int)MIN(length, (size_t)160),
		lexer->source, inner.message, lexer->start - lexer->source);
}

int cel_parse(const char *text, size_t length, struct cel **ret_cel, struct error *error)
{
	struct parser parser = {};
	struct cel *cel;
	int r;

	if (length > CEL_TEXT_MAX)
		return error_set(error, -EINVAL, "the expression has %zu bytes, allowed: %d",
			length, CEL_TEXT_MAX);
	cel = calloc(1, sizeof(*cel));
	if (!cel)
		return error_set(error, -ENOMEM, "no memory");
	cel_lexer_init(&parser.lexer, text, length, error);
	r = parse_expression(&parser, cel);
	if (parser.lexer.failed == -EINVAL)
		place_error(&parser.lexer, length);
	cel_lexer_done(&parser.lexer);
	if (r < 0) {
		cel_free(cel);
		return r;
	}
	*ret_cel = cel;
	return 0;
}
