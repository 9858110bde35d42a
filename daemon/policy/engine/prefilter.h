/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every match of a hook needs of one of its arguments, so that the kernel side can turn away
 * most calls before it takes the steps. It is found in the steps themselves, whatever filters they
 * come from: where no match can be reached without a yes to one of some questions about an
 * argument, that argument has to be what one of those asks for. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/include/policy.h"
#include "daemon/policy/engine/compile.h"

struct hook_prefilter {
	struct number_prefilter number;
	struct text_prefilter text;
};

/* Of the first of `arguments` that will do, each; none is used where there is no such. -ENOMEM. */
int prefilter_find(const struct compiled_hook *compiled,
	const struct hook_argument arguments[HOOK_ARGUMENTS_ALL], uint32_t arguments_count,
	struct hook_prefilter *ret);
