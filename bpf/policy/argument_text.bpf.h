/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strings that end with a NUL, which is not counted. */
#pragma once

#include "kernel_io.h"
#include "kernel_net.h"
#include "policy/argument_data.bpf.h"

/* A string longer than this is cut. */
#define TEXT_LENGTH_MAX (HIT_ARGUMENT_MAX - 1)

/* Where the string of an argument is. */
static __always_inline __u64 text_address(
	struct hit_slot *slot, __u32 reader, const volatile struct hook_argument *hook, __u64 value)
{
	if (is_reader(reader, ARGUMENT_DATA_LOC, ARGUMENT_DATA_LOC))
		/* offset in the lower, length in the upper half; from raw[size_raw] on */
		return raw_value(slot, hook->size_raw) + (value & 0xffff);
	if (is_reader(reader, ARGUMENT_FILENAME, ARGUMENT_FILENAME))
		return (__u64)BPF_CORE_READ((struct filename *)value, name);
	if (is_reader(reader, ARGUMENT_NET_DEVICE, ARGUMENT_NET_DEVICE))
		return value + bpf_core_field_offset(struct net_device, name);
	return value;
}

__noinline int argument_text(__u32 slot_index, __u32 index, __u64 value)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	const volatile struct hook_argument *hook = hook_argument(index);
	__u64 begin, length;
	char next = 0;
	int status;
	long r;

	if (!hook_reads_any(ARGUMENT_STRING, ARGUMENT_NET_DEVICE) || !argument || !hook)
		return ARGUMENT_UNREADABLE;
	value = text_address(slot, argument->reader, hook, value);
	begin = data_begin(slot);
	r = read_string(slot, &slot->data[begin], HIT_ARGUMENT_MAX, value);
	if (r < 0)
		return ARGUMENT_UNREADABLE;
	length = r ? r - 1 : 0;
	status = data_end(slot, argument, begin, length, length);
	if (length == TEXT_LENGTH_MAX && !read_memory(slot, &next, 1, value + length) && next)
		status = ARGUMENT_CUT;
	/* how long it was in all is not known */
	argument->size = argument->length;
	return status;
}
