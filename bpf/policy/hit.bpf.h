/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A selector has matched: its actions, and the record. */
#pragma once

#include "policy/argument_pieces.bpf.h"
#include "policy/call.bpf.h"
#include "policy/file_hash.bpf.h"
#include "policy/match.bpf.h"
#include "policy/modules.bpf.h"
#include "policy/socket_owner.bpf.h"

/* Behind the arguments come two stacks, of STACK_DEPTH_MAX addresses each, and their modules; LSM
 * hooks have a hash instead. */
#define HIT_SENT_MAX (HIT_DATA_MAX + 2 * 1024 + HIT_ARGUMENT_MAX)

const volatile __u32 arguments_count;
const volatile bool
	hook_returns; /* a program is attached to the return, for `return: true` or returnCopy */
const volatile bool hook_rereads;   /* … for memory that was not there at the entry */
const volatile bool hook_monitors;  /* monitor mode: actions are only counted */
const volatile bool hook_has_stack; /* some selector wants one */
const volatile bool hook_signals;
const volatile bool hook_overrides = false;
const volatile bool hook_has_rate_limit;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hook_selector);
} hook_selectors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hook_counters);
} hook_counters SEC(".maps");

struct rate_limit_key {
	__u64 whose; /* tid, tgid, 0 */
	__u64 hook_and_selector;
	__u64 arguments; /* a hash of them: what is limited are repetitions */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, RATE_LIMITS_MAX);
	__type(key, struct rate_limit_key);
	__type(value, __u64); /* when the last one was sent */
} rate_limits SEC(".maps");

static __always_inline struct hook_counters *counters(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&hook_counters, &zero);
}

#define COUNT(what)                                                                                \
	({                                                                                         \
		struct hook_counters *counters_ = counters();                                      \
		if (counters_)                                                                     \
			counters_->what++;                                                         \
	})

#define UNCOUNT(what)                                                                              \
	({                                                                                         \
		struct hook_counters *counters_ = counters();                                      \
		if (counters_)                                                                     \
			counters_->what--;                                                         \
	})

#define FNV_PRIME	 0x100000001b3ULL
#define RATE_LIMIT_BYTES 40 /* of each argument */

/* Of what was read. */
__noinline int arguments_hash(__u32 slot_index)
{
	struct hit_slot *slot = hit_slot(slot_index);
	__u64 hash = 0xcbf29ce484222325ULL;

	if (!hook_has_rate_limit || !slot)
		return 0;
	for (__u32 i = 0; i < HOOK_ARGUMENTS_MAX; i++) {
		struct hit_argument *argument = &slot->record.arguments[i];
		__u32 at = argument->offset;

		if (i >= arguments_count)
			break;
		hash = (hash ^ argument->integer) * FNV_PRIME;
		hash = (hash ^ argument->length) * FNV_PRIME;
		for (__u32 j = 0; j < RATE_LIMIT_BYTES; j += 8) {
			__u32 place = at + j;
			__u64 word;

			if (j >= argument->length)
				break;
			asm volatile("" : "+r"(place));
			if (place > HIT_DATA_MAX)
				break;
			word = word_at(&slot->data[place]);
			if (argument->length - j < 8)
				word <<= 64 - 8 * (argument->length - j);
			hash = (hash ^ word) * FNV_PRIME;
		}
	}
	hash ^= hash >> 32;
	return (int)hash;
}

static __always_inline bool is_rate_limited(const struct hook_selector *selector)
{
	return hook_has_rate_limit && selector->rate_limit_ms;
}

/* Whether there was one with the same arguments a short time ago; else, unless that is not known
 * yet, this is one. */
static __always_inline bool rate_limited(
	const struct hook_selector *selector, __u32 index, __u32 arguments, __u64 now, bool is_one)
{
	struct rate_limit_key key = {.hook_and_selector = (__u64)hook_id << 32 | index};
	__u64 *last;

	if (selector->rate_limit_scope == RATE_LIMIT_THREAD)
		key.whose = bpf_get_current_pid_tgid();
	else if (selector->rate_limit_scope == RATE_LIMIT_PROCESS)
		key.whose = bpf_get_current_pid_tgid() >> 32;
	key.arguments = arguments;
	last = bpf_map_lookup_elem(&rate_limits, &key);
	if (last && now - *last < (__u64)selector->rate_limit_ms * 1000000)
		return true;
	if (is_one)
		bpf_map_update_elem(&rate_limits, &key, &now, BPF_ANY);
	return false;
}

static __always_inline void current_process_key(struct process_key *ret)
{
	struct task_struct *task = current_task();

	ret->pid = bpf_get_current_pid_tgid() >> 32;
	ret->start_boottime = BPF_CORE_READ(task, group_leader, start_boottime);
	ret->self_exec_id = (__u32)BPF_CORE_READ(task, self_exec_id);
}

static __always_inline __u32 stack_put(
	void *ctx, struct hit_slot *slot, __u32 at, __u64 flags, __u16 *ret_depth)
{
	long length;

	*ret_depth = 0;
	asm volatile("" : "+r"(at));
	if (at > HIT_DATA_MAX + 1024)
		return 0;
	length = bpf_get_stack(ctx, &slot->data[at], STACK_DEPTH_MAX * 8, flags);
	if (length <= 0)
		return 0;
	*ret_depth = length / 8;
	return length & ~7;
}

/* Both stacks, and what is mapped where the user's leads; where the data ends with them. */
static __always_inline __u32 stacks_put(void *ctx, struct hit_slot *slot, __u32 slot_index,
	const struct hook_selector *selector, __u32 used)
{
	struct hit_record *record = &slot->record;

	if (selector->flags & SELECTOR_KERNEL_STACK)
		used += stack_put(ctx, slot, used, 0, &record->kernel_stack_depth);
	if (!(selector->flags & SELECTOR_USER_STACK))
		return used;
	slot->frames = used;
	used += stack_put(ctx, slot, used, BPF_F_USER_STACK, &record->user_stack_depth);
	if (!hook_wants_modules)
		return used;
	slot->modules = used;
	stack_modules_add(slot_index);
	return used +
	       BOUNDED(record->module_count, STACK_MODULES_MAX) * sizeof(struct stack_module);
}

static __always_inline void owner_put(struct hit_slot *slot, struct hit_record *record)
{
	const struct socket_owner *owner = socket_owner_of(slot, arguments_count);

	if (!owner)
		return;
	record->process = owner->process;
	record->tid = owner->tid;
	record->attribution.container_id = owner->container.container_id;
	record->attribution.generation = owner->container.generation;
}

static __always_inline void current_owner(struct socket_owner *ret)
{
	struct task_container *kept = current_container();

	__builtin_memset(ret, 0, sizeof(*ret));
	current_process_key(&ret->process);
	ret->tid = (__u32)bpf_get_current_pid_tgid();
	if (kept)
		ret->container = *kept;
}

static __always_inline void sock_actions(
	struct hit_slot *slot, const struct hook_selector *selector)
{
	__u64 sock = argument_sock(slot, selector->flags >> SELECTOR_SOCK_SHIFT & 0xf);

	current_owner(&slot->owner);
	if (!socket_act(sock, SOCKET_TRACK, &slot->owner))
		COUNT(errors);
}

/* After the hit was sent, which may be said of the owner. */
static __always_inline void sock_untrack(
	struct hit_slot *slot, const struct hook_selector *selector)
{
	if (selector->flags & SELECTOR_UNTRACK_SOCK)
		socket_act(argument_sock(slot, selector->flags >> SELECTOR_SOCK_SHIFT & 0xf),
			SOCKET_UNTRACK, NULL);
}

/* Fill in all but the arguments, and send. */
static __always_inline bool hit_send(void *ctx, struct hit_slot *slot, __u32 slot_index,
	const struct hook_selector *selector, __u32 selector_index, __u32 flags, __u64 now)
{
	struct hit_record *record = &slot->record;
	struct task_container *kept = current_container();
	struct container_entry *container = NULL;
	__u32 used;

	header_init(&record->header, RECORD_HIT, now);
	record->attribution.container_id = 0;
	record->attribution.generation = 0;
	if (kept && kept->container_id) {
		record->attribution.container_id = kept->container_id;
		record->attribution.generation = kept->generation;
		container = container_get(kept->container_id);
	}
	record->attribution.cgroup_id = bpf_get_current_cgroup_id();
	used = (slot->used + 7) & ~7u;
	asm volatile("" : "+r"(used));
	if (used > HIT_DATA_MAX)
		used = HIT_DATA_MAX;
	if (!charge(container, RECORD_HIT,
		    sizeof(*record) + used + pieces_bytes_of_all(slot, arguments_count), now)) {
		skip_throttled(RECORD_HIT);
		return false;
	}
	pieces_send(slot_index, arguments_count);
	current_process_key(&record->process);
	record->tid = (__u32)bpf_get_current_pid_tgid();
	if (hook_tracks_sockets)
		owner_put(slot, record);
	record->hook = hook_id;
	record->selector = selector_index;
	record->hit_flags = flags;
	record->arguments_count = arguments_count;
	record->data_length = used;
	record->kernel_stack_depth = 0;
	record->user_stack_depth = 0;
	record->module_count = 0;
	record->has_hash = 0;
	if (hook_has_stack && selector && !(flags & HIT_RETURN)) {
		used = stacks_put(ctx, slot, slot_index, selector, used);
		asm volatile("" : "+r"(used));
		if (used > HIT_SENT_MAX)
			return false;
	}
	if (hook_sleeps && selector && (selector->flags & SELECTOR_FILE_HASH)) {
		used += file_hash_put(slot, used);
		if (!record->has_hash)
			COUNT(unreadable);
	}
	/* Of two records that become one event, one counts. */
	if (flags & HIT_RETURN ? selector && (selector->flags & SELECTOR_AWAITS_RETURN)
			       : !(flags & HIT_NEEDS_RETURN))
		COUNT(posted);
	return emit_bounded(&record->header, RECORD_HIT, sizeof(*record) + used,
		sizeof(*record) + HIT_SENT_MAX, true);
}

static __always_inline void arguments_read(
	struct hit_slot *slot, __u32 slot_index, bool has_returned)
{
	for (__u32 i = 0; i < HOOK_ARGUMENTS_MAX; i++) {
		if (i >= arguments_count)
			break;
		if (slot->record.arguments[i].status == ARGUMENT_UNREAD &&
			(has_returned || !(hook_arguments[i].flags & ARGUMENT_RETURN_COPY)))
			argument_read(slot_index, i);
	}
}

/* matchReturnArgs, and the call has not returned yet. */
static __always_inline bool return_will_decide(const struct hook_selector *selector, __u32 flags)
{
	return hook_returns && (selector->flags & SELECTOR_AWAITS_RETURN) &&
	       !(flags & HIT_AT_RETURN);
}

/* rateLimit; where the return decides, it asks again, by the same hash. */
static __always_inline bool hit_is_limited(struct hit_slot *slot, __u32 slot_index,
	const struct hook_selector *selector, __u32 index, __u32 flags, __u64 now)
{
	if (!is_rate_limited(selector))
		return false;
	slot->arguments = arguments_hash(slot_index);
	return rate_limited(
		selector, index, slot->arguments, now, !return_will_decide(selector, flags));
}

/* Returns Override's error, or 0. */
static __always_inline int hit_act(
	void *ctx, struct hit_slot *slot, __u32 slot_index, __u32 index, __u32 flags)
{
	struct hook_selector *selector = bpf_map_lookup_elem(&hook_selectors, &index);
	__u64 now = bpf_ktime_get_boot_ns();

	if (!selector)
		return 0;
	if (hook_signals && (selector->flags & SELECTOR_SIGNAL) && !hook_monitors) {
		if (bpf_send_signal(selector->signal))
			COUNT(errors);
		else
			flags |= HIT_SIGNALLED;
		COUNT(signals);
	}
	if ((selector->flags & SELECTOR_OVERRIDE) && !hook_monitors)
		flags |= HIT_OVERRIDDEN;
	if (hook_tracks_sockets && (selector->flags & SELECTOR_TRACK_SOCK))
		sock_actions(slot, selector);
	slot->record.call = now << 10 ^ bpf_get_smp_processor_id();
	if (selector->flags & SELECTOR_POST) {
		arguments_read(slot, slot_index, flags & HIT_AT_RETURN);
		if (hook_rereads && slot->incomplete &&
			!(flags & (HIT_AT_RETURN | HIT_SIGNALLED))) {
			if (call_keep(slot, index, slot->record.call, true))
				return 0;
			COUNT(errors);
		}
		if (slot->incomplete)
			COUNT(unreadable);
		if (hit_is_limited(slot, slot_index, selector, index, flags, now)) {
			COUNT(rate_limited);
		} else {
			if (hook_returns && !(flags & HIT_AT_RETURN)) {
				flags |= HIT_AWAITS_RETURN;
				if (selector->flags & SELECTOR_AWAITS_RETURN)
					flags |= HIT_NEEDS_RETURN;
				if (!call_keep(slot, index, slot->record.call, false)) {
					COUNT(errors);
					flags &= ~(HIT_AWAITS_RETURN | HIT_NEEDS_RETURN);
				}
			}
			hit_send(ctx, slot, slot_index, selector, index, flags, now);
		}
	}
	if (!return_will_decide(selector, flags)) /* else it counts */
		COUNT(matches);
	if (hook_tracks_sockets)
		sock_untrack(slot, selector);
	return flags & HIT_OVERRIDDEN ? selector->error : 0;
}
