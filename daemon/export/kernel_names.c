/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/kernel_names.h"

#include <stddef.h>

#include "lib/util.h"

static const char *const address_families[] = {
	"AF_UNSPEC",
	"AF_UNIX",
	"AF_INET",
	"AF_AX25",
	"AF_IPX",
	"AF_APPLETALK",
	"AF_NETROM",
	"AF_BRIDGE",
	"AF_ATMPVC",
	"AF_X25",
	"AF_INET6",
	"AF_ROSE",
	"AF_DECnet",
	"AF_NETBEUI",
	"AF_SECURITY",
	"AF_KEY",
	"AF_NETLINK",
	"AF_PACKET",
	"AF_ASH",
	"AF_ECONET",
	"AF_ATMSVC",
	"AF_RDS",
	"AF_SNA",
	"AF_IRDA",
	"AF_PPPOX",
	"AF_WANPIPE",
	"AF_LLC",
	"AF_IB",
	"AF_MPLS",
	"AF_CAN",
	"AF_TIPC",
	"AF_BLUETOOTH",
	"AF_IUCV",
	"AF_RXRPC",
	"AF_ISDN",
	"AF_PHONET",
	"AF_IEEE802154",
	"AF_CAIF",
	"AF_ALG",
	"AF_NFC",
	"AF_VSOCK",
	"AF_KCM",
	"AF_QIPCRTR",
	"AF_SMC",
	"AF_XDP",
	"AF_MCTP",
};
static const char *const socket_types[] = {
	[1] = "SOCK_STREAM",
	[2] = "SOCK_DGRAM",
	[3] = "SOCK_RAW",
	[4] = "SOCK_RDM",
	[5] = "SOCK_SEQPACKET",
	[6] = "SOCK_DCCP",
	[10] = "SOCK_PACKET",
};
static const char *const ip_protocols[] = {
	[0] = "IPPROTO_IP",
	[1] = "IPPROTO_ICMP",
	[2] = "IPPROTO_IGMP",
	[4] = "IPPROTO_IPIP",
	[6] = "IPPROTO_TCP",
	[8] = "IPPROTO_EGP",
	[12] = "IPPROTO_PUP",
	[17] = "IPPROTO_UDP",
	[22] = "IPPROTO_IDP",
	[29] = "IPPROTO_TP",
	[33] = "IPPROTO_DCCP",
	[41] = "IPPROTO_IPV6",
	[46] = "IPPROTO_RSVP",
	[47] = "IPPROTO_GRE",
	[50] = "IPPROTO_ESP",
	[51] = "IPPROTO_AH",
	[58] = "IPPROTO_ICMPV6",
	[92] = "IPPROTO_MTP",
	[94] = "IPPROTO_BEETPH",
	[98] = "IPPROTO_ENCAP",
	[103] = "IPPROTO_PIM",
	[108] = "IPPROTO_COMP",
	[132] = "IPPROTO_SCTP",
	[136] = "IPPROTO_UDPLITE",
	[137] = "IPPROTO_MPLS",
	[143] = "IPPROTO_ETHERNET",
	[255] = "IPPROTO_RAW",
	[262] = "IPPROTO_MPTCP",
};
static const char *const tcp_states[] = {
	[1] = "TCP_ESTABLISHED",
	[2] = "TCP_SYN_SENT",
	[3] = "TCP_SYN_RECV",
	[4] = "TCP_FIN_WAIT1",
	[5] = "TCP_FIN_WAIT2",
	[6] = "TCP_TIME_WAIT",
	[7] = "TCP_CLOSE",
	[8] = "TCP_CLOSE_WAIT",
	[9] = "TCP_LAST_ACK",
	[10] = "TCP_LISTEN",
	[11] = "TCP_CLOSING",
	[12] = "TCP_NEW_SYN_RECV",
};
static const char *const bpf_program_types[] = {
	"BPF_PROG_TYPE_UNSPEC",
	"BPF_PROG_TYPE_SOCKET_FILTER",
	"BPF_PROG_TYPE_KPROBE",
	"BPF_PROG_TYPE_SCHED_CLS",
	"BPF_PROG_TYPE_SCHED_ACT",
	"BPF_PROG_TYPE_TRACEPOINT",
	"BPF_PROG_TYPE_XDP",
	"BPF_PROG_TYPE_PERF_EVENT",
	"BPF_PROG_TYPE_CGROUP_SKB",
	"BPF_PROG_TYPE_CGROUP_SOCK",
	"BPF_PROG_TYPE_LWT_IN",
	"BPF_PROG_TYPE_LWT_OUT",
	"BPF_PROG_TYPE_LWT_XMIT",
	"BPF_PROG_TYPE_SOCK_OPS",
	"BPF_PROG_TYPE_SK_SKB",
	"BPF_PROG_TYPE_CGROUP_DEVICE",
	"BPF_PROG_TYPE_SK_MSG",
	"BPF_PROG_TYPE_RAW_TRACEPOINT",
	"BPF_PROG_TYPE_CGROUP_SOCK_ADDR",
	"BPF_PROG_TYPE_LWT_SEG6LOCAL",
	"BPF_PROG_TYPE_LIRC_MODE2",
	"BPF_PROG_TYPE_SK_REUSEPORT",
	"BPF_PROG_TYPE_FLOW_DISSECTOR",
	"BPF_PROG_TYPE_CGROUP_SYSCTL",
	"BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE",
	"BPF_PROG_TYPE_CGROUP_SOCKOPT",
	"BPF_PROG_TYPE_TRACING",
	"BPF_PROG_TYPE_STRUCT_OPS",
	"BPF_PROG_TYPE_EXT",
	"BPF_PROG_TYPE_LSM",
	"BPF_PROG_TYPE_SK_LOOKUP",
	"BPF_PROG_TYPE_SYSCALL",
	"BPF_PROG_TYPE_NETFILTER",
};
static const char *const bpf_map_types[] = {
	"BPF_MAP_TYPE_UNSPEC",
	"BPF_MAP_TYPE_HASH",
	"BPF_MAP_TYPE_ARRAY",
	"BPF_MAP_TYPE_PROG_ARRAY",
	"BPF_MAP_TYPE_PERF_EVENT_ARRAY",
	"BPF_MAP_TYPE_PERCPU_HASH",
	"BPF_MAP_TYPE_PERCPU_ARRAY",
	"BPF_MAP_TYPE_STACK_TRACE",
	"BPF_MAP_TYPE_CGROUP_ARRAY",
	"BPF_MAP_TYPE_LRU_HASH",
	"BPF_MAP_TYPE_LRU_PERCPU_HASH",
	"BPF_MAP_TYPE_LPM_TRIE",
	"BPF_MAP_TYPE_ARRAY_OF_MAPS",
	"BPF_MAP_TYPE_HASH_OF_MAPS",
	"BPF_MAP_TYPE_DEVMAP",
	"BPF_MAP_TYPE_SOCKMAP",
	"BPF_MAP_TYPE_CPUMAP",
	"BPF_MAP_TYPE_XSKMAP",
	"BPF_MAP_TYPE_SOCKHASH",
	"BPF_MAP_TYPE_CGROUP_STORAGE",
	"BPF_MAP_TYPE_REUSEPORT_SOCKARRAY",
	"BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE",
	"BPF_MAP_TYPE_QUEUE",
	"BPF_MAP_TYPE_STACK",
	"BPF_MAP_TYPE_SK_STORAGE",
	"BPF_MAP_TYPE_DEVMAP_HASH",
	"BPF_MAP_TYPE_STRUCT_OPS",
	"BPF_MAP_TYPE_RINGBUF",
	"BPF_MAP_TYPE_INODE_STORAGE",
	"BPF_MAP_TYPE_TASK_STORAGE",
	"BPF_MAP_TYPE_BLOOM_FILTER",
	"BPF_MAP_TYPE_USER_RINGBUF",
	"BPF_MAP_TYPE_CGRP_STORAGE",
	"BPF_MAP_TYPE_ARENA",
	"BPF_MAP_TYPE_INSN_ARRAY",
};
static const char *const bpf_commands[] = {
	"BPF_MAP_CREATE",
	"BPF_MAP_LOOKUP_ELEM",
	"BPF_MAP_UPDATE_ELEM",
	"BPF_MAP_DELETE_ELEM",
	"BPF_MAP_GET_NEXT_KEY",
	"BPF_PROG_LOAD",
	"BPF_OBJ_PIN",
	"BPF_OBJ_GET",
	"BPF_PROG_ATTACH",
	"BPF_PROG_DETACH",
	"BPF_PROG_TEST_RUN",
	"BPF_PROG_GET_NEXT_ID",
	"BPF_MAP_GET_NEXT_ID",
	"BPF_PROG_GET_FD_BY_ID",
	"BPF_MAP_GET_FD_BY_ID",
	"BPF_OBJ_GET_INFO_BY_FD",
	"BPF_PROG_QUERY",
	"BPF_RAW_TRACEPOINT_OPEN",
	"BPF_BTF_LOAD",
	"BPF_BTF_GET_FD_BY_ID",
	"BPF_TASK_FD_QUERY",
	"BPF_MAP_LOOKUP_AND_DELETE_ELEM",
	"BPF_MAP_FREEZE",
	"BPF_BTF_GET_NEXT_ID",
	"BPF_MAP_LOOKUP_BATCH",
	"BPF_MAP_LOOKUP_AND_DELETE_BATCH",
	"BPF_MAP_UPDATE_BATCH",
	"BPF_MAP_DELETE_BATCH",
	"BPF_LINK_CREATE",
	"BPF_LINK_UPDATE",
	"BPF_LINK_GET_FD_BY_ID",
	"BPF_LINK_GET_NEXT_ID",
	"BPF_ENABLE_STATS",
	"BPF_ITER_CREATE",
	"BPF_LINK_DETACH",
	"BPF_PROG_BIND_MAP",
	"BPF_TOKEN_CREATE",
};
static const char *const perf_event_types[] = {
	"PERF_TYPE_HARDWARE",
	"PERF_TYPE_SOFTWARE",
	"PERF_TYPE_TRACEPOINT",
	"PERF_TYPE_HW_CACHE",
	"PERF_TYPE_RAW",
	"PERF_TYPE_BREAKPOINT",
};
/* Bits of struct module.taints; the names are Tetragon's. */
static const char *const module_taints[] = {
	[0] = "TAINT_PROPRIETARY_MODULE",
	[1] = "TAINT_FORCED_MODULE",
	[2] = "TAINT_FORCED_UNLOAD_MODULE",
	[10] = "TAINT_STAGED_MODULE",
	[12] = "TAINT_OUT_OF_TREE_MODULE",
	[13] = "TAINT_UNSIGNED_MODULE",
	[15] = "TAINT_KERNEL_LIVE_PATCH_MODULE",
	[18] = "TAINT_TEST_MODULE",
};

static const char *name_of(const char *const *names, size_t count, uint32_t number)
{
	return number < count ? names[number] : NULL;
}

const char *address_family_name(uint32_t family)
{
	return name_of(address_families, ARRAY_SIZE(address_families), family);
}

const char *socket_type_name(uint32_t type)
{
	return name_of(socket_types, ARRAY_SIZE(socket_types), type);
}

const char *ip_protocol_name(uint32_t protocol)
{
	return name_of(ip_protocols, ARRAY_SIZE(ip_protocols), protocol);
}

/* uapi/linux/hash_info.h, of kernels newer than the headers here */
static const struct {
	const char *name;
	size_t length;
} hash_algorithms[] = {
	{"md4", 16},
	{"md5", 16},
	{"sha1", 20},
	{"rmd160", 20},
	{"sha256", 32},
	{"sha384", 48},
	{"sha512", 64},
	{"sha224", 28},
	{"rmd128", 16},
	{"rmd256", 32},
	{"rmd320", 40},
	{"wp256", 32},
	{"wp384", 48},
	{"wp512", 64},
	{"tgr128", 16},
	{"tgr160", 20},
	{"tgr192", 24},
	{"sm3", 32},
	{"streebog256", 32},
	{"streebog512", 64},
	{"sha3-256", 32},
	{"sha3-384", 48},
	{"sha3-512", 64},
};

const char *hash_algorithm_name(uint32_t algorithm, size_t *ret_length)
{
	if (algorithm >= ARRAY_SIZE(hash_algorithms))
		return NULL;
	*ret_length = hash_algorithms[algorithm].length;
	return hash_algorithms[algorithm].name;
}

const char *tcp_state_name(uint32_t state)
{
	return name_of(tcp_states, ARRAY_SIZE(tcp_states), state);
}

const char *bpf_program_type_name(uint32_t type)
{
	return name_of(bpf_program_types, ARRAY_SIZE(bpf_program_types), type);
}

const char *bpf_map_type_name(uint32_t type)
{
	return name_of(bpf_map_types, ARRAY_SIZE(bpf_map_types), type);
}

const char *bpf_command_name(uint32_t command)
{
	return name_of(bpf_commands, ARRAY_SIZE(bpf_commands), command);
}

const char *perf_event_type_name(uint32_t type)
{
	return name_of(perf_event_types, ARRAY_SIZE(perf_event_types), type);
}

const char *module_taint_name(unsigned int bit)
{
	return name_of(module_taints, ARRAY_SIZE(module_taints), bit);
}
