/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* raw[] of a probe in a program: from its registers, as the calling convention or the probe's note
 * says. */
#pragma once

#include "policy/hook.bpf.h"

const volatile struct register_argument registers[HOOK_RAW_MAX];
const volatile bool have_attach_cookie = false; /* since 5.15 */

/* By a helper: the offset is no constant to the compiler, and the verifier wants one. */
static __always_inline __u64 register_at(void *ctx, __u32 offset)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), ctx + offset);
	return value;
}

static __always_inline __u64 register_memory_address(
	void *ctx, const volatile struct register_argument *argument)
{
	__u64 address = register_at(ctx, argument->base) + argument->value;

	if (argument->index != REGISTER_NONE)
		address += register_at(ctx, argument->index) << (argument->scale & 3);
	return address;
}

static __always_inline __u64 register_memory(
	void *ctx, struct hit_slot *slot, const volatile struct register_argument *argument)
{
	__u64 address = register_memory_address(ctx, argument), value = 0;

	if (read_memory(slot, &value, BOUNDED(argument->size, sizeof(value)), address))
		return 0;
	return value;
}

static __always_inline void registers_raw(void *ctx, struct hit_slot *slot)
{
	for (__u32 i = 0; i < HOOK_RAW_MAX; i++) {
		const volatile struct register_argument *argument = &registers[i];
		__u64 value;

		if (i >= raw_count)
			break;
		switch (argument->kind) {
		case REGISTER_VALUE:
			value = register_at(ctx, argument->base);
			break;
		case REGISTER_MEMORY:
			value = register_memory(ctx, slot, argument);
			break;
		default:
			value = argument->value;
		}
		slot->raw[i] = integer_extend(value, argument->size, argument->is_signed);
	}
}
