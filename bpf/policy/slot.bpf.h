/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a hit is worked on. Too large for the stack, so a per-CPU value; several of them, since a
 * hook in an interrupt can come while another is at work, and since 7.0 a task can be preempted at
 * work. The record is in front and its data right after it, so that it is sent as it lies.
 */
#pragma once

#include "kernel.h"
#include "kernel_io.h"
#include "policy.h"
#include "lib/attribution.bpf.h"
#include "lib/emit.bpf.h"

_Static_assert(STACK_MODULES_MAX * sizeof(struct stack_module) <= HIT_ARGUMENT_MAX, "fits");

/* A call between its entry and its return: call.bpf.h. */
struct call_state {
	__u64 call;
	__u32 selector;
	__u32 again;	 /* nothing was sent yet: arguments have to be read again */
	__u32 arguments; /* a hash of them, for rateLimit where the return decides */
	__u32 padding;
	__u64 raw[HOOK_RAW_MAX];
};

/* TrackSock: socket_owner.bpf.h. */
struct socket_owner {
	struct process_key process;
	struct task_container container;
	__u32 tid;
	__u32 padding;
};

struct hit_slot {
	__u32 busy;
	__u32 used;	  /* bytes of data */
	__u32 step;	  /* where the selectors are */
	__u32 incomplete; /* user memory was not there: to be read again when the call returns */
	__u32 waits;	  /* and the call is kept for that */
	__u32 arguments;  /* a hash of them, where rateLimit wants it */
	__u32 frames, modules; /* where in the data the user's stack begins, and what follows it */
	/* where the bytes of a buffer go: place and room in data, and how many come before them */
	__u32 buffer_at, buffer_room;
	__u64 buffer_skip;
	__u64 numbers[HOOK_NUMBERS_MAX]; /* kept by STEP_NUMBER_… */
	struct io_segment segment;	 /* of an iovec */
	__u64 raw[HOOK_RAW_MAX];
	struct call_state call;
	struct socket_owner owner;
	struct hit_record record;
	/* The rest is for stacks, two of them and their modules, before that for a piece of an
	 * argument while it is sent, and for the verifier. */
	char data[HIT_DATA_MAX + 2 * HIT_ARGUMENT_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HIT_SLOTS);
	__type(key, __u32);
	__type(value, struct hit_slot);
} hit_slots SEC(".maps");

/* This hook: constants to the verifier, which drops what it does not use. */
const volatile struct hook_argument hook_arguments[HOOK_ARGUMENTS_ALL];
const volatile bool hook_sleeps;   /* its program may: imaHash, page_in.bpf.h */
const volatile __u64 hook_readers; /* bits of enum argument_reader that occur */
_Static_assert(ARGUMENT_READERS <= 64, "each has its bit");

static __always_inline bool hook_reads(enum argument_reader reader)
{
	return hook_readers & (1ULL << reader);
}

static __always_inline struct hit_slot *hit_slot(__u32 index)
{
	return bpf_map_lookup_elem(&hit_slots, &index);
}

/* An index that was compared, as the verifier believes it: it knows only what was compared in the
 * same register before the address is computed, and clang likes to do either elsewhere. */
#define CHECKED_INDEX(index, count)                                                                \
	({                                                                                         \
		__u64 index_ = (index);                                                            \
		asm volatile("" : "+r"(index_));                                                   \
		if (index_ >= (count))                                                             \
			return NULL;                                                               \
		asm volatile("" : "+r"(index_));                                                   \
		index_;                                                                            \
	})

/* The argument at work; NULL when there is no such. */
static __always_inline struct hit_argument *hit_argument(struct hit_slot *slot, __u64 index)
{
	return &slot->record.arguments[CHECKED_INDEX(index, HOOK_ARGUMENTS_ALL)];
}

/* How it is read. */
static __always_inline const volatile struct hook_argument *hook_argument(__u64 index)
{
	return &hook_arguments[CHECKED_INDEX(index, HOOK_ARGUMENTS_ALL)];
}

/* Kernel addresses have their top bit set, on x86-64 and arm64: which helper reads one. */
static __always_inline bool is_kernel_address(__u64 address)
{
	return (__s64)address < 0;
}
