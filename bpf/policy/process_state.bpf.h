/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What policies need to know of a process and what is settled at its exec: which matchBinaries its
 * program answers to, and its namespaces and capabilities of then. Kept by the base sensor, for as
 * long as a policy wants it, and read by the hooks.
 */
#pragma once

#include "kernel.h"
#include "policy.h"
#include "lib/attribution.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct process_state);
} process_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONTAINER_TASKS_MAX);
	__type(key, __u32);
	__type(value, struct process_state);
} process_states_by_tid SEC(".maps");

static __always_inline struct process_state *process_state_of(struct task_struct *task)
{
	if (have_task_storage)
		return bpf_task_storage_get(&process_states, task, NULL, 0);

	__u32 tid = task->pid;

	return bpf_map_lookup_elem(&process_states_by_tid, &tid);
}
