/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading arguments, each when a selector first asks for it, the rest when the hit is sent. One
 * global function for each family of readers: the verifier looks at it once, and not at all where
 * the hook has none of them.
 */
#pragma once

#include "policy/abi.bpf.h"
#include "policy/argument_buffer.bpf.h"
#include "policy/argument_credentials.bpf.h"
#include "policy/argument_integer.bpf.h"
#include "policy/argument_loading.bpf.h"
#include "policy/argument_packet.bpf.h"
#include "policy/argument_path.bpf.h"
#include "policy/argument_socket.bpf.h"
#include "policy/argument_text.bpf.h"
#include "policy/slot.bpf.h"

/* The argument as its place has it: a number, or the address of what it is about. False when that
 * cannot be told. */
static __always_inline bool argument_value(
	struct hit_slot *slot, __u32 slot_index, __u32 index, __u64 *ret)
{
	const volatile struct hook_argument *hook = hook_argument(index);

	if (!hook)
		return false;
	*ret = hook->source == ARGUMENT_CURRENT_TASK ? bpf_get_current_task()
						     : raw_value(slot, hook->raw);
	if (!(hook->flags & ARGUMENT_RESOLVED))
		return true;
	*ret = argument_resolve(slot_index, index, *ret);
	if (hook_reads(ARGUMENT_FD) && hook->reader == ARGUMENT_FD && *ret) {
		int descriptor;

		if (read_memory(slot, &descriptor, sizeof(descriptor), *ret))
			return false;
		*ret = (__u32)descriptor;
		return true;
	}
	return *ret;
}

static __always_inline int argument_integer(
	struct hit_slot *slot, struct hit_argument *argument, __u32 index, __u64 value)
{
	const volatile struct hook_argument *hook = hook_argument(index);

	if (!hook)
		return ARGUMENT_UNREADABLE;
	if (hook->flags & ARGUMENT_RESOLVED)
		return integer_at(slot, argument, value, hook->size, hook->is_signed);
	argument->integer = integer_extend(value, hook->size, hook->is_signed);
	if ((hook->flags & ARGUMENT_SYSTEM_CALL) && call_is_compat())
		argument->integer |= SYSTEM_CALL_32_BIT;
	return ARGUMENT_READ;
}

static __always_inline int argument_by_reader(struct hit_slot *slot, struct hit_argument *argument,
	__u32 slot_index, __u32 index, __u64 value)
{
	__u32 reader = argument->reader;

	if (is_reader(reader, ARGUMENT_INTEGER, ARGUMENT_INTEGER))
		return argument_integer(slot, argument, index, value);
	if (is_reader(reader, ARGUMENT_STRING, ARGUMENT_NET_DEVICE))
		return argument_text(slot_index, index, value);
	if (is_reader(reader, ARGUMENT_FD, ARGUMENT_LINUX_BINPRM))
		return argument_path(slot_index, index, value);
	if (is_reader(reader, ARGUMENT_CHAR_BUF, ARGUMENT_CONST_BUF))
		return argument_buffer(slot_index, index, value);
	if (is_reader(reader, ARGUMENT_SKB, ARGUMENT_SKB))
		return argument_packet(slot_index, index, value);
	if (is_reader(reader, ARGUMENT_SOCK, ARGUMENT_SOCKADDR))
		return argument_socket(slot_index, index, value);
	if (is_reader(reader, ARGUMENT_SOCKADDR_UN, ARGUMENT_SOCKADDR_UN))
		return argument_unix_address(slot_index, index, value);
	if (is_reader(reader, ARGUMENT_CRED, ARGUMENT_CRED))
		return argument_credentials(slot_index, index, value);
	if (is_reader(reader, ARGUMENT_USER_NAMESPACE, ARGUMENT_USER_NAMESPACE))
		return argument_user_namespace(slot_index, index, value);
	if (is_reader(reader, ARGUMENT_KERNEL_CAP_T, ARGUMENT_CAP_EFFECTIVE))
		return capabilities_at(slot, argument, value);
	if (is_reader(reader, ARGUMENT_BPF_ATTR, ARGUMENT_MODULE))
		return argument_loading(slot_index, index, value);
	return reader == ARGUMENT_NONE ? ARGUMENT_READ : ARGUMENT_UNREADABLE;
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
	const volatile struct hook_argument *hook = hook_argument(index);
	__u64 value = 0;
	int status;

	if (!argument || !hook)
		return ARGUMENT_UNREADABLE;
	if (argument->status != ARGUMENT_UNREAD)
		return argument->status;
	argument->reader = hook->reader;
	argument->flags = 0;
	argument->offset = 0;
	argument->length = 0;
	argument->size = 0;
	argument->integer = 0;
	status = argument_value(slot, slot_index, index, &value)
			 ? argument_by_reader(slot, argument, slot_index, index, value)
			 : ARGUMENT_UNREADABLE;
	if (status == ARGUMENT_UNREADABLE) /* what was begun is not for anybody */
		argument->length = argument->size = 0;
	argument->status = status;
	return status;
}
