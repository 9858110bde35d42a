/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps of this hook, and which kinds of them there are. */
#pragma once

#include "kernel.h"
#include "policy.h"

const volatile __u32 steps_count;
const volatile __u64 steps_used; /* bits of enum step_operation that occur */
_Static_assert(STEP_OPERATIONS <= 64, "each has its bit");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* steps_count */
	__type(key, __u32);
	__type(value, struct hook_step);
} hook_steps SEC(".maps");

/* A function that no step of this hook needs says so first: kernels before 6.8 verify it all the
 * same. */
static __always_inline bool steps_occur(__u64 operations)
{
	return steps_used & operations;
}

#define STEP_BIT(operation) (1ULL << (operation))
#define SOCKET_STEPS                                                                               \
	(STEP_BIT(STEP_SOURCE_PORT) | STEP_BIT(STEP_DESTINATION_PORT) |                            \
		STEP_BIT(STEP_SOURCE_ADDRESS) | STEP_BIT(STEP_DESTINATION_ADDRESS) |               \
		STEP_BIT(STEP_PROTOCOL) | STEP_BIT(STEP_FAMILY) | STEP_BIT(STEP_STATE))
#define NUMBER_STEPS  (STEP_BIT(STEP_NUMBER_LESS + 1) - STEP_BIT(STEP_READ))
#define PROCESS_STEPS (~(STEP_BIT(STEP_PID) - 1) & ~STEP_BIT(STEP_SCOPE))
