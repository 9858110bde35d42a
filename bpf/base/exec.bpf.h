/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* exec: the record is put together in a per-CPU scratch value and sent at its true length. Also
 * what the task iterator uses, which describes processes that were there before us. */
#pragma once

#include "base/arguments.bpf.h"
#include "base/process_state.bpf.h"
#include "base/scratch.bpf.h"
#include "lib/attribution.bpf.h"
#include "lib/bounded.bpf.h"
#include "lib/emit.bpf.h"
#include "lib/instances.bpf.h"
#include "lib/path.bpf.h"
#include "lib/task.bpf.h"

/* Append a kernel string; returns its length without the NUL. */
static __always_inline __u64 append_string(
	struct exec_scratch *scratch, __u64 used, const char *string, __u32 error_flag)
{
	long length;

	used = BOUNDED(used, EXEC_TEXT_MAX);
	length = bpf_probe_read_kernel_str(&scratch->text[used], FILENAME_LENGTH_MAX, string);
	if (length <= 0) {
		scratch->record.header.flags |= error_flag;
		count_failed_read();
		return 0;
	}
	return (__u32)length - 1;
}

static __always_inline __u64 append_path(
	struct exec_scratch *scratch, __u64 used, struct path_walk *walk)
{
	__u64 position, length;

	if (!walk)
		return 0;
	used = BOUNDED(used, EXEC_TEXT_MAX);
	position = walk->position & PATH_BUFFER_MASK;
	length = BOUNDED(PATH_LENGTH_MAX - position, PATH_LENGTH_MAX);
	if (bpf_probe_read_kernel(&scratch->text[used], length, &walk->buffer[position]))
		return 0;
	return length;
}

/* Direct reads through typed pointers: a load each instead of a call of a helper. */
static __always_inline void exe_properties(struct exec_scratch *scratch, struct file *file)
{
	struct inode *inode = file->f_inode;
	struct exec_record *record = &scratch->record;

	record->exe_inode = inode->i_ino;
	record->exe_links = inode->i_nlink;
	record->exe_mode = inode->i_mode;
	record->exe_uid = inode->i_uid.val;
	record->exe_gid = inode->i_gid.val;
	record->exe_device = inode->i_sb->s_dev;
	if (!record->exe_links)
		record->header.flags |= RECORD_FLAG_EXE_DELETED;
}

/* exe and cwd, as the process itself would see them. Returns the new end of the text. */
static __always_inline __u64 paths_read(__u32 instance, struct exec_scratch *scratch, __u64 used,
	struct task_struct *task, struct file *file)
{
	struct exec_record *record = &scratch->record;
	struct fs_struct *fs = task->fs;
	struct vfsmount *root_mount = fs->root.mnt;
	struct dentry *root_dentry = fs->root.dentry;
	struct path_walk *walk;

	record->exe_length = 0;
	record->cwd_length = 0;
	if (file) {
		walk = path_read(
			instance, file->f_path.mnt, file->f_path.dentry, root_mount, root_dentry);
		record->exe_length = append_path(scratch, used, walk);
		used += record->exe_length;
		if (walk && (walk->result & PATH_CUT))
			record->header.flags |= RECORD_FLAG_EXE_ERROR;
		if (walk && (walk->result & PATH_KERNEL_MOUNT))
			record->header.flags |= RECORD_FLAG_EXE_MEMFD;
	}
	walk = path_read(instance, BPF_CORE_READ(fs, pwd.mnt), BPF_CORE_READ(fs, pwd.dentry),
		root_mount, root_dentry);
	record->cwd_length = append_path(scratch, used, walk);
	used += record->cwd_length;
	if (walk && (walk->result & PATH_CUT))
		record->header.flags |= RECORD_FLAG_CWD_ERROR;
	if (walk && (walk->result & PATH_ROOT))
		record->header.flags |= RECORD_FLAG_CWD_ROOT;
	if (walk && (walk->result & PATH_DELETED))
		record->header.flags |= RECORD_FLAG_CWD_DELETED;
	return used;
}

/* All but text. */
static __always_inline void task_read(struct exec_record *record, struct task_struct *task)
{
	process_key_read(task, &record->process);
	process_key_read(task->real_parent, &record->parent);
	credentials_read(task, &record->credentials);
	namespaces_read(task, &record->namespaces);
	record->namespace_pid = namespace_pid_read(task, &record->namespaces.pid);
	record->tid = task->pid;
	bpf_probe_read_kernel(record->comm, sizeof(record->comm), task->comm);
	record->comm_length = TASK_COMM_LEN;
	record->filename_length = 0;
	record->interp_length = 0;
	record->arguments_length = 0;
	record->arguments_data = 0;
	record->arguments_total = 0;
	record->environment_length = 0;
	record->argc = 0;
}

/* The kernel has changed the credentials already, and what they were before is gone. What is left
 * is bprm->per_clear, set when the file gave privileges, and the file itself. */
static __always_inline void privileges_changed(
	struct exec_record *record, struct linux_binprm *bprm)
{
	__u32 mode = record->exe_mode;
	bool by_mode = false;

	if (!(bprm->per_clear & PER_CLEAR_ON_SETID))
		return;
	if ((mode & S_ISUID) && record->credentials.euid == record->exe_uid) {
		record->header.flags |= RECORD_FLAG_SETUID_FILE;
		by_mode = true;
	}
	if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
		record->credentials.egid == record->exe_gid) {
		record->header.flags |= RECORD_FLAG_SETGID_FILE;
		by_mode = true;
	}
	/* root that had dropped capabilities gains them back at exec without any file's help */
	if (!by_mode && record->credentials.euid != 0)
		record->header.flags |= RECORD_FLAG_FILE_CAPABILITIES;
}

static __always_inline void exec_handle(
	__u32 instance, struct task_struct *task, int old_tid, struct linux_binprm *bprm)
{
	struct exec_scratch *scratch = exec_scratch(instance);
	__u64 used = 0, estimate;
	struct mm_struct *mm = task->mm;
	struct container_entry *container;
	struct exec_record *record;

	if (!scratch)
		return;
	record = &scratch->record;
	header_init(&record->header, RECORD_EXEC, bpf_ktime_get_boot_ns());
	if (task->pid != old_tid)
		task_container_move(task, old_tid);
	container = attribute(task, &record->attribution);
	process_state_update(instance, task, true);
	/* One decision for the whole exec, its pieces of argv included. Paths are counted at a
	 * guess. */
	estimate =
		sizeof(*record) + 256 + BOUNDED(mm->arg_end - mm->arg_start, ARGUMENTS_TOTAL_MAX);
	if (!charge(container, RECORD_EXEC, estimate, record->header.time)) {
		skip_throttled(RECORD_EXEC);
		return;
	}
	task_read(record, task);
	record->argc = bprm->argc;
	record->filename_length =
		append_string(scratch, used, bprm->filename, RECORD_FLAG_FILENAME_ERROR);
	used += record->filename_length;
	if (bprm->interp != bprm->filename) {
		record->header.flags |= RECORD_FLAG_SCRIPT;
		record->interp_length = append_string(scratch, used, bprm->interp, 0);
		used += record->interp_length;
	}
	exe_properties(scratch, mm->exe_file);
	privileges_changed(record, bprm);
	used = paths_read(instance, scratch, used, task, mm->exe_file);
	scratch->used = used;
	scratch->arguments_start = mm->arg_start;
	scratch->arguments_end = mm->arg_end;
	exec_arguments(instance);
	if (environment_enabled) {
		scratch->environment_start = mm->env_start;
		scratch->environment_end = mm->env_end;
		exec_environment(instance);
	}
	used = BOUNDED(scratch->used, EXEC_TEXT_MAX);
	emit(&record->header, RECORD_EXEC, sizeof(*record) + used, true);
}

#define EXEC_PROGRAM(name, instance)                                                               \
	SEC("tp_btf/sched_process_exec")                                                           \
	int BPF_PROG(name, struct task_struct *task, int old_tid, struct linux_binprm *bprm)       \
	{                                                                                          \
		if (already_handled(MARKED_EXEC, task))                                            \
			return 0;                                                                  \
		exec_handle(instance, task, old_tid, bprm);                                        \
		mark_handled(MARKED_EXEC, task);                                                   \
		return 0;                                                                          \
	}

EXEC_PROGRAM(on_exec, 0)
EXEC_PROGRAM(on_exec_instance1, 1)
EXEC_PROGRAM(on_exec_instance2, 2)
EXEC_PROGRAM(on_exec_instance3, 3)

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec_witness, struct task_struct *task, int old_tid, struct linux_binprm *bprm)
{
	count_unhandled(MARKED_EXEC, task, RECORD_EXEC);
	return 0;
}
