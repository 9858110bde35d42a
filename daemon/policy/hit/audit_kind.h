/* SPDX-License-Identifier: Apache-2.0 */
/* What the audit trail calls a hook's matches. */
#pragma once

#include "daemon/policy/hit/hit.h"
#include "policy/policy.h"

/* By what it sees, then by its system call: programs, files, anything else. `types`: of `count`
 * arguments, as they turned out to be. */
enum hit_audit hook_audit_kind(
	const struct policy_hook *hook, const enum policy_argument_type *types, size_t count);
