/* SPDX-License-Identifier: Apache-2.0 */
/* CEL expressions as parsed: cel_parse.c makes them, cel_evaluate.c works them out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/filter/cel.h"
#include "daemon/filter/cel_field.h"

enum cel_operation {
	CEL_LITERAL,
	CEL_FIELD,
	CEL_LABEL, /* left: a field of type map, text: the key */
	CEL_LIST,  /* items */
	CEL_NOT,
	CEL_AND,
	CEL_OR,
	CEL_EQUAL,
	CEL_NOT_EQUAL,
	CEL_LESS,
	CEL_LESS_EQUAL,
	CEL_GREATER,
	CEL_GREATER_EQUAL,
	CEL_IN,
	CEL_STARTS_WITH,
	CEL_ENDS_WITH,
	CEL_CONTAINS,
	CEL_MATCHES, /* left: a string, regex */
};

struct cel_node {
	enum cel_operation operation;
	enum cel_type type;
	struct cel_node *left, *right;
	struct cel_node *items, *next; /* of a list */
	bool boolean;
	int64_t number;
	char *text;
	size_t length;
	struct cel_field field;
	struct regex *regex;
};

struct cel {
	struct cel_node *root;
};
