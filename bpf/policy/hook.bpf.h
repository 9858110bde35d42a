/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every hook does, wherever it is: is this one for us, do the selectors match, act. */
#pragma once

#include "policy/abi.bpf.h"
#include "policy/hit.bpf.h"
#include "policy/prefilter.bpf.h"

const volatile __s32 hook_scope = -1; /* bit of container_scopes; -1: all */
const volatile __u32 raw_count;	      /* of raw[]: how many are looked at */
const volatile __u32 own_pid;	      /* tallymand: what it does to write an event makes none */
const volatile __u32 function_parameters = 0; /* the traced function's */
const volatile bool preemptible;	      /* between two instructions */

/* Set when all hooks of the policy are in place: it begins as a whole. */
__u32 hook_armed;

/* By adding and looking: whoever finds only its own there has it. Two that come between each other
 * may both go on to the next. (5.10 refuses a compare and swap even where it is never reached.) */
static __always_inline bool slot_take(struct hit_slot *slot)
{
	if (!preemptible) {
		if (slot->busy)
			return false;
		slot->busy = 1;
		return true;
	}
	__sync_fetch_and_add(&slot->busy, 1);
	if (*(volatile __u32 *)&slot->busy == 1)
		return true;
	__sync_fetch_and_add(&slot->busy, -1);
	return false;
}

static __always_inline void slot_release(struct hit_slot *slot)
{
	if (preemptible)
		__sync_fetch_and_add(&slot->busy, -1);
	else
		*(volatile __u32 *)&slot->busy = 0;
}

static __always_inline struct hit_slot *slot_claim(__u32 *ret_index)
{
	for (__u32 i = 0; i < HIT_SLOTS; i++) {
		struct hit_slot *slot = hit_slot(i);

		if (!slot)
			return NULL;
		if (!slot_take(slot))
			continue;
		*ret_index = i;
		return slot;
	}
	return NULL;
}

static __always_inline void arguments_reset(struct hit_slot *slot)
{
	slot->used = 0;
	for (__u32 i = 0; i < HOOK_ARGUMENTS_MAX; i++) {
		if (i >= arguments_count)
			break;
		__builtin_memset(&slot->record.arguments[i], 0, sizeof(struct hit_argument));
	}
	__builtin_memset(
		&slot->record.arguments[HOOK_RETURN_ARGUMENT], 0, sizeof(struct hit_argument));
}

/* Whether this hook is about the current process at all. */
static __always_inline bool hook_is_wanted(void)
{
	if (!*(volatile __u32 *)&hook_armed)
		return false;
	if (hook_scope >= 0 && !process_is_in_scope(hook_scope))
		return false;
	COUNT(hits);
	return true;
}

/* A place to work in; none for tallymand itself, which is asked after the prefilter, since most
 * calls are a miss. */
static __always_inline struct hit_slot *slot_begin(__u32 *ret_index)
{
	struct hit_slot *slot;

	if (own_pid && bpf_get_current_pid_tgid() >> 32 == own_pid) {
		UNCOUNT(hits);
		return NULL;
	}
	slot = slot_claim(ret_index);
	if (!slot) {
		COUNT(errors);
		count_lost(this_cpu(), RECORD_HIT, LOSS_PREEMPTED);
		return NULL;
	}
	slot->waits = 0;
	slot->incomplete = 0; /* raw[] of a program's probe may be in memory */
	return slot;
}

static __always_inline struct hit_slot *hook_begin(__u32 *ret_index)
{
	return hook_is_wanted() ? slot_begin(ret_index) : NULL;
}

/* With raw[] filled in and the prefilter passed: the selector that matches, or -1. */
static __always_inline int hook_select(struct hit_slot *slot, __u32 slot_index)
{
	arguments_reset(slot);
	return steps_count ? steps_run(slot, slot_index, 0) : 0;
}

/* The same, and what it is to do. Returns Override's error, or 0. */
static __always_inline int hook_run(void *ctx, struct hit_slot *slot, __u32 slot_index)
{
	int selector = hook_select(slot, slot_index);

	if (selector >= 0)
		return hit_act(ctx, slot, slot_index, selector, 0);
	if (slot->incomplete) {
		if (!hook_rereads)
			COUNT(unreadable);
		else if (!call_keep(slot, 0, 0, true))
			COUNT(errors);
	}
	return 0;
}

/* The same where raw[] can be had only in the slot. What a probe could not read of it is the
 * steps' to count. */
static __always_inline int hook_entered(void *ctx, struct hit_slot *slot, __u32 slot_index)
{
	if (!slot->incomplete && !PREFILTER_PASSES(raw_value, slot))
		return 0;
	return hook_run(ctx, slot, slot_index);
}

static __always_inline void wait_no_more(void)
{
}

/* A hook's program: `fill` puts raw[] into `slot`. Override's error, or 0. */
#define HOOK_RUN(ctx, fill) HOOK_RUN_WAITING(ctx, fill, wait_no_more)

/* The same; `wait_for_return` where the call has to be looked at again. */
#define HOOK_RUN_WAITING(ctx, fill, wait_for_return)                                               \
	({                                                                                         \
		__u32 slot_index_ = 0;                                                             \
		struct hit_slot *slot = hook_begin(&slot_index_);                                  \
		int error_ = 0;                                                                    \
                                                                                                   \
		if (slot) {                                                                        \
			fill;                                                                      \
			error_ = hook_entered(ctx, slot, slot_index_);                             \
			if (slot->waits)                                                           \
				wait_for_return();                                                 \
			slot_release(slot);                                                        \
		}                                                                                  \
		error_;                                                                            \
	})

/* matchReturnArgs, which may be there or not. */
static __always_inline bool return_matches(
	struct hit_slot *slot, __u32 slot_index, const struct hook_selector *selector)
{
	return !(selector->flags & SELECTOR_AWAITS_RETURN) ||
	       steps_run(slot, slot_index, selector->return_step) >= 0;
}

/* The return of a call whose entry was sent. */
static __always_inline void hook_return_send(
	void *ctx, struct hit_slot *slot, __u32 slot_index, const struct call_state *state)
{
	__u32 index = state->selector;
	struct hook_selector *selector = bpf_map_lookup_elem(&hook_selectors, &index);
	__u64 now = bpf_ktime_get_boot_ns();

	if (!selector)
		return;
	slot->record.call = state->call;
	argument_read(slot_index, HOOK_RETURN_ARGUMENT);
	for (__u32 i = 0; i < HOOK_ARGUMENTS_MAX; i++) {
		if (i >= arguments_count)
			break;
		if (hook_arguments[i].flags & ARGUMENT_RETURN_COPY)
			argument_read(slot_index, i);
	}
	if (!return_matches(slot, slot_index, selector))
		return;
	if (selector->flags & SELECTOR_AWAITS_RETURN) {
		COUNT(matches);
		if (is_rate_limited(selector) &&
			rate_limited(selector, index, state->arguments, now, true)) {
			COUNT(rate_limited);
			return;
		}
	}
	hit_send(ctx, slot, slot_index, selector, index, HIT_RETURN, now);
}

/* The return of a call whose arguments could not be read before: entry and return in one. */
static __always_inline void hook_run_again(void *ctx, struct hit_slot *slot, __u32 slot_index)
{
	struct hook_selector *selector;
	__u32 index;
	int selected;

	selected = steps_count ? steps_run(slot, slot_index, 0) : 0;
	if (selected < 0) {
		if (slot->incomplete)
			COUNT(unreadable);
		return;
	}
	index = selected;
	selector = bpf_map_lookup_elem(&hook_selectors, &index);
	if (!selector)
		return;
	if (hook_returns)
		argument_read(slot_index, HOOK_RETURN_ARGUMENT);
	if (return_matches(slot, slot_index, selector))
		hit_act(ctx, slot, slot_index, index, HIT_AT_RETURN);
}

/* The call that was kept by `key`, if it is, has returned `value`. */
static __always_inline void call_returned(void *ctx, struct call_key *key, __u64 value)
{
	struct call_state *state = bpf_map_lookup_elem(&hook_calls, key);
	struct hit_slot *slot;
	__u32 slot_index;

	if (!state)
		return;
	slot = slot_begin(&slot_index);
	if (!slot) {
		call_forget(key);
		return;
	}
	arguments_reset(slot);
	for (int i = 0; i < HOOK_RAW_MAX; i++)
		slot->raw[i] = state->raw[i];
	slot->raw[HOOK_RAW_RETURN] = value;
	if (hook_tracks_sockets && hook_return_socket) {
		current_owner(&slot->owner);
		socket_act(value, hook_return_socket, &slot->owner);
	}
	if (state->again)
		hook_run_again(ctx, slot, slot_index);
	else
		hook_return_send(ctx, slot, slot_index, state);
	call_forget(key);
	slot_release(slot);
}

/* A call that an entry may wait for has returned `value`. */
static __always_inline void hook_returned(void *ctx, __u64 value)
{
	struct call_key key;

	if (!*(volatile __u64 *)&calls_kept)
		return;
	key = call_key();
	call_returned(ctx, &key, value);
}
