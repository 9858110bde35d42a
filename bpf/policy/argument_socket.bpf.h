/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets, and the addresses given to calls. */
#pragma once

#include <bpf/bpf_endian.h>

#include "kernel_net.h"
#include "policy/argument_data.bpf.h"

#define ADDRESS_UNIX_OFFSET 2 /* of sun_path */

static __always_inline int socket_from_sock(struct hit_socket *to, const struct sock *sk)
{
	const struct sock_common *common = &sk->__sk_common;

	if (!sk || bpf_core_read(&to->family, sizeof(to->family), &common->skc_family))
		return ARGUMENT_UNREADABLE;
	to->type = KERNEL_READ(sk, sk_type);
	to->protocol = KERNEL_READ(sk, sk_protocol);
	to->state = KERNEL_READ(sk, __sk_common.skc_state);
	to->mark = KERNEL_READ(sk, sk_mark);
	to->priority = KERNEL_READ(sk, sk_priority);
	to->cookie = KERNEL_READ(sk, __sk_common.skc_cookie.counter);
	if (to->family != AF_INET && to->family != AF_INET6)
		return ARGUMENT_READ;
	to->source_port = KERNEL_READ(sk, __sk_common.skc_num);
	to->destination_port = bpf_ntohs(KERNEL_READ(sk, __sk_common.skc_dport));
	if (to->family == AF_INET) {
		bpf_core_read(to->source, 4, &common->skc_rcv_saddr);
		bpf_core_read(to->destination, 4, &common->skc_daddr);
	} else if (bpf_core_field_exists(common->skc_v6_daddr)) {
		bpf_core_read(to->source, 16, &common->skc_v6_rcv_saddr);
		bpf_core_read(to->destination, 16, &common->skc_v6_daddr);
	}
	return ARGUMENT_READ;
}

static __always_inline int socket_from_address(
	struct hit_slot *slot, struct hit_socket *to, __u64 address)
{
	struct sockaddr_head {
		__u16 family, port;
		__u32 ipv4;
		__u8 rest[8];
	} head;

	/* no more than a short one has: the end of a page may follow */
	if (read_memory(slot, &head.family, sizeof(head.family), address))
		return ARGUMENT_UNREADABLE;
	to->family = head.family;
	if (to->family != AF_INET && to->family != AF_INET6)
		return ARGUMENT_READ;
	if (read_memory(slot, &head, sizeof(head), address))
		return ARGUMENT_UNREADABLE;
	to->source_port = bpf_ntohs(head.port);
	if (to->family == AF_INET)
		__builtin_memcpy(to->source, &head.ipv4, 4);
	else if (read_memory(slot, to->source, 16, address + 8)) /* after flowinfo */
		return ARGUMENT_UNREADABLE;
	return ARGUMENT_READ;
}

__noinline int argument_socket(__u32 slot_index, __u32 index, __u64 value)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	struct hit_socket *to;

	if (!hook_reads_any(ARGUMENT_SOCK, ARGUMENT_SOCKADDR) || !argument)
		return ARGUMENT_UNREADABLE;
	to = data_structure(slot, argument, sizeof(*to));
	if (!to)
		return ARGUMENT_UNREADABLE;
	__builtin_memset(to, 0, sizeof(*to));
	if (is_reader(argument->reader, ARGUMENT_SOCK, ARGUMENT_SOCK))
		return socket_from_sock(to, (void *)value);
	if (is_reader(argument->reader, ARGUMENT_SOCKET, ARGUMENT_SOCKET))
		return socket_from_sock(to, BPF_CORE_READ((struct socket *)value, sk));
	if (is_reader(argument->reader, ARGUMENT_SOCKADDR, ARGUMENT_SOCKADDR))
		return socket_from_address(slot, to, value);
	return ARGUMENT_UNREADABLE;
}

/* The name of a unix socket; of an abstract one with '@' for the NUL that it begins with. Without a
 * size that one ends at the next NUL, though it need not. */
__noinline int argument_unix_address(__u32 slot_index, __u32 index, __u64 value)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	const volatile struct hook_argument *hook = hook_argument(index);
	__u64 begin, size = UNIX_PATH_MAX;
	bool abstract, sized;
	__u16 family = 0;
	char first = 0;
	long length;

	if (!hook_reads(ARGUMENT_SOCKADDR_UN) || !argument || !hook)
		return ARGUMENT_UNREADABLE;
	if (read_memory(slot, &family, sizeof(family), value))
		return ARGUMENT_UNREADABLE;
	argument->integer = family;
	begin = data_begin(slot);
	sized = hook->size_raw != HOOK_NO_SIZE;
	if (sized)
		size = (__u32)raw_value(slot, hook->size_raw);
	if (family != AF_UNIX || size <= ADDRESS_UNIX_OFFSET) /* unnamed */
		return data_end(slot, argument, begin, 0, 0);
	if (sized)
		size = BOUNDED(size - ADDRESS_UNIX_OFFSET, UNIX_PATH_MAX);
	value += ADDRESS_UNIX_OFFSET;
	if (read_memory(slot, &first, 1, value))
		return ARGUMENT_UNREADABLE;
	abstract = !first;
	if (abstract && sized) {
		if (read_memory(slot, &slot->data[begin], size, value))
			return ARGUMENT_UNREADABLE;
		length = size;
	} else {
		length = read_string(
			slot, &slot->data[begin + abstract], size - abstract + 1, value + abstract);
		if (length < 0)
			return ARGUMENT_UNREADABLE;
		if (!length) /* 5.10 does not count the NUL of an empty string */
			length = 1;
		length += abstract - 1;
	}
	if (abstract)
		slot->data[begin] = '@';
	return data_end(slot, argument, begin, length, length);
}
