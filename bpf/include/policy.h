/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policies as the kernel side sees them, and what it says when one matches. A hook (one entry of a
 * policy's kprobes, tracepoints …) is one instance of a program. It is given its arguments, to be
 * read on demand, and its selectors as a list of steps: a step asks one question and says where to
 * go on with each answer, so that any number of selectors, filters and values is the same small
 * loop. Shared by both sides, like event.h.
 */
#pragma once

#include "event.h"

/* Of a system call's number, as Tetragon's syscall64 has it: one of the ABI of 32-bit programs,
 * which numbers them otherwise. */
#define SYSTEM_CALL_32_BIT 0x80000000u

/* How an argument is read. The words are the policy language's types. */
enum argument_reader {
	ARGUMENT_NONE, /* nop */
	ARGUMENT_INTEGER,
	ARGUMENT_STRING, /* of the kernel or the user, by its address */
	ARGUMENT_DATA_LOC,
	ARGUMENT_FILENAME,
	ARGUMENT_NET_DEVICE,
	ARGUMENT_CHAR_BUF,
	ARGUMENT_CHAR_IOVEC,
	ARGUMENT_IOV_ITER,
	ARGUMENT_CONST_BUF,
	ARGUMENT_FD,
	ARGUMENT_FILE,
	ARGUMENT_PATH,
	ARGUMENT_DENTRY,
	ARGUMENT_KIOCB,
	ARGUMENT_LINUX_BINPRM,
	ARGUMENT_SOCK,
	ARGUMENT_SOCKET,
	ARGUMENT_SKB,
	ARGUMENT_SOCKADDR,
	ARGUMENT_SOCKADDR_UN,
	ARGUMENT_CRED,
	ARGUMENT_USER_NAMESPACE,
	ARGUMENT_KERNEL_CAP_T,
	ARGUMENT_CAP_INHERITABLE,
	ARGUMENT_CAP_PERMITTED,
	ARGUMENT_CAP_EFFECTIVE,
	ARGUMENT_BPF_ATTR,
	ARGUMENT_BPF_PROG,
	ARGUMENT_BPF_MAP,
	ARGUMENT_PERF_EVENT,
	ARGUMENT_LOAD_INFO,
	ARGUMENT_MODULE,
	ARGUMENT_READERS
};

enum argument_source {
	ARGUMENT_OF_CALL,      /* raw[raw] */
	ARGUMENT_CURRENT_TASK, /* begins at the task */
	ARGUMENT_PT_REGS       /* raw[raw], put there by the program */
};

#define HOOK_NO_SIZE 0xff
/* Read a pointer at the offset; else add the offset. The steps lead to the address of the value:
 * a number is read there, a string or a structure begins there. */
#define RESOLVE_DEREFERENCE 0x80000000u

#define ARGUMENT_RETURN_COPY (1u << 0) /* read when the call returns */
#define ARGUMENT_MAX_DATA    (1u << 1)
#define ARGUMENT_RESOLVED    (1u << 2) /* `resolve` is there: the value is in memory, not in raw[] */
#define ARGUMENT_RETURN_SIZE                                                                       \
	(1u << 3) /* with RETURN_COPY: 0 returned means that nothing is there */
#define ARGUMENT_SYSTEM_CALL (1u << 4) /* syscall64: with SYSTEM_CALL_32_BIT where it is so */

struct hook_argument {
	__u8 reader; /* enum argument_reader */
	__u8 source; /* enum argument_source */
	__u8 raw;
	__u8 size; /* of integers, in bytes: 1, 2, 4, 8; const_buf: of it, without a size_raw */
	__u8 is_signed;
	/* Where the size of a buffer is, or the number of segments of an iovec, or the size of a
	 * sockaddr_un; HOOK_NO_SIZE. data_loc: where the address is that its offset counts from. */
	__u8 size_raw;
	__u8 resolve_count;
	__u8 flags; /* ARGUMENT_… */
	__u32 resolve[HOOK_RESOLVE_MAX];
};

/* Where raw[] of a tracepoint is in its record. */
struct tracepoint_field {
	__u16 offset;
	__u8 size; /* 1, 2, 4, 8; 0: the address of the field itself (an array) */
	__u8 is_signed;
};

/* Where raw[] of a probe in a program is: its registers, and what they point at. */
enum register_kind {
	REGISTER_UNUSED,
	REGISTER_VALUE,	   /* of register `base` */
	REGISTER_MEMORY,   /* at base + (index << scale) + value */
	REGISTER_CONSTANT, /* value */
};

#define REGISTER_NONE 0xffff

struct register_argument {
	__u8 kind; /* enum register_kind */
	__u8 size; /* 1, 2, 4, 8 */
	__u8 is_signed;
	__u8 scale;
	__u16 base, index; /* offsets in struct pt_regs */
	__s64 value;
};

enum step_operation {
	STEP_NONE,
	/* of an argument */
	STEP_RANGE, /* low <= integer <= high */
	STEP_RANGE_SIGNED,
	STEP_MASK,	 /* integer & low */
	STEP_TEXT_EQUAL, /* text of `length` at `offset` */
	STEP_TEXT_PREFIX,
	STEP_TEXT_POSTFIX,
	STEP_TEXT_SUB_STRING,
	STEP_TEXT_SUB_STRING_IGN_CASE,
	STEP_TEXT_BLOOM, /* may be one of those that follow: TEXT_BLOOM_BIT is in low; second: their
			    operation; length: the shortest one's */
	STEP_SOURCE_PORT, /* low <= port <= high */
	STEP_DESTINATION_PORT,
	STEP_SOURCE_ADDRESS, /* 16 bytes at `offset`, of which `length` bits count; low: family */
	STEP_DESTINATION_ADDRESS,
	STEP_PROTOCOL, /* low <= … <= high */
	STEP_FAMILY,
	STEP_STATE,
	STEP_FILE_TYPE,		  /* bit S_IFMT >> 12 of low */
	STEP_CAPABILITIES_GAINED, /* of argument and second, capabilities in low */
	/* CelExpr, a step for each of its operators. `argument` is one of those that it is about,
	 * and all have been read by steps before. */
	STEP_READ,	 /* yes, once the argument has been read */
	STEP_NUMBER_ADD, /* left and right, the result is kept: yes */
	STEP_NUMBER_SUBTRACT,
	STEP_NUMBER_AND,
	STEP_NUMBER_OR,
	STEP_NUMBER_XOR,
	STEP_NUMBER_EQUAL, /* left == right */
	STEP_NUMBER_LESS,
	/* of the process */
	STEP_PID, /* low <= pid <= high; second: an ancestor will do */
	STEP_NAMESPACE_PID,
	STEP_BINARY, /* bit `low`; second: of an ancestor, kept over forks and execs */
	STEP_PARENT_BINARY,
	STEP_NAMESPACE,		/* low: inode number; argument: enum namespace_kind */
	STEP_NAMESPACE_CHANGED, /* since exec, any of the bits of low */
	STEP_CAPABILITIES, /* any of the bits of low; argument: enum capability_set; second: only
			      outside of the initial user namespace */
	STEP_CAPABILITIES_CHANGED,
	STEP_SCOPE, /* matchWorkloads: bit `low` of the container's scopes */
	STEP_OPERATIONS
};

/* Where the first bytes of a text, as a word, are in a Bloom filter of 64 bits. Fibonacci hashing.
 */
#define TEXT_BLOOM_BIT(word) (1ULL << ((__u64)(word)*0x9e3779b97f4a7c15ULL >> 58))

/* Answers lead to steps, or to these. */
#define STEP_NO_MATCH 0xffff /* no selector matches */
#define STEP_MATCH    0x8000 /* | selector */

/* Where a side of STEP_NUMBER_… is: else one of the hook's arguments. */
#define NUMBER_KEPT	0x40 /* + which of the results */
#define NUMBER_CONSTANT 0x80 /* low for the left side, high for the right one */

struct hook_step {
	__u8 operation; /* enum step_operation */
	__u8 argument;
	__u8 second;
	__u8 padding;
	__u16 then;	 /* yes */
	__u16 otherwise; /* no */
	__u16 unknown;	 /* the argument could not be read, or has no such thing */
	/* of STEP_NUMBER_…: both sides, which of the results this is, its bytes */
	__u8 left, right, result;
	__u8 size, is_signed;
	__u8 padding2;
	__u32 offset; /* in texts */
	__u32 length;
	/* of a number: from, to; of a text, but SubString: its first eight bytes, and which of them
	 * there are */
	__u64 low, high;
};

/*
 * What an argument must be for any selector to match: tried before the steps, so that a miss is
 * cheap. Found by daemon/policy/engine/prefilter.c. What passes may match or not; what does not
 * pass never does.
 */
struct number_range {
	__u64 low, high;
};

/* An integer in a register: has one of the bits, or is in one of the ranges. */
struct number_prefilter {
	__u8 is_used;
	__u8 raw;
	__u8 size;	/* in bytes */
	__u8 is_signed; /* the ranges have the sign bit turned, so that they are in order */
	__u32 count;
	__u64 bits;
	struct number_range ranges[PREFILTER_CHOICES_MAX];
};

struct text_beginning {
	__u64 words[PREFILTER_TEXT_WORDS], masks[PREFILTER_TEXT_WORDS];
};

/* A string by its address: begins with one of these, a whole string's NUL among them. */
struct text_prefilter {
	__u8 is_used;
	__u8 raw;
	__u8 is_long; /* more than the first words matter */
	__u8 padding;
	__u32 count;
	struct text_beginning beginnings[PREFILTER_CHOICES_MAX];
};

enum namespace_kind { /* the order of struct namespaces */
	NAMESPACE_UTS,
	NAMESPACE_IPC,
	NAMESPACE_MNT,
	NAMESPACE_PID,
	NAMESPACE_PID_FOR_CHILDREN,
	NAMESPACE_NET,
	NAMESPACE_TIME,
	NAMESPACE_TIME_FOR_CHILDREN,
	NAMESPACE_CGROUP,
	NAMESPACE_USER,
	NAMESPACE_KINDS
};

enum capability_set {
	CAPABILITIES_EFFECTIVE,
	CAPABILITIES_INHERITABLE,
	CAPABILITIES_PERMITTED,
	CAPABILITY_SETS
};

#define SELECTOR_POST	       (1u << 0) /* else NoPost */
#define SELECTOR_KERNEL_STACK  (1u << 1)
#define SELECTOR_USER_STACK    (1u << 2)
#define SELECTOR_SIGNAL	       (1u << 3)
#define SELECTOR_OVERRIDE      (1u << 4)
#define SELECTOR_AWAITS_RETURN (1u << 5) /* matchReturnArgs: the return decides */
#define SELECTOR_TRACK_SOCK    (1u << 6)
#define SELECTOR_UNTRACK_SOCK  (1u << 7)
#define SELECTOR_SOCK_SHIFT    8	  /* argSock: an argument's place, 4 bits */
#define SELECTOR_FILE_HASH     (1u << 12) /* imaHash */

enum rate_limit_scope {
	RATE_LIMIT_THREAD,
	RATE_LIMIT_PROCESS,
	RATE_LIMIT_GLOBAL
};

struct hook_selector {
	__u32 flags;	   /* SELECTOR_… */
	__u16 return_step; /* where matchReturnArgs begins; STEP_MATCH when there is none */
	__u8 rate_limit_scope;
	__u8 signal;
	__s32 error; /* Override */
	__u32 rate_limit_ms;
};

/* Where the value that a call returns is in raw[]. */
#define HOOK_RAW_RETURN (HOOK_RAW_MAX - 1)
/* What a kprobe sees of a function's arguments: raw[] of them. Registers that a policy names
 * follow. */
#define HOOK_REGISTERS 6

/* ---- what a match says ---- */

enum argument_status {
	ARGUMENT_UNREAD,
	ARGUMENT_READ,
	ARGUMENT_CUT,	    /* `size` is what there was, where it is known: more than `length` */
	ARGUMENT_UNREADABLE /* no such memory, or not paged in */
};

/* One argument. Integers are in `integer`, extended to 64 bits; of texts and structures the bytes
 * are at `offset` of the record's data. */
struct hit_argument {
	__u8 status; /* enum argument_status */
	__u8 reader; /* enum argument_reader */
	__u16 flags; /* enum path_result of a path; HIT_ARGUMENT_PIECES */
	__u32 offset, length;
	__u32 size;    /* of a buffer: what there was in all */
	__u64 integer; /* of paths: i_mode; of sockaddr_un: the family */
};

#define HIT_RETURN	  (1u << 0) /* the return of a call whose entry was sent before */
#define HIT_AWAITS_RETURN (1u << 1) /* a HIT_RETURN follows */
#define HIT_AT_RETURN	  (1u << 2) /* entry and return in one: read when the call returned */
#define HIT_SIGNALLED	  (1u << 3)
#define HIT_OVERRIDDEN	  (1u << 4)
#define HIT_STACK_CUT	  (1u << 5)
#define HIT_NEEDS_RETURN  (1u << 6) /* with HIT_AWAITS_RETURN: without its return it is no hit */

/* RECORD_HIT. After it: the arguments' data, the kernel stack, the user stack (8 bytes a frame),
 * what is mapped where that leads (struct stack_module), with a hash its FILE_HASH_MAX bytes. */
struct hit_record {
	struct record_header header;
	struct process_key process;
	struct attribution attribution;
	__u64 call; /* entry and return of one call have the same */
	__u32 hook;
	__u32 tid;
	__u32 selector;
	__u32 hit_flags; /* HIT_… */
	__u64 function; /* system call's number, or the function's address, where a hook has many */
	__u32 arguments_count; /* return value not counted */
	__u32 data_length;
	__u16 kernel_stack_depth, user_stack_depth;
	__u16 module_count;
	__u8 has_hash;	     /* imaHash */
	__u8 hash_algorithm; /* the kernel's enum hash_algo, which is part of its ABI */
	struct hit_argument arguments[HOOK_ARGUMENTS_ALL];
};

/* A file that was mapped where frames of the user's stack are. */
struct stack_module {
	__u64 begin, end; /* addresses */
	__u64 offset;	  /* of `begin` in the file */
	__u64 inode;
	__u32 device;	  /* as the kernel writes it: major << 20 | minor */
	__u16 path_flags; /* enum path_result */
	__u16 path_length;
	char path[STACK_MODULE_PATH_MAX]; /* as the process sees it, with a NUL */
};

/* hit_argument.flags: RECORD_HIT_DATA with this call and argument came before. */
#define HIT_ARGUMENT_PIECES (1u << 8)

/* RECORD_HIT_DATA */
struct hit_data_record {
	struct record_header header;
	__u64 call; /* of the hit */
	__u32 argument;
	__u32 offset; /* in the argument; the first is where the hit's own bytes end */
	__u32 length;
	__u32 padding;
	/* bytes */
};

/* sock, socket, skb, sockaddr (its address and port are the source's). Addresses in network order,
 * IPv4 in the first 4 bytes; ports in the host's. */
struct hit_socket {
	__u16 family, type, protocol;
	__u8 state;
	__u8 padding;
	__u16 source_port, destination_port;
	__u8 source[16], destination[16];
	__u32 mark, priority;
	__u64 cookie;
	/* skb */
	__u32 hash, length, sec_path_len, sec_path_olen;
};
/* cred: struct credentials. user_namespace: */
struct hit_user_namespace {
	__u32 level, uid, gid, inode;
};
struct hit_bpf_prog { /* bpf_attr, bpf_prog */
	__u32 type, instruction_count;
	char name[16];
};
struct hit_bpf_map {
	__u32 type, key_size, value_size, max_entries;
	char name[16];
};
struct hit_perf_event {
	__u32 type, padding;
	__u64 config, probe_offset;
	char kprobe_function[128];
};
struct hit_module { /* load_info, module */
	__u64 taints;
	__u32 signature_ok, padding;
	char name[64];
};

RECORD_SIZE_ASSERT(hook_argument, 48);
RECORD_SIZE_ASSERT(register_argument, 16);
RECORD_SIZE_ASSERT(hook_step, 40);
RECORD_SIZE_ASSERT(hook_selector, 16);
RECORD_SIZE_ASSERT(hit_argument, 24);
RECORD_SIZE_ASSERT(hit_record, 120 + 24 * HOOK_ARGUMENTS_ALL);
RECORD_SIZE_ASSERT(stack_module, 256);
RECORD_SIZE_ASSERT(hit_data_record, 56);
RECORD_SIZE_ASSERT(hit_socket, 76 + 4);
RECORD_SIZE_ASSERT(hit_perf_event, 152);
RECORD_SIZE_ASSERT(hit_module, 80);

/* ---- maps ---- */

/* hook_counters: per CPU and hook */
struct hook_counters {
	__u64 hits;    /* the hook was reached, in scope */
	__u64 matches; /* a selector matched */
	__u64 posted;  /* a record was sent */
	__u64 rate_limited;
	__u64 unreadable; /* an argument that a selector asked for could not be read */
	__u64 errors;	  /* no slot, no room in a map, a helper failed */
	__u64 signals;
};

/* process_states (task storage; 5.10: a hash by tid): what policies need to know of a process. */
struct process_state {
	__u64 binaries[BINARY_MATCHER_WORDS]; /* of its own binary */
	__u64 followed[BINARY_MATCHER_WORDS]; /* its own and its ancestors' */
	/* The same of the binary that it executed before this one, where there is one: its parent.
	 */
	__u64 replaced[BINARY_MATCHER_WORDS];
	__u64 replaced_followed[BINARY_MATCHER_WORDS];
	__u32 namespaces[NAMESPACE_KINDS];   /* at exec */
	__u64 capabilities[CAPABILITY_SETS]; /* at exec */
	__u32 executed;			     /* since it was forked: not, once, more often */
	__u32 reserved;
};
RECORD_SIZE_ASSERT(process_state, 128 + 40 + 24 + 8);

/* container_scopes: key = container_id, 0 for the host. Bit N: policies of scope N look at it. */
struct container_scopes {
	__u64 words[SCOPE_WORDS];
};
