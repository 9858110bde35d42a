/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Looking at a call again before the process goes on in user space, without a program on every
 * return: the kernel can be told to call back at that time (bpf_task_work, 6.18), and that is
 * wanted only of the few calls whose memory was not there when they began. In an object of its
 * own, since one with a callback is refused by 5.10 even where it is never reached. The kernel
 * sends itself an interrupt to begin it, and calls back on this CPU, where the task can be
 * preempted.
 */
#pragma once

#include "policy/hook.bpf.h"

/* The kernel knows it by its name and size. */
struct bpf_task_work {
	__u64 opaque;
} __attribute__((aligned(8)));

struct resumption {
	struct bpf_task_work work;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HOOK_CALLS_MAX);
	__type(key, struct call_key);
	__type(value, struct resumption);
} hook_resumptions SEC(".maps");

#ifdef POLICY_RESUMING
/* 7.0 has another of this name, with a type for `aux`, which libbpf calls incompatible. */
extern int bpf_task_work_schedule_resume_impl(struct task_struct *task, struct bpf_task_work *work,
	void *map, int (*callback)(struct bpf_map *map, void *key, void *value),
	void *aux) __ksym __weak;

/* Not call_key(): a thread that executes another program goes on by its leader's number, and what
 * was kept by the old one would stay. */
static int call_resumed(struct bpf_map *map, void *key, void *value)
{
	struct call_key call = *(struct call_key *)key;

	call_returned(NULL, &call, 0);
	bpf_map_delete_elem(&hook_resumptions, &call);
	return 0;
}

static __always_inline void resume_schedule(void)
{
	struct resumption nothing = {}, *resumption;
	struct call_key key = call_key();

	bpf_map_update_elem(&hook_resumptions, &key, &nothing, BPF_ANY);
	resumption = bpf_map_lookup_elem(&hook_resumptions, &key);
	if (resumption && !bpf_task_work_schedule_resume_impl(bpf_get_current_task_btf(),
				  &resumption->work, &hook_resumptions, call_resumed, NULL))
		return;
	COUNT(errors);
	call_forget(&key);
	bpf_map_delete_elem(&hook_resumptions, &key);
}
#endif
