/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the parser of expressions: cel_parse.c is the grammar, cel_check.c what may stand on
 * the sides of what, and how much of it. */
#pragma once

#include "lib/cel_lexer.h"
#include "policy/cel.h"

struct cel_parser {
	struct cel_lexer lexer;
	const enum policy_argument_type *types;
	size_t types_count;
	unsigned int depth;
	struct policy_cel *cel;
};

/* "int32", as a message has it; of no type yet "an integer". */
extern const char *const cel_type_names[];

/* Add a node, whose sides have been added before; -EINVAL beyond the limits. */
int cel_node_add(struct cel_parser *parser, struct policy_cel_node node, uint16_t *ret_node);
enum policy_cel_type cel_node_type(const struct cel_parser *parser, uint16_t node);

/* Each is -EINVAL with an error at the operator `name`, which stands at `at`. */
int cel_wrong_at(struct cel_parser *parser, const char *at, const char *what);
/* Two integers, or two of anything, of one type. */
int cel_check_pair(struct cel_parser *parser, const struct policy_cel_node *node, const char *at,
	const char *name, enum policy_cel_type *ret_type);
int cel_check_integers(struct cel_parser *parser, const struct policy_cel_node *node,
	const char *at, const char *name);
int cel_check_booleans(struct cel_parser *parser, const struct policy_cel_node *node,
	const char *at, const char *name);
/* By the operation; sets the node's type. */
int cel_check_operator(
	struct cel_parser *parser, struct policy_cel_node *node, const char *at, const char *name);
