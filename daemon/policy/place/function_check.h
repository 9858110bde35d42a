/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a function of the kernel has and can do what a policy wants of it: what is accepted is
 * not to be silent. Error texts name the function. */
#pragma once

#include <stdbool.h>

#include "daemon/policy/place/kernel_btf.h"
#include "daemon/policy/place/kernel_types.h"
#include "daemon/policy/place/place.h"

struct function {
	struct function_prototype prototype;
	bool known;		    /* the kernel has its type */
	struct kernel_types *types; /* which those of the prototype are of */
};

/* Whether a selector has the action Override. */
bool hook_overrides(const struct policy_hook *hook);
/* Whether what the hook asks of `name`, which is given `count` arguments, is among those. -EINVAL.
 */
int function_check_arguments(
	const struct policy_hook *hook, const char *name, uint32_t count, struct error *error);
/* What each function must have, since all of a list are asked for the same. `name` is the place's
 * target. 0, also of a function that is not known; -EINVAL, -EOPNOTSUPP. */
int function_check(const struct policy_hook *hook, const struct hook_place *place, const char *name,
	const struct function *function, struct error *error);
/* All of a list are read alike: as the first. */
int function_check_like_first(const struct policy_hook *hook, const char *name,
	const struct function *first, const struct function *function, struct error *error);
