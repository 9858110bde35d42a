/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TrackSock: whose a socket is, so that what happens to it later, in an interrupt or in a kernel
 * thread, is said of the process that the policy found it with.
 */
#pragma once

#include "policy/slot.bpf.h"

enum socket_action {
	SOCKET_KEEP,
	SOCKET_TRACK,
	SOCKET_UNTRACK
};

const volatile bool hook_tracks_sockets; /* the policy has TrackSock somewhere */
const volatile __u32 hook_return_socket; /* enum socket_action: returnArgAction */

/* A socket that was freed without UntrackSock stays until it is the oldest; an address that comes
 * back for another socket is overwritten when that one is tracked. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TRACKED_SOCKETS_MAX);
	__type(key, __u64);
	__type(value, struct socket_owner);
} socket_owners SEC(".maps");

/* The struct sock of an argument; 0: it has none. */
static __always_inline __u64 argument_sock(struct hit_slot *slot, __u32 index)
{
	__u64 value, raw;

	asm volatile("" : "+r"(index));
	if (index >= HOOK_ARGUMENTS_MAX)
		return 0;
	raw = hook_arguments[index].raw;
	asm volatile("" : "+r"(raw));
	if (raw >= HOOK_RAW_MAX)
		return 0;
	value = slot->raw[raw];
	switch (hook_arguments[index].reader) {
	case ARGUMENT_SOCK:
		return value;
	case ARGUMENT_SOCKET:
		return (__u64)BPF_CORE_READ((struct socket *)value, sk);
	case ARGUMENT_SKB:
		return (__u64)BPF_CORE_READ((struct sk_buff *)value, sk);
	}
	return 0;
}

static __always_inline bool socket_act(
	__u64 sock, enum socket_action action, const struct socket_owner *owner)
{
	if (!sock)
		return false;
	if (action == SOCKET_TRACK)
		return !bpf_map_update_elem(&socket_owners, &sock, owner, BPF_ANY);
	bpf_map_delete_elem(&socket_owners, &sock);
	return true;
}

/* Of the first of the hook's arguments that is a tracked socket. */
static __always_inline const struct socket_owner *socket_owner_of(
	struct hit_slot *slot, __u32 arguments)
{
	for (__u32 i = 0; i < HOOK_ARGUMENTS_MAX; i++) {
		__u64 sock;

		if (i >= arguments)
			break;
		sock = argument_sock(slot, i);
		if (sock)
			return bpf_map_lookup_elem(&socket_owners, &sock);
	}
	return NULL;
}
