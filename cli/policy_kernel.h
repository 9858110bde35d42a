/* SPDX-License-Identifier: Apache-2.0 */
/* What the running kernel would make of a policy's hooks. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "policy/model.h"

/* A line for each hook: by which mechanism it would be put where, or why it cannot. Whether the
 * verifier takes the program is not tried. False when a hook cannot be. */
bool policy_kernel_text(struct buf *out, const char *file, const struct policy *policy);
/* The same as members of an open object: `"hooks":[…]`. */
bool policy_kernel_json(struct buf *out, const struct policy *policy);
