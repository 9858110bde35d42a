/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The readers of arguments alone. Each program fills raw[] from its own context, has the hook's
 * arguments read and leaves the slot as it is in `slots_seen`, for test-arguments.c to look at.
 */
#include "policy/argument_pieces.bpf.h"
#include "tests/bpf/arguments-seen.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 arguments_count = 1;
const volatile __u32 only_pid; /* 0: whoever comes */
/* Things made by the test, in memory of the kernel: at these raw[] their address is added, and to
 * these words of theirs. */
const volatile __u32 memory_raws; /* bits */
const volatile __u32 memory_words[4];
const volatile __u32 memory_words_count;
__u32 seen;

#define MEMORY_WORDS 512

struct memory {
	__u64 words[MEMORY_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct memory);
} memories SEC(".maps");

/* The first hit is kept. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slot_seen);
} slots_seen SEC(".maps");

static __always_inline struct hit_slot *begin_hit(void)
{
	struct hit_slot *slot = hit_slot(0);

	if (!slot || seen || (only_pid && bpf_get_current_pid_tgid() >> 32 != only_pid))
		return NULL;
	slot->used = 0;
	slot->incomplete = 0;
	for (__u32 i = 0; i < HOOK_ARGUMENTS_ALL; i++)
		slot->record.arguments[i].status = ARGUMENT_UNREAD;
	return slot;
}

static __always_inline void end_hit(struct hit_slot *slot)
{
	__u32 zero = 0;
	struct slot_seen *to = bpf_map_lookup_elem(&slots_seen, &zero);

	if (!to)
		return;
	for (__u32 i = 0; i < HOOK_ARGUMENTS_ALL; i++) {
		if (i >= arguments_count)
			break;
		argument_read(0, i);
	}
	pieces_send(0, arguments_count);
	to->used = slot->used;
	to->incomplete = slot->incomplete;
	bpf_probe_read_kernel(&to->record, sizeof(to->record), &slot->record);
	bpf_probe_read_kernel(to->data, sizeof(to->data), slot->data);
	seen = 1;
}

static __always_inline void add_memory(struct hit_slot *slot)
{
	__u32 zero = 0;
	struct memory *memory = bpf_map_lookup_elem(&memories, &zero);
	__u64 address;

	if (!memory)
		return;
	/* by way of memory: then it is a number, and can be added */
	slot->record.call = (__u64)memory;
	barrier();
	address = slot->record.call;
	for (__u32 i = 0; i < HOOK_RAW_MAX; i++)
		if (memory_raws >> i & 1)
			slot->raw[i] += address;
	for (__u32 i = 0; i < 4; i++)
		if (i < memory_words_count && memory_words[i] < MEMORY_WORDS)
			memory->words[memory_words[i]] += address;
}

/* What BPF_PROG_TEST_RUN gives. */
SEC("raw_tp/sys_enter")
int read_given(struct bpf_raw_tracepoint_args *context)
{
	struct hit_slot *slot = begin_hit();

	if (!slot)
		return 0;
	for (__u32 i = 0; i < 12; i++)
		slot->raw[i] = context->args[i];
	add_memory(slot);
	end_hit(slot);
	return 0;
}

#define READ_FROM_TRACEPOINT(tracepoint, count)                                                    \
	SEC("raw_tp/" #tracepoint)                                                                 \
	int read_##tracepoint(struct bpf_raw_tracepoint_args *context)                             \
	{                                                                                          \
		struct hit_slot *slot = begin_hit();                                               \
                                                                                                   \
		if (!slot)                                                                         \
			return 0;                                                                  \
		for (__u32 i = 0; i < (count); i++)                                                \
			slot->raw[i] = context->args[i];                                           \
		end_hit(slot);                                                                     \
		return 0;                                                                          \
	}

READ_FROM_TRACEPOINT(sched_process_exec, 3)
READ_FROM_TRACEPOINT(inet_sock_set_state, 3)
READ_FROM_TRACEPOINT(net_dev_queue, 1)

/* Only to be verified: other types of programs may be allowed less. */
SEC("kprobe/do_nothing")
int verified_kprobe(struct pt_regs *context)
{
	for (__u32 i = 0; i < HOOK_ARGUMENTS_ALL; i++)
		argument_read(0, i);
	return 0;
}
