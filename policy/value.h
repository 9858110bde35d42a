/* SPDX-License-Identifier: Apache-2.0 */
/* What one of the `values` of a filter on arguments means to an operator and a type. */
#pragma once

#include "policy/model.h"

struct value_error {
	char wrong[96];	   /* "is out of range" */
	char allowed[256]; /* what could stand there */
};

/* -EINVAL with `error` filled; lists are not looked at here. The type is one that the operator goes
 * with. Of an `auto` argument the operator alone decides, and what it leaves open stays text. */
int policy_value_parse(enum policy_operator operation, enum policy_argument_type type,
	const struct policy_text *text, struct policy_value *ret_value, struct value_error *error);
