/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What selectors ask of the process at a hook. */
#pragma once

#include "lib/kernel_read.bpf.h"
#include "policy/process_state.bpf.h"
#include "policy/slot.bpf.h"
#include "policy/steps.bpf.h"

/* matchPIDs with followForks looks at so many ancestors. */
#define ANCESTORS_MAX 64

static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

static __always_inline struct task_container *current_container(void)
{
	__u32 tid;

	if (have_task_storage)
		return bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), NULL, 0);
	tid = (__u32)bpf_get_current_pid_tgid();
	return bpf_map_lookup_elem(&tasks_by_tid, &tid);
}

static __always_inline struct process_state *current_state(void)
{
	__u32 tid;

	if (have_task_storage)
		return bpf_task_storage_get(&process_states, bpf_get_current_task_btf(), NULL, 0);
	tid = (__u32)bpf_get_current_pid_tgid();
	return bpf_map_lookup_elem(&process_states_by_tid, &tid);
}

#ifndef POLICY_PLAIN
extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;
#else
static __always_inline void bpf_rcu_read_lock(void)
{
}
static __always_inline void bpf_rcu_read_unlock(void)
{
}
#endif

/* Where a program may sleep, newer kernels want to see that the parent cannot go meanwhile. They
 * have this too. */
#define PARENT_MAY_GO (hook_sleeps && have_rdonly_cast)

static __always_inline struct process_state *parent_state(void)
{
	struct process_state *state = NULL;
	struct task_struct *parent;
	__u32 tid;

	if (have_task_storage) {
		if (PARENT_MAY_GO)
			bpf_rcu_read_lock();
		parent = bpf_get_current_task_btf()->real_parent;
		if (parent)
			state = bpf_task_storage_get(&process_states, parent, NULL, 0);
		if (PARENT_MAY_GO)
			bpf_rcu_read_unlock();
		return state;
	}
	tid = BPF_CORE_READ(current_task(), real_parent, pid);
	return bpf_map_lookup_elem(&process_states_by_tid, &tid);
}

static __always_inline bool process_has_binary(
	const struct process_state *state, __u64 bit, bool followed)
{
	__u32 word = bit / 64;
	__u64 bits;

	if (!state || word >= BINARY_MATCHER_WORDS)
		return false;
	asm volatile("" : "+r"(word));
	if (word >= BINARY_MATCHER_WORDS)
		return false;
	bits = followed ? state->followed[word] : state->binaries[word];
	return bits >> (bit % 64) & 1;
}

/* Of what it executed before, which events have as its parent; else of the process that forked it.
 */
static __always_inline int parent_has_binary(__u64 bit, bool followed)
{
	const struct process_state *state = current_state();
	__u32 word = bit / 64;
	__u64 bits;

	if (!state || state->executed < 2) {
		state = parent_state();
		return state ? process_has_binary(state, bit, followed) : -1;
	}
	asm volatile("" : "+r"(word));
	if (word >= BINARY_MATCHER_WORDS)
		return 0;
	bits = followed ? state->replaced_followed[word] : state->replaced[word];
	return bits >> (bit % 64) & 1;
}

/* A task's number in its innermost pid namespace, a struct upid. */
static __always_inline void *innermost_number(struct task_struct *task, __u32 *ret_level)
{
	struct pid *pid = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);

	*ret_level = BPF_CORE_READ(pid, level);
	return (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       *ret_level * bpf_core_type_size(struct upid);
}

/* The pid there; 0 where that namespace is the host's. */
static __always_inline __u32 namespace_pid_of(struct task_struct *task)
{
	__u32 level, negative;
	void *number = innermost_number(task, &level);
	int nr = 0;

	bpf_probe_read_kernel(&nr, sizeof(nr), number + bpf_core_field_offset(struct upid, nr));
	/* All ones where the level is not 0: without a branch, with which the loop over ancestors
	 * would have to be verified, and which clang would make of it. */
	negative = -level;
	asm volatile("" : "+r"(negative));
	return nr & (__u32)((__s32)negative >> 31);
}

static __always_inline __u32 pid_namespace_of(struct task_struct *task)
{
	struct pid_namespace *ns = NULL;
	__u32 level;
	void *number = innermost_number(task, &level);

	bpf_probe_read_kernel(&ns, sizeof(ns), number + bpf_core_field_offset(struct upid, ns));
	return BPF_CORE_READ(ns, ns.inum);
}

static __always_inline void current_namespaces(__u32 inodes[NAMESPACE_KINDS])
{
	struct nsproxy *nsproxy = BPF_CORE_READ(current_task(), nsproxy);

	inodes[NAMESPACE_UTS] = BPF_CORE_READ(nsproxy, uts_ns, ns.inum);
	inodes[NAMESPACE_IPC] = BPF_CORE_READ(nsproxy, ipc_ns, ns.inum);
	inodes[NAMESPACE_MNT] = BPF_CORE_READ(nsproxy, mnt_ns, ns.inum);
	inodes[NAMESPACE_PID_FOR_CHILDREN] = BPF_CORE_READ(nsproxy, pid_ns_for_children, ns.inum);
	inodes[NAMESPACE_NET] = BPF_CORE_READ(nsproxy, net_ns, ns.inum);
	inodes[NAMESPACE_TIME] = BPF_CORE_READ(nsproxy, time_ns, ns.inum);
	inodes[NAMESPACE_TIME_FOR_CHILDREN] = BPF_CORE_READ(nsproxy, time_ns_for_children, ns.inum);
	inodes[NAMESPACE_CGROUP] = BPF_CORE_READ(nsproxy, cgroup_ns, ns.inum);
	inodes[NAMESPACE_USER] = BPF_CORE_READ(current_task(), cred, user_ns, ns.inum);
	inodes[NAMESPACE_PID] = pid_namespace_of(current_task());
}

static __always_inline __u64 capabilities_of(const struct cred *cred, __u32 set)
{
	__u64 capabilities = 0;

	switch (set) {
	case CAPABILITIES_EFFECTIVE:
		bpf_core_read(&capabilities, sizeof(capabilities), &cred->cap_effective);
		break;
	case CAPABILITIES_INHERITABLE:
		bpf_core_read(&capabilities, sizeof(capabilities), &cred->cap_inheritable);
		break;
	case CAPABILITIES_PERMITTED:
		bpf_core_read(&capabilities, sizeof(capabilities), &cred->cap_permitted);
		break;
	}
	return capabilities;
}

const volatile bool steps_ask_ancestors; /* a matchPIDs has followForks */

static __always_inline int process_has_pid(__u32 operation, bool ancestors, __u64 low, __u64 high)
{
	struct task_struct *task = current_task(), *parent;
	__u32 number;

	for (int i = 0; i <= ANCESTORS_MAX; i++) {
		if (i && !steps_ask_ancestors)
			break;
		number = operation == STEP_PID ? BPF_CORE_READ(task, tgid) : namespace_pid_of(task);
		if (number >= low && number <= high)
			return 1;
		parent = BPF_CORE_READ(task, real_parent);
		if (!ancestors || parent == task) /* the first of all is its own */
			return 0;
		task = parent;
	}
	return 0;
}

/* One question about the process: 1, 0, or -1 where there is nothing to be asked. Verified on its
 * own; what it needs of the step comes as scalars. */
__noinline int process_answers(__u32 operation, __u32 argument, __u32 second, __u64 low, __u64 high)
{
	struct process_state *state;

	if (!steps_occur(PROCESS_STEPS))
		return -1;
	switch (operation) {
	case STEP_PID:
	case STEP_NAMESPACE_PID:
		if (!steps_occur(STEP_BIT(STEP_PID) | STEP_BIT(STEP_NAMESPACE_PID)))
			return -1;
		return process_has_pid(operation, second, low, high);
	case STEP_BINARY:
		state = current_state();
		return state ? process_has_binary(state, low, second) : -1;
	case STEP_PARENT_BINARY:
		return parent_has_binary(low, second);
	case STEP_NAMESPACE: {
		if (!steps_occur(STEP_BIT(STEP_NAMESPACE)))
			return -1;
		__u32 inodes[NAMESPACE_KINDS] = {};

		current_namespaces(inodes);
		for (__u32 i = 0; i < NAMESPACE_KINDS; i++)
			if (i == argument)
				return inodes[i] == low;
		return -1;
	}
	case STEP_NAMESPACE_CHANGED: {
		if (!steps_occur(STEP_BIT(STEP_NAMESPACE_CHANGED)))
			return -1;
		__u32 inodes[NAMESPACE_KINDS] = {};

		state = current_state();
		if (!state)
			return -1;
		current_namespaces(inodes);
		for (__u32 i = 0; i < NAMESPACE_KINDS; i++)
			if ((low >> i & 1) && inodes[i] != state->namespaces[i])
				return 1;
		return 0;
	}
	case STEP_CAPABILITIES: {
		const struct cred *cred = BPF_CORE_READ(current_task(), cred);

		if (second && !BPF_CORE_READ(cred, user_ns, level))
			return -1;
		return !!(capabilities_of(cred, argument) & low);
	}
	case STEP_CAPABILITIES_CHANGED: {
		const struct cred *cred = BPF_CORE_READ(current_task(), cred);
		__u64 now;

		state = current_state();
		if (!state || (second && !BPF_CORE_READ(cred, user_ns, level)))
			return -1;
		now = capabilities_of(cred, argument);
		for (__u32 i = 0; i < CAPABILITY_SETS; i++)
			if (i == argument)
				return !!((now ^ state->capabilities[i]) & low);
		return -1;
	}
	}
	return -1;
}
