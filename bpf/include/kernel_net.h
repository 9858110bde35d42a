/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's types, like kernel.h: sockets and packets. */
#pragma once

#include "kernel.h"

#define AF_UNIX	      1
#define AF_INET	      2
#define AF_INET6      10
#define ETH_P_IP      0x0800
#define ETH_P_IPV6    0x86DD
#define UNIX_PATH_MAX 108

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	__s64 counter;
} atomic64_t;

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__u32 skc_daddr, skc_rcv_saddr;
	__u16 skc_dport, skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};
struct sock {
	struct sock_common __sk_common;
	__u32 sk_priority, sk_mark;
	__u16 sk_type, sk_protocol;
};
struct socket {
	struct sock *sk;
};

struct skb_ext {
	__u8 offset[1]; /* in units of 8 bytes, by enum skb_ext_id */
};
enum skb_ext_id {
	SKB_EXT_SEC_PATH
};
struct sec_path {
	int len, olen; /* bytes since 7.2 */
};
struct sk_buff {
	struct sock *sk;
	unsigned int len;
	__u8 active_extensions;
	__u32 priority, hash, mark;
	__u16 protocol;
	__u16 network_header;
	unsigned char *head;
	struct skb_ext *extensions;
};

struct net_device {
	char name[16];
};

#pragma clang attribute pop
