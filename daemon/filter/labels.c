/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/labels.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

#define BLANKS		 " \t\r\n"
#define SPECIAL		 "=!<>(),"
#define REQUIREMENTS_MAX 64
#define VALUES_MAX	 256

enum label_operator {
	OPERATOR_EXISTS,
	OPERATOR_NOT_EXISTS,
	OPERATOR_IN, /* = and == too */
	OPERATOR_NOT_IN,
	OPERATOR_LESS,
	OPERATOR_GREATER,
};

struct requirement {
	char *key;
	enum label_operator kind;
	char **values;
	size_t value_count;
	int64_t number;
};

struct label_selector {
	struct requirement *requirements;
	size_t count;
};

struct parser {
	const char *text, *end;
	const char *at;
	struct error *error;
};

static void requirement_done(struct requirement *requirement)
{
	free(requirement->key);
	for (size_t i = 0; i < requirement->value_count; i++)
		free(requirement->values[i]);
	free(requirement->values);
}

struct label_selector *label_selector_free(struct label_selector *selector)
{
	if (!selector)
		return NULL;
	for (size_t i = 0; i < selector->count; i++)
		requirement_done(&selector->requirements[i]);
	free(selector->requirements);
	free(selector);
	return NULL;
}

static int expected(const struct parser *parser, const char *what)
{
	return error_set(parser->error, -EINVAL, "\"%.*s\": expected %s at byte %td",
		(int)MIN(parser->end - parser->text, 100), parser->text, what,
		parser->at - parser->text);
}

static int no_memory(const struct parser *parser)
{
	return error_set(parser->error, -ENOMEM, "no memory");
}

static void skip_blanks(struct parser *parser)
{
	while (parser->at < parser->end && strchr(BLANKS, *parser->at))
		parser->at++;
}

static bool take(struct parser *parser, const char *token)
{
	size_t length = strlen(token);

	skip_blanks(parser);
	if ((size_t)(parser->end - parser->at) < length || memcmp(parser->at, token, length) != 0)
		return false;
	parser->at += length;
	return true;
}

/* A run of bytes that are neither blank nor special; empty if there is none. */
static size_t word_length(const struct parser *parser)
{
	const char *end = parser->at;

	while (end < parser->end && !strchr(BLANKS SPECIAL, *end))
		end++;
	return (size_t)(end - parser->at);
}

static bool take_word(struct parser *parser, const char *word)
{
	skip_blanks(parser);
	if (word_length(parser) != strlen(word) || memcmp(parser->at, word, strlen(word)) != 0)
		return false;
	parser->at += strlen(word);
	return true;
}

static int parse_key(struct parser *parser, char **ret_key)
{
	size_t length;

	skip_blanks(parser);
	length = word_length(parser);
	if (!length)
		return expected(parser, "a label's name");
	*ret_key = strndup(parser->at, length);
	if (!*ret_key)
		return no_memory(parser);
	parser->at += length;
	return 0;
}

static int add_value(struct parser *parser, struct requirement *requirement)
{
	char **grown;
	size_t length;

	skip_blanks(parser);
	length = word_length(parser);
	if (requirement->value_count == VALUES_MAX)
		return expected(parser, "no more than 256 values");
	grown = reallocarray(requirement->values, requirement->value_count + 1, sizeof(*grown));
	if (!grown)
		return no_memory(parser);
	requirement->values = grown;
	grown[requirement->value_count] = strndup(parser->at, length);
	if (!grown[requirement->value_count])
		return no_memory(parser);
	requirement->value_count++;
	parser->at += length;
	return 0;
}

static int parse_set(struct parser *parser, struct requirement *requirement)
{
	int r;

	if (!take(parser, "("))
		return expected(parser, "(");
	do {
		r = add_value(parser, requirement);
		if (r < 0)
			return r;
	} while (take(parser, ","));
	if (!take(parser, ")"))
		return expected(parser, ") or ,");
	return 0;
}

static bool parse_integer(const char *text, int64_t *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtoimax(text, &end, 10);
	return !errno && end != text && !*end;
}

static int parse_number(struct parser *parser, struct requirement *requirement)
{
	int r = add_value(parser, requirement);

	if (r < 0)
		return r;
	if (!parse_integer(requirement->values[0], &requirement->number))
		return expected(parser, "a whole number before here");
	return 0;
}

/* What stands after the name; longer tokens first. */
static int parse_operator(struct parser *parser, struct requirement *requirement)
{
	requirement->kind = OPERATOR_IN;
	if (take(parser, "==") || take(parser, "="))
		return add_value(parser, requirement);
	if (take_word(parser, "in"))
		return parse_set(parser, requirement);
	requirement->kind = OPERATOR_NOT_IN;
	if (take(parser, "!="))
		return add_value(parser, requirement);
	if (take_word(parser, "notin"))
		return parse_set(parser, requirement);
	requirement->kind = OPERATOR_LESS;
	if (take(parser, "<"))
		return parse_number(parser, requirement);
	requirement->kind = OPERATOR_GREATER;
	if (take(parser, ">"))
		return parse_number(parser, requirement);
	requirement->kind = OPERATOR_EXISTS;
	return 0;
}

static int parse_requirement(struct parser *parser, struct requirement *requirement)
{
	int r;

	if (take(parser, "!")) {
		requirement->kind = OPERATOR_NOT_EXISTS;
		return parse_key(parser, &requirement->key);
	}
	r = parse_key(parser, &requirement->key);
	if (r < 0)
		return r;
	return parse_operator(parser, requirement);
}

static int parse_requirements(struct parser *parser, struct label_selector *selector)
{
	int r;

	do {
		struct requirement *grown, requirement = {};

		if (selector->count == REQUIREMENTS_MAX)
			return expected(parser, "no more than 64 requirements");
		r = parse_requirement(parser, &requirement);
		if (r < 0) {
			requirement_done(&requirement);
			return r;
		}
		grown = reallocarray(selector->requirements, selector->count + 1, sizeof(*grown));
		if (!grown) {
			requirement_done(&requirement);
			return no_memory(parser);
		}
		selector->requirements = grown;
		grown[selector->count++] = requirement;
	} while (take(parser, ","));
	skip_blanks(parser);
	if (parser->at < parser->end)
		return expected(parser, "=, ==, !=, in, notin, <, > or ,");
	return 0;
}

int label_selector_parse(
	const char *text, size_t length, struct label_selector **ret_selector, struct error *error)
{
	struct parser parser = {.text = text, .end = text + length, .at = text, .error = error};
	struct label_selector *selector;
	int r;

	if (length > LABEL_SELECTOR_MAX)
		return error_set(error, -EINVAL, "the selector has %zu bytes, allowed: %d", length,
			LABEL_SELECTOR_MAX);
	if (memchr(text, '\0', length))
		return error_set(error, -EINVAL, "the selector has a NUL byte");
	selector = calloc(1, sizeof(*selector));
	if (!selector)
		return no_memory(&parser);
	r = parse_requirements(&parser, selector);
	if (r < 0) {
		label_selector_free(selector);
		return r;
	}
	*ret_selector = selector;
	return 0;
}

static const char *find_value(const struct label *labels, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(labels[i].key, key) == 0)
			return labels[i].value;
	return NULL;
}

/* Whether one value (NULL: the key is not there) fits the operator without its "not". */
static bool value_fits(const struct requirement *requirement, const char *value)
{
	int64_t number;

	if (!value)
		return false;
	switch (requirement->kind) {
	case OPERATOR_EXISTS:
	case OPERATOR_NOT_EXISTS:
		return true;
	case OPERATOR_IN:
	case OPERATOR_NOT_IN:
		for (size_t i = 0; i < requirement->value_count; i++)
			if (strcmp(requirement->values[i], value) == 0)
				return true;
		return false;
	case OPERATOR_LESS:
		return parse_integer(value, &number) && number < requirement->number;
	case OPERATOR_GREATER:
		return parse_integer(value, &number) && number > requirement->number;
	}
	return false;
}

bool label_selector_matches(const struct label_selector *selector, const struct label *first,
	size_t first_count, const struct label *second, size_t second_count)
{
	for (size_t i = 0; i < selector->count; i++) {
		const struct requirement *requirement = &selector->requirements[i];
		bool negative = requirement->kind == OPERATOR_NOT_EXISTS ||
				requirement->kind == OPERATOR_NOT_IN;
		bool fits =
			value_fits(requirement, find_value(first, first_count, requirement->key)) ||
			value_fits(requirement, find_value(second, second_count, requirement->key));

		if (fits == negative)
			return false;
	}
	return true;
}
