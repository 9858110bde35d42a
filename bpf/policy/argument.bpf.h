/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading arguments, each when a selector first asks for it, the rest when the hit is sent. One
 * global function for each family of readers: the verifier looks at it once, and not at all where
 * the hook has none of them.
 */
#pragma once

#include "policy/argument_buffer.bpf.h"
#include "policy/argument_integer.bpf.h"
#include "policy/argument_text.bpf.h"
#include "policy/slot.bpf.h"

/* A value of raw[]; `ret` untouched when there is no such. */
static __always_inline bool raw_value(struct hit_slot *slot, __u64 raw, __u64 *ret)
{
	asm volatile("" : "+r"(raw));
	if (raw >= HOOK_RAW_MAX)
		return false;
	*ret = slot->raw[raw];
	return true;
}

/* The argument as its place has it: a number, or the address of what it is about. */
static __always_inline bool argument_value(
	struct hit_slot *slot, __u32 slot_index, __u32 index, __u64 *ret)
{
	const volatile struct hook_argument *hook = &hook_arguments[index];

	if (hook->source == ARGUMENT_CURRENT_TASK)
		*ret = bpf_get_current_task();
	else if (!raw_value(slot, hook->raw, ret))
		return false;
	if (!(hook->flags & ARGUMENT_RESOLVED))
		return true;
	*ret = argument_resolve(slot_index, index, *ret);
	return *ret;
}

static __always_inline int argument_by_reader(struct hit_slot *slot, struct hit_argument *argument,
	__u32 slot_index, __u32 index, __u64 value)
{
	const volatile struct hook_argument *hook = &hook_arguments[index];
	__u32 reader = argument->reader;
	__u64 size = 0;

	if (reader == ARGUMENT_INTEGER) {
		if (hook->flags & ARGUMENT_RESOLVED)
			return integer_at(slot, argument, value, hook->size, hook->is_signed);
		argument->integer = integer_extend(value, hook->size, hook->is_signed);
		return ARGUMENT_READ;
	}
	if (reader == ARGUMENT_STRING)
		return argument_text(slot_index, index, value);
	if (reader == ARGUMENT_CHAR_BUF) {
		raw_value(slot, hook->size_raw, &size);
		return argument_buffer(slot_index, index, value, size);
	}
	return ARGUMENT_UNREADABLE;
}

/*
 * Read argument `index` of the hook into slot->record.arguments[index], unless that was done
 * before: its status says so, and is ARGUMENT_UNREAD before the first time. Returns the status.
 * Where the memory of a user was not there, slot->incomplete is set.
 */
__noinline int argument_read(__u32 slot_index, __u32 index)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	__u64 value = 0;

	if (!argument)
		return ARGUMENT_UNREADABLE;
	if (argument->status != ARGUMENT_UNREAD)
		return argument->status;
	argument->reader = hook_arguments[index].reader;
	argument->flags = 0;
	argument->offset = 0;
	argument->length = 0;
	argument->size = 0;
	argument->integer = 0;
	argument->status = argument_value(slot, slot_index, index, &value)
				   ? argument_by_reader(slot, argument, slot_index, index, value)
				   : ARGUMENT_UNREADABLE;
	return argument->status;
}
