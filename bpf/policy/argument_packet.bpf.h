/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets: addresses and ports from their own headers, as far as they have them already; before
 * that, those of the socket they are for. */
#pragma once

#include <bpf/bpf_endian.h>

#include "kernel_net.h"
#include "policy/argument_data.bpf.h"
#include "policy/argument_socket.bpf.h"

#define IPPROTO_HOPOPTS	    0
#define IPPROTO_TCP	    6
#define IPPROTO_UDP	    17
#define IPPROTO_DCCP	    33
#define IPPROTO_ROUTING	    43
#define IPPROTO_FRAGMENT    44
#define IPPROTO_DSTOPTS	    60
#define IPPROTO_SCTP	    132
#define IPPROTO_UDPLITE	    136
#define IPV6_EXTENSIONS_MAX 6
#define OFFSET_UNSET	    0xffff

struct ipv4_header {
	__u8 version_length, tos;
	__u16 length, id, fragment;
	__u8 ttl, protocol;
	__u16 checksum;
	__u8 source[4], destination[4];
};
struct ipv6_header {
	__u32 version_flow;
	__u16 length;
	__u8 next, hop_limit;
	__u8 source[16], destination[16];
};

static __always_inline void packet_ports(struct hit_socket *to, const void *transport)
{
	__u16 ports[2];

	switch (to->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
		if (bpf_probe_read_kernel(ports, sizeof(ports), transport))
			return;
		to->source_port = bpf_ntohs(ports[0]);
		to->destination_port = bpf_ntohs(ports[1]);
	}
}

static __always_inline bool packet_ipv4(struct hit_socket *to, const void *network)
{
	struct ipv4_header header;

	if (bpf_probe_read_kernel(&header, sizeof(header), network))
		return false;
	to->family = AF_INET;
	to->protocol = header.protocol;
	__builtin_memcpy(to->source, header.source, 4);
	__builtin_memcpy(to->destination, header.destination, 4);
	if (!(bpf_ntohs(header.fragment) & 0x1fff)) /* the first or only fragment */
		packet_ports(to, network + (header.version_length & 0xf) * 4);
	return true;
}

static __always_inline bool packet_ipv6(struct hit_socket *to, const void *network)
{
	struct ipv6_header header;

	if (bpf_probe_read_kernel(&header, sizeof(header), network))
		return false;
	to->family = AF_INET6;
	__builtin_memcpy(to->source, header.source, 16);
	__builtin_memcpy(to->destination, header.destination, 16);
	network += sizeof(header);
	for (int i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
		__u8 extension[4];

		if (header.next != IPPROTO_HOPOPTS && header.next != IPPROTO_ROUTING &&
			header.next != IPPROTO_DSTOPTS && header.next != IPPROTO_FRAGMENT)
			break;
		if (bpf_probe_read_kernel(extension, sizeof(extension), network))
			return true;
		if (header.next == IPPROTO_FRAGMENT) {
			to->protocol = extension[0];
			if (extension[2] || (extension[3] & 0xf8)) /* not the first */
				return true;
			network += 8;
		} else {
			network += (extension[1] + 1) * 8;
		}
		header.next = extension[0];
	}
	to->protocol = header.next;
	packet_ports(to, network);
	return true;
}

static __always_inline bool packet_headers(struct hit_socket *to, const struct sk_buff *skb)
{
	__u16 offset = BPF_CORE_READ(skb, network_header);
	__u16 protocol = bpf_ntohs(BPF_CORE_READ(skb, protocol));
	void *network = BPF_CORE_READ(skb, head);
	__u8 version;

	if (!network || !offset || offset == OFFSET_UNSET)
		return false;
	network += offset;
	/* on its way out it gets its protocol after its header */
	if (protocol && protocol != ETH_P_IP && protocol != ETH_P_IPV6)
		return false;
	if (bpf_probe_read_kernel(&version, 1, network))
		return false;
	switch (version >> 4) {
	case 4:
		return packet_ipv4(to, network);
	case 6:
		return packet_ipv6(to, network);
	default:
		return false;
	}
}

static __always_inline void packet_sec_path(struct hit_socket *to, const struct sk_buff *skb)
{
	__u8 id, offset = 0;
	void *extensions;

	if (!bpf_core_field_exists(skb->extensions) ||
		!bpf_core_enum_value_exists(enum skb_ext_id, SKB_EXT_SEC_PATH))
		return;
	id = bpf_core_enum_value(enum skb_ext_id, SKB_EXT_SEC_PATH);
	if (!(BPF_CORE_READ(skb, active_extensions) >> id & 1))
		return;
	extensions = BPF_CORE_READ(skb, extensions);
	bpf_probe_read_kernel(
		&offset, 1, extensions + bpf_core_field_offset(struct skb_ext, offset) + id);
	if (!offset)
		return;
	extensions += offset * 8;
	to->sec_path_len = BPF_CORE_READ_BITFIELD_PROBED((struct sec_path *)extensions, len);
	to->sec_path_olen = BPF_CORE_READ_BITFIELD_PROBED((struct sec_path *)extensions, olen);
}

__noinline int argument_packet(__u32 slot_index, __u32 index, __u64 value)
{
	const struct sk_buff *skb = (void *)value;
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	struct hit_socket *to;

	if (!hook_reads(ARGUMENT_SKB) || !argument)
		return ARGUMENT_UNREADABLE;
	to = data_structure(slot, argument, sizeof(*to));
	if (!to)
		return ARGUMENT_UNREADABLE;
	__builtin_memset(to, 0, sizeof(*to));
	if (bpf_core_read(&to->length, sizeof(to->length), &skb->len))
		return ARGUMENT_UNREADABLE;
	if (!packet_headers(to, skb))
		socket_from_sock(to, BPF_CORE_READ(skb, sk));
	to->hash = BPF_CORE_READ(skb, hash);
	to->mark = BPF_CORE_READ(skb, mark);
	to->priority = BPF_CORE_READ(skb, priority);
	packet_sec_path(to, skb);
	return ARGUMENT_READ;
}
