/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* fork and exit: small records that never wake the consumer. */
#pragma once

#include "base/process_state.bpf.h"
#include "lib/attribution.bpf.h"
#include "lib/emit.bpf.h"
#include "lib/instances.bpf.h"
#include "lib/task.bpf.h"

/* A child's container: that of its own cgroup (clone3 can put it into any), else its parent's. A
 * child in its parent's own css_set gets what the parent keeps, without a walk. */
static __always_inline struct container_entry *attribute_child(
	struct task_struct *parent, struct task_struct *child, struct attribution *ret)
{
	struct task_container *kept = task_container_get(parent);
	struct cgroup *cgroup = child->cgroups->dfl_cgrp;
	struct container_entry *entry = NULL;
	__u64 id = 0;

	ret->cgroup_id = cgroup->kn->id;
	ret->container_id = 0;
	ret->generation = 0;
	if (!kept || !kept->container_id || child->cgroups != parent->cgroups) {
		entry = cgroup_container(cgroup, &id);
		if (entry) {
			ret->container_id = id;
			ret->generation = entry->generation;
		}
	}
	if (!entry && kept && kept->container_id) {
		ret->container_id = kept->container_id;
		ret->generation = kept->generation;
		entry = container_get(kept->container_id);
	}
	if (ret->container_id)
		task_container_set(child, ret->container_id, ret->generation);
	else
		task_container_forget(child); /* what an earlier task of this number left behind */
	return entry;
}

static __always_inline void fork_handle(struct task_struct *parent, struct task_struct *child)
{
	struct fork_record record = {};
	struct container_entry *container;

	container = attribute_child(parent, child, &record.attribution);
	process_state_inherit(parent, child);
	if (child->pid !=
		child->tgid) /* a thread: no event, but it may be the one that calls execve */
		return;
	header_init(&record.header, RECORD_FORK, bpf_ktime_get_boot_ns());
	if (!charge(container, RECORD_FORK, sizeof(record), record.header.time)) {
		skip_throttled(RECORD_FORK);
		return;
	}
	process_key_read(child, &record.process);
	process_key_read(child->real_parent, &record.parent);
	record.namespace_pid = namespace_pid_read(child, NULL);
	emit(&record.header, RECORD_FORK, sizeof(record), false);
}

#define FORK_PROGRAM(name)                                                                         \
	SEC("tp_btf/sched_process_fork")                                                           \
	int BPF_PROG(name, struct task_struct *parent, struct task_struct *child)                  \
	{                                                                                          \
		if (already_handled(MARKED_FORK, child))                                           \
			return 0;                                                                  \
		fork_handle(parent, child);                                                        \
		mark_handled(MARKED_FORK, child);                                                  \
		return 0;                                                                          \
	}

FORK_PROGRAM(on_fork)
FORK_PROGRAM(on_fork_instance1)
FORK_PROGRAM(on_fork_instance2)
FORK_PROGRAM(on_fork_instance3)

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork_witness, struct task_struct *parent, struct task_struct *child)
{
	if (child->pid == child->tgid)
		count_unhandled(MARKED_FORK, child, RECORD_FORK);
	return 0;
}

/* Once per thread group, by its last thread: signal->live has been counted down already. Two last
 * threads at once can both see 0; user space drops the second record. */
static __always_inline void exit_handle(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct container_entry *container = NULL;
	struct exit_record record = {};
	struct task_container *kept;

	kept = task_container_get(task);
	if (kept) {
		record.attribution.container_id = kept->container_id;
		record.attribution.generation = kept->generation;
	}
	task_container_forget(task);
	process_state_forget(task);
	if (signal->live.counter != 0)
		return;
	header_init(&record.header, RECORD_EXIT, bpf_ktime_get_boot_ns());
	if (record.attribution.container_id)
		container = container_get(record.attribution.container_id);
	if (!charge(container, RECORD_EXIT, sizeof(record), record.header.time)) {
		skip_throttled(RECORD_EXIT);
		return;
	}
	process_key_read(task, &record.process);
	record.tid = task->pid;
	/* What wait() will report: after exit_group() or a fatal signal the group's code, else the
	 * leader's own, whichever thread goes last. */
	if (signal->flags & SIGNAL_GROUP_EXIT) {
		record.exit_code = signal->group_exit_code;
		record.header.flags |= RECORD_FLAG_SIGNAL_GROUP_EXIT;
	} else {
		record.exit_code = task->group_leader->exit_code;
	}
	record.attribution.cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	emit(&record.header, RECORD_EXIT, sizeof(record), false);
}

#define EXIT_PROGRAM(name)                                                                         \
	SEC("tp_btf/sched_process_exit")                                                           \
	int BPF_PROG(name, struct task_struct *task)                                               \
	{                                                                                          \
		if (already_handled(MARKED_EXIT, task))                                            \
			return 0;                                                                  \
		exit_handle(task);                                                                 \
		mark_handled(MARKED_EXIT, task);                                                   \
		return 0;                                                                          \
	}

EXIT_PROGRAM(on_exit)
EXIT_PROGRAM(on_exit_instance1)
EXIT_PROGRAM(on_exit_instance2)
EXIT_PROGRAM(on_exit_instance3)

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit_witness, struct task_struct *task)
{
	if (!task->signal->live.counter)
		count_unhandled(MARKED_EXIT, task, RECORD_EXIT);
	return 0;
}
