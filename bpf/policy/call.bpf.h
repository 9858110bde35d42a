/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls whose return is waited for: because the policy asks for it, or because what the call was
 * given could not be read yet. */
#pragma once

#include "policy/slot.bpf.h"

const volatile __u32 hook_id;

struct call_key {
	__u64 pid_tgid;
	__u64 hook;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, HOOK_CALLS_MAX);
	__type(key, struct call_key);
	__type(value, struct call_state);
} hook_calls SEC(".maps");

/* How many of this hook's calls are there at most: what an interrupted process left or the LRU took
 * stays counted. Returns that nobody waits for are most, and look at nothing else. */
__u64 calls_kept;

static __always_inline struct call_key call_key(void)
{
	return (struct call_key){.pid_tgid = bpf_get_current_pid_tgid(), .hook = hook_id};
}

static __always_inline bool call_keep(struct hit_slot *slot, __u32 selector, __u64 call, bool again)
{
	struct call_key key = call_key();
	struct call_state *state = &slot->call; /* larger than what 5.10 leaves of the stack */

	state->call = call;
	state->selector = selector;
	state->again = again;
	state->arguments = slot->arguments;
	slot->waits |= again;
	for (int i = 0; i < HOOK_RAW_MAX; i++)
		state->raw[i] = slot->raw[i];
	/* Counted before it can be found, so that it is never one too few. */
	__sync_fetch_and_add(&calls_kept, 1);
	if (!bpf_map_update_elem(&hook_calls, &key, state, BPF_ANY))
		return true;
	__sync_fetch_and_add(&calls_kept, -1);
	return false;
}

static __always_inline void call_forget(struct call_key *key)
{
	if (!bpf_map_delete_elem(&hook_calls, key))
		__sync_fetch_and_add(&calls_kept, -1);
}
