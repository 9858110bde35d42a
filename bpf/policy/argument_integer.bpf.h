/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Integers of all sizes, and what `resolve` leads to. */
#pragma once

#include "policy/argument_data.bpf.h"

/* To 64 bits: what is above an argument in its register is anything. */
static __always_inline __u64 integer_extend(__u64 value, __u32 size, bool is_signed)
{
	__u32 shift = (64 - 8 * size) & 63;

	value <<= shift;
	return is_signed ? (__u64)((__s64)value >> shift) : value >> shift;
}

/* At an address, where `resolve` led to. */
static __always_inline int integer_at(struct hit_slot *slot, struct hit_argument *argument,
	__u64 address, __u64 size, bool is_signed)
{
	__u64 value = 0;

	if (read_memory(slot, &value, BOUNDED(size, sizeof(value)), address))
		return ARGUMENT_UNREADABLE;
	argument->integer = integer_extend(value, size, is_signed);
	return ARGUMENT_READ;
}

/* Follow the steps of argument `index` from `address`. Returns the address of the thing they lead
 * to, 0 if a pointer on the way could not be read. */
__noinline __u64 argument_resolve(__u32 slot_index, __u32 index, __u64 address)
{
	struct hit_slot *slot = hit_slot(slot_index);
	const volatile struct hook_argument *hook = hook_argument(index);

	if (!slot || !hook)
		return 0;
	for (__u32 i = 0; i < HOOK_RESOLVE_MAX; i++) {
		__u32 step;

		if (i >= hook->resolve_count)
			break;
		step = hook->resolve[i];
		address += step & ~RESOLVE_DEREFERENCE;
		if ((step & RESOLVE_DEREFERENCE) &&
			(read_memory(slot, &address, sizeof(address), address) || !address))
			return 0;
	}
	return address;
}
