/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes, of which another argument says how many. */
#pragma once

#include "policy/argument_data.bpf.h"

/* No call moves more; what is larger was a negative number: a call's error. */
#define BUFFER_SIZE_MAX 0x7fffffff

static __always_inline int buffer_at(
	struct hit_slot *slot, struct hit_argument *argument, __u64 address, __u64 size)
{
	__u64 begin = data_begin(slot), length;

	if (size > BUFFER_SIZE_MAX)
		size = 0;
	length = BOUNDED(size, HIT_ARGUMENT_MAX);
	if (length && read_memory(slot, &slot->data[begin], length, address))
		return ARGUMENT_UNREADABLE;
	return data_end(slot, argument, begin, length, size);
}

__noinline int argument_buffer(__u32 slot_index, __u32 index, __u64 address, __u64 size)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;

	if (!hook_reads(ARGUMENT_CHAR_BUF) || !argument)
		return ARGUMENT_UNREADABLE;
	return buffer_at(slot, argument, address, size);
}
