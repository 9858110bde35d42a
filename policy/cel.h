/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CelExpr: what Tetragon takes of the Common Expression Language, and makes a program of. Integers
 * of the arguments' own widths, which wrap around as in C, since what runs is the machine's
 * arithmetic (CEL itself would call it an error); no conversion that is not written; both sides of
 * && and || are always looked at: an argument that could not be read makes no match, wherever it
 * stands.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "policy/model_selector.h"

#define POLICY_CEL_LENGTH_MAX  4095
#define POLICY_CEL_NODES_MAX   256
#define POLICY_CEL_DEPTH_MAX   32
#define POLICY_CEL_NUMBERS_MAX 16 /* results that wait for others, at once */

enum policy_cel_type {
	POLICY_CEL_UNKNOWN, /* of an `auto` argument: goes with every integer */
	POLICY_CEL_BOOL,
	POLICY_CEL_INT8,
	POLICY_CEL_INT16,
	POLICY_CEL_INT32,
	POLICY_CEL_INT, /* 64 bits, as in CEL */
	POLICY_CEL_UINT8,
	POLICY_CEL_UINT16,
	POLICY_CEL_UINT32,
	POLICY_CEL_UINT
};

enum policy_cel_operation {
	POLICY_CEL_LITERAL,
	POLICY_CEL_ARGUMENT,
	POLICY_CEL_CONVERT, /* left; to the node's type */
	POLICY_CEL_BIT_NOT, /* left */
	POLICY_CEL_BIT_AND,
	POLICY_CEL_BIT_OR,
	POLICY_CEL_BIT_XOR,
	POLICY_CEL_ADD,
	POLICY_CEL_SUBTRACT,
	POLICY_CEL_EQUAL, /* also of two booleans */
	POLICY_CEL_NOT_EQUAL,
	POLICY_CEL_LESS,
	POLICY_CEL_LESS_EQUAL,
	POLICY_CEL_GREATER,
	POLICY_CEL_GREATER_EQUAL,
	POLICY_CEL_NOT, /* left */
	POLICY_CEL_AND,
	POLICY_CEL_OR
};

struct policy_cel_node {
	uint8_t operation;    /* enum policy_cel_operation */
	uint8_t type;	      /* enum policy_cel_type */
	uint8_t numbers;      /* results that have to be kept while this is worked out */
	uint16_t left, right; /* the same where there is one */
	/* Of a literal, extended to 64 bits, true is 1; the N of argN. */
	uint64_t literal, argument;
};

struct policy_cel {
	struct policy_cel_node nodes[POLICY_CEL_NODES_MAX];
	size_t count;
	uint16_t root;
	uint32_t arguments; /* bit N: argN occurs */
};

/* `types`: of arg0 and those after it. -EINVAL with what is wrong, and in `ret_at` the byte where;
 * -ENOMEM. */
int policy_cel_parse(const char *text, size_t length, const enum policy_argument_type *types,
	size_t count, struct policy_cel *ret_cel, size_t *ret_at, struct error *error);

/* Bits of an integer, and whether it has a sign. */
unsigned int policy_cel_bits(enum policy_cel_type type);
bool policy_cel_is_signed(enum policy_cel_type type);
/* Cut to the type's bits, and extended to 64. */
uint64_t policy_cel_extend(enum policy_cel_type type, uint64_t number);

/* Whether the expression holds of `arguments`, each extended to 64 bits. */
bool policy_cel_holds(const struct policy_cel *cel, const uint64_t *arguments);

/* The arguments that argN stand for in an entry with the operator CelExpr: by its `args`, else all
 * that are listed. At most POLICY_ARGUMENTS_MAX. */
size_t policy_cel_arguments(const struct policy_match_args *match,
	const struct policy_argument *ret_arguments[POLICY_ARGUMENTS_MAX]);
