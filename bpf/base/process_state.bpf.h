/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeping struct process_state while a policy wants it. The program's path is looked up once, at
 * exec, in what all policies' matchBinaries and matchParentBinaries list: three lookups, however
 * many there are. What a policy then asks is one bit.
 */
#pragma once

#include "lib/path.bpf.h"
#include "lib/task.bpf.h"
#include "policy/process_state.bpf.h"

/* Set by user space before a policy that needs it is attached. */
__u32 process_states_wanted;
/* Bits that are another list's since all tasks were looked at: what a task has of them is old. Only
 * while they are looked at for that; losses have them looked at too. */
__u64 binary_bits_taken[BINARY_MATCHER_WORDS];

struct binary_bits {
	__u64 words[BINARY_MATCHER_WORDS];
};
struct binary_prefix {
	__u32 bits; /* of path that count */
	char path[BINARY_PATH_MAX];
};
struct binary_postfix {
	__u32 bits;
	char reversed[BINARY_POSTFIX_MAX];
};

/* Only user space adds to them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BINARIES_MAX);
	__uint(key_size, BINARY_PATH_MAX);
	__type(value, struct binary_bits);
} binaries SEC(".maps");

/* An entry has the bits of all shorter ones that are its prefixes: a lookup gives the longest. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BINARIES_MAX);
	__type(key, struct binary_prefix);
	__type(value, struct binary_bits);
} binary_prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BINARIES_MAX);
	__type(key, struct binary_postfix);
	__type(value, struct binary_bits);
} binary_postfixes SEC(".maps");

struct binary_scratch {
	struct binary_prefix prefix;
	struct binary_postfix postfix;
	struct process_state state;
};

/* By instance, as path_walks; the iterator has the last. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, INSTANCES_MAX + 1);
	__type(key, __u32);
	__type(value, struct binary_scratch);
} binary_scratches SEC(".maps");

static __always_inline void binary_bits_add(
	struct process_state *state, const struct binary_bits *found)
{
	for (int i = 0; found && i < BINARY_MATCHER_WORDS; i++)
		state->binaries[i] |= found->words[i];
}

/* The bits of the path that the walk has found. */
__noinline int binaries_find(__u32 instance)
{
	struct path_walk *walk = this_path_walk(instance);
	struct binary_scratch *scratch = bpf_map_lookup_elem(&binary_scratches, &instance);
	__u64 position, length, bounded;

	if (!walk || !scratch)
		return -1;
	__builtin_memset(&scratch->prefix, 0, sizeof(scratch->prefix));
	position = BOUNDED(walk->position, PATH_LENGTH_MAX);
	length = PATH_LENGTH_MAX - position;
	bounded = BOUNDED(length, BINARY_PATH_MAX - 1);
	position &= PATH_BUFFER_MASK;
	bpf_probe_read_kernel(scratch->prefix.path, bounded, &walk->buffer[position]);
	for (__u32 i = 0; i < BINARY_POSTFIX_MAX; i++)
		scratch->postfix.reversed[i] = walk->buffer[PATH_LENGTH_MAX - 1 - i];
	for (int i = 0; i < BINARY_MATCHER_WORDS; i++)
		scratch->state.binaries[i] = 0;
	if (length < BINARY_PATH_MAX)
		binary_bits_add(
			&scratch->state, bpf_map_lookup_elem(&binaries, scratch->prefix.path));
	scratch->prefix.bits = bounded * 8;
	binary_bits_add(&scratch->state, bpf_map_lookup_elem(&binary_prefixes, &scratch->prefix));
	scratch->postfix.bits = BOUNDED(length, BINARY_POSTFIX_MAX) * 8;
	binary_bits_add(&scratch->state, bpf_map_lookup_elem(&binary_postfixes, &scratch->postfix));
	return 0;
}

static __always_inline void process_state_set(
	struct task_struct *task, const struct process_state *value)
{
	struct process_state *stored;
	__u32 tid;

	if (have_task_storage) {
		stored = bpf_task_storage_get(
			&process_states, task, (void *)value, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (stored)
			*stored = *value;
		else
			count_failed_read();
		return;
	}
	tid = task->pid;
	if (bpf_map_update_elem(&process_states_by_tid, &tid, value, BPF_ANY))
		count_failed_read();
}

static __always_inline void state_credentials(struct process_state *state, struct task_struct *task)
{
	const struct cred *cred = task->real_cred;

	namespaces_read(task, (struct namespaces *)state->namespaces);
	namespace_pid_read(task, &state->namespaces[NAMESPACE_PID]);
	bpf_core_read(&state->capabilities[CAPABILITIES_EFFECTIVE], 8, &cred->cap_effective);
	bpf_core_read(&state->capabilities[CAPABILITIES_INHERITABLE], 8, &cred->cap_inheritable);
	bpf_core_read(&state->capabilities[CAPABILITIES_PERMITTED], 8, &cred->cap_permitted);
}

/* What it runs now comes after what it ran before, or is another look at that. */
static __always_inline void binaries_follow(struct process_state *state,
	const struct process_state *known, struct task_struct *task, bool executed)
{
	const struct process_state *before = known;

	if (!known && !executed)
		before = process_state_of(task->real_parent); /* what it would have got at fork */
	if (executed)
		state->executed = known && known->executed ? 2 : 1;
	else
		state->executed = known ? known->executed : !(task->flags & PF_FORKNOEXEC);
	for (int i = 0; i < BINARY_MATCHER_WORDS; i++) {
		/* Of a parent that was looked at just now all is new. */
		__u64 kept = executed || !known ? ~0ULL : ~binary_bits_taken[i];

		state->followed[i] = state->binaries[i] | (before ? before->followed[i] & kept : 0);
		state->replaced[i] = state->replaced_followed[i] = 0;
		if (!known)
			continue;
		state->replaced[i] = executed ? known->binaries[i] : known->replaced[i] & kept;
		state->replaced_followed[i] =
			executed ? known->followed[i] : known->replaced_followed[i] & kept;
	}
}

/* At exec, and when policies have changed: what the task runs now. */
static __always_inline void process_state_update(
	__u32 instance, struct task_struct *task, bool executed)
{
	struct binary_scratch *scratch = bpf_map_lookup_elem(&binary_scratches, &instance);
	struct mm_struct *mm = task->mm;
	struct fs_struct *fs = task->fs;
	struct process_state *known;
	struct file *file;

	if (!process_states_wanted || !scratch || !mm || !fs)
		return;
	file = mm->exe_file;
	if (!file || !path_read(instance, file->f_path.mnt, file->f_path.dentry, fs->root.mnt,
			     fs->root.dentry))
		return;
	if (binaries_find(instance) < 0)
		return;
	known = process_state_of(task);
	binaries_follow(&scratch->state, known, task, executed);
	if (known && !executed) {
		__builtin_memcpy(
			scratch->state.namespaces, known->namespaces, sizeof(known->namespaces));
		__builtin_memcpy(scratch->state.capabilities, known->capabilities,
			sizeof(known->capabilities));
	} else {
		state_credentials(&scratch->state, task);
	}
	process_state_set(task, &scratch->state);
}

static __always_inline void process_state_inherit(
	struct task_struct *parent, struct task_struct *child)
{
	struct process_state *state;

	if (!process_states_wanted)
		return;
	state = process_state_of(parent);
	if (!state)
		return;
	process_state_set(child, state);
	if (child->pid !=
		child->tgid) /* a thread: what it executes comes after what its process did */
		return;
	state = process_state_of(child);
	if (state)
		state->executed = 0;
}

/* Task storage goes with the task. */
static __always_inline void process_state_forget(struct task_struct *task)
{
	__u32 tid;

	if (have_task_storage || !process_states_wanted)
		return;
	tid = task->pid;
	bpf_map_delete_elem(&process_states_by_tid, &tid);
}
