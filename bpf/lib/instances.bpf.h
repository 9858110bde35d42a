/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Since 7.0 a task can be preempted inside a tracepoint. While it is, the kernel skips that program
 * for every other task on the CPU: on a busy machine events were lost, and a container can do its
 * part for that with long arguments. So there the same program is attached several times, each
 * instance with buffers of its own: whichever comes first does the work and leaves a mark, the
 * others see it and return. A witness comes last and counts what no instance has handled.
 *
 * A mark can be overwritten between two instances, by a task whose number shares its slot: then the
 * record is sent twice, and user space drops the second.
 */
#pragma once

#include "kernel.h"
#include "event.h"
#include "lib/emit.bpf.h"

const volatile __u32 instances = 1;

enum marked_event {
	MARKED_EXEC,
	MARKED_FORK,
	MARKED_EXIT,
	MARKED_EVENTS
};

/* What no two events of a kind have in common. */
struct mark {
	__u64 start_boottime;
	__u64 number; /* tid, self_exec_id */
};

struct marks {
	struct mark last[MARKED_EVENTS];
};

/* By tid. Not per CPU: between two instances a task can move to another. User space sets
 * max_entries to 1 where there is one instance. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MARK_SLOTS);
	__type(key, __u32);
	__type(value, struct marks);
} marks SEC(".maps");

static __always_inline struct marks *marks_of(struct task_struct *task)
{
	__u32 slot = task->pid & (MARK_SLOTS - 1);

	return bpf_map_lookup_elem(&marks, &slot);
}

static __always_inline struct mark mark_of(struct task_struct *task)
{
	return (struct mark){
		.start_boottime = task->start_boottime,
		.number = (__u64)task->pid << 32 | (__u32)task->self_exec_id,
	};
}

/* Whether an instance before this one has handled the event of `task`. */
static __always_inline bool already_handled(enum marked_event event, struct task_struct *task)
{
	struct marks *found;
	struct mark mark;

	if (instances == 1)
		return false;
	found = marks_of(task);
	mark = mark_of(task);
	return found && found->last[event].start_boottime == mark.start_boottime &&
	       found->last[event].number == mark.number;
}

static __always_inline void mark_handled(enum marked_event event, struct task_struct *task)
{
	struct marks *found;

	if (instances == 1)
		return;
	found = marks_of(task);
	if (found)
		found->last[event] = mark_of(task);
}

/* What the witness does. */
static __always_inline void count_unhandled(
	enum marked_event event, struct task_struct *task, __u32 kind)
{
	if (!already_handled(event, task))
		count_lost(this_cpu(), kind, LOSS_PREEMPTED);
}
