/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which container a task belongs to. Decided at fork, exec and cgroup attach, then kept with the
 * task: moving to another cgroup can give a task a container, never take it away.
 */
#pragma once

#include "kernel.h"
#include "event.h"
#include "lib/emit.bpf.h"

const volatile bool have_task_storage = true; /* false on 5.10 */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* only user space adds entries */
	__uint(max_entries, CONTAINERS_MAX);
	__type(key, __u64);
	__type(value, struct container_entry);
} containers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_container);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONTAINER_TASKS_MAX);
	__type(key, __u32);
	__type(value, struct task_container);
} tasks_by_tid SEC(".maps");

static __always_inline struct task_container *task_container_get(struct task_struct *task)
{
	if (have_task_storage)
		return bpf_task_storage_get(&tasks, task, NULL, 0);

	__u32 tid = task->pid;

	return bpf_map_lookup_elem(&tasks_by_tid, &tid);
}

static __always_inline void task_container_set(
	struct task_struct *task, __u64 container_id, __u64 generation)
{
	struct task_container value = {.container_id = container_id, .generation = generation};

	if (have_task_storage) {
		struct task_container *stored =
			bpf_task_storage_get(&tasks, task, &value, BPF_LOCAL_STORAGE_GET_F_CREATE);

		if (stored)
			*stored = value;
		else
			count_failed_read(); /* the next look goes by the cgroup again */
	} else {
		__u32 tid = task->pid;

		if (bpf_map_update_elem(&tasks_by_tid, &tid, &value, BPF_ANY))
			count_failed_read();
	}
}

/* Task storage goes with the task; the hash of 5.10 has to be told. */
static __always_inline void task_container_forget(struct task_struct *task)
{
	if (!have_task_storage) {
		__u32 tid = task->pid;

		bpf_map_delete_elem(&tasks_by_tid, &tid);
	}
}

/* An exec by another thread than the leader gives that thread the leader's number. */
static __always_inline void task_container_move(struct task_struct *task, __u32 old_tid)
{
	struct task_container *kept;

	if (have_task_storage)
		return;
	kept = bpf_map_lookup_elem(&tasks_by_tid, &old_tid);
	if (!kept)
		return;
	task_container_set(task, kept->container_id, kept->generation);
	bpf_map_delete_elem(&tasks_by_tid, &old_tid);
}

/* Far above any real depth: a bound for the verifier. */
#define CGROUP_LEVEL_MAX 4095

static __always_inline __u64 cgroup_ancestor_id(struct cgroup *cgroup, __u64 level)
{
	__u64 id = 0;

	if (bpf_core_field_exists(cgroup->ancestors)) {
		struct cgroup *ancestor = NULL;
		void *slot = (void *)cgroup + bpf_core_field_offset(struct cgroup, ancestors) +
			     level * sizeof(void *);

		bpf_probe_read_kernel(&ancestor, sizeof(ancestor), slot);
		id = BPF_CORE_READ(ancestor, kn, id);
	} else {
		void *slot = (void *)cgroup +
			     bpf_core_field_offset(struct cgroup___ancestor_ids, ancestor_ids) +
			     level * sizeof(__u64);

		bpf_probe_read_kernel(&id, sizeof(id), slot);
	}
	return id;
}

/* The outermost registered container above (or at) a cgroup of the v2 hierarchy, so that what a
 * container nests inside itself cannot hide a process. */
static __always_inline struct container_entry *cgroup_container(
	struct cgroup *cgroup, __u64 *ret_container_id)
{
	int level = cgroup->level;

	for (int i = 1; i <= CGROUP_DEPTH_MAX; i++) {
		struct container_entry *entry;
		__u64 id;

		if (i > level)
			break;
		id = cgroup_ancestor_id(cgroup, i);
		entry = bpf_map_lookup_elem(&containers, &id);
		if (entry) {
			*ret_container_id = id;
			return entry;
		}
	}
	return NULL;
}

static __always_inline struct container_entry *container_get(__u64 container_id)
{
	return bpf_map_lookup_elem(&containers, &container_id);
}

/* What the task keeps, else what its cgroup says, and then it keeps that. Fills `ret` and returns
 * the container's entry, NULL for the host. */
static __always_inline struct container_entry *attribute(
	struct task_struct *task, struct attribution *ret)
{
	struct task_container *kept = task_container_get(task);
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;
	struct container_entry *entry;
	__u64 id = 0;

	ret->cgroup_id = cgroup->kn->id;
	ret->container_id = 0;
	ret->generation = 0;
	if (kept && kept->container_id) {
		ret->container_id = kept->container_id;
		ret->generation = kept->generation;
		return container_get(kept->container_id);
	}
	entry = cgroup_container(cgroup, &id);
	if (!entry)
		return NULL;
	ret->container_id = id;
	ret->generation = entry->generation;
	task_container_set(task, id, entry->generation);
	return entry;
}
