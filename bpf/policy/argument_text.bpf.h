/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strings that end with a NUL, which is not counted. */
#pragma once

#include "policy/argument_data.bpf.h"

/* A string longer than this is cut; how long it was in all is not known then. */
#define TEXT_LENGTH_MAX (HIT_ARGUMENT_MAX - 1)

static __always_inline long read_string(struct hit_slot *slot, void *to, __u64 address)
{
	long r;

	if (is_kernel_address(address))
		return bpf_probe_read_kernel_str(to, HIT_ARGUMENT_MAX, (void *)address);
	r = bpf_probe_read_user_str(to, HIT_ARGUMENT_MAX, (void *)address);
	if (r < 0)
		read_failed(slot, address);
	return r;
}

static __always_inline int text_at(
	struct hit_slot *slot, struct hit_argument *argument, __u64 address)
{
	__u64 begin = data_begin(slot), length, size;
	char next = 0;
	long r;

	r = read_string(slot, &slot->data[begin], address);
	if (r < 0)
		return ARGUMENT_UNREADABLE;
	length = size = r ? r - 1 : 0;
	/* the helper writes a NUL over the last byte of what is longer */
	if (length == TEXT_LENGTH_MAX && !read_memory(slot, &next, 1, address + length) && next)
		size = length + 1;
	return data_end(slot, argument, begin, length, size);
}

__noinline int argument_text(__u32 slot_index, __u32 index, __u64 address)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;

	if (!hook_reads(ARGUMENT_STRING) || !argument)
		return ARGUMENT_UNREADABLE;
	return text_at(slot, argument, address);
}
