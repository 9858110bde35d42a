/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* exec: the record is put together in a per-CPU scratch value and sent at its true length. Also
 * what the task iterator uses, which describes processes that were there before us. */
#pragma once

#include "lib/attribution.bpf.h"
#include "lib/emit.bpf.h"
#include "lib/path.bpf.h"
#include "lib/task.bpf.h"

const volatile bool environment_enabled;

#define EXEC_TEXT_MAX                                                                              \
	(2 * FILENAME_LENGTH_MAX + 2 * PATH_LENGTH_MAX + ARGUMENTS_INLINE_MAX + ENVIRONMENT_MAX)

struct exec_scratch {
	/* what the global functions below work on: they cannot be given pointers (5.10) */
	__u64 arguments_start, arguments_end, environment_start, environment_end;
	__u64 used; /* bytes of text */
	struct exec_record record;
	char text[EXEC_TEXT_MAX +
		  PATH_LENGTH_MAX]; /* the slack lets the verifier see every bound */
};

/* One per CPU, by hand: a value of a per-CPU map may not be larger than 32 KiB. User space sets
 * max_entries to the number of possible CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct exec_scratch);
} exec_scratches SEC(".maps");

static __always_inline struct exec_scratch *this_exec_scratch(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&exec_scratches, &cpu);
}

struct data_scratch {
	__u64 address, time;
	struct data_record record;
	char bytes[ARGUMENTS_CHUNK_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct data_scratch);
} data_scratches SEC(".maps");

/* Keep clang from proving a bound by a way the verifier of 5.10 does not follow. */
#define BOUNDED(value, limit)                                                                      \
	({                                                                                         \
		__u64 bounded_ = (value);                                                          \
		asm volatile("" : "+r"(bounded_));                                                 \
		if (bounded_ > (limit))                                                            \
			bounded_ = (limit);                                                        \
		asm volatile("" : "+r"(bounded_));                                                 \
		bounded_;                                                                          \
	})

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

/* Append `length` bytes of the current process's memory; returns how many were read. */
static __always_inline __u64 append_user(struct exec_scratch *scratch, __u64 used, __u64 length,
	__u64 limit, unsigned long address, __u32 error_flag)
{
	used = BOUNDED(used, EXEC_TEXT_MAX - ARGUMENTS_INLINE_MAX);
	length = BOUNDED(length, limit);
	/* Exactly what is there: one byte more can lie above the top of the stack and fail it all.
	 */
	if (length && bpf_probe_read_user(&scratch->text[used], length, (void *)address)) {
		scratch->record.header.flags |= error_flag;
		count_failed_read();
		return 0;
	}
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
static __always_inline __u64 paths_read(bool loop, struct exec_scratch *scratch, __u64 used,
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
			loop, file->f_path.mnt, file->f_path.dentry, root_mount, root_dentry);
		record->exe_length = append_path(scratch, used, walk);
		used += record->exe_length;
		if (walk && (walk->result & PATH_CUT))
			record->header.flags |= RECORD_FLAG_EXE_ERROR;
		if (walk && (walk->result & PATH_KERNEL_MOUNT))
			record->header.flags |= RECORD_FLAG_EXE_MEMFD;
	}
	walk = path_read(loop, BPF_CORE_READ(fs, pwd.mnt), BPF_CORE_READ(fs, pwd.dentry),
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

/* One piece of argv that does not fit into the record. A global function, verified once: in a loop
 * of its caller the verifier follows each bound sixteen times over. Returns 0 when it went out. */
__noinline int arguments_chunk(__u32 offset, __u32 length)
{
	__u32 zero = 0;
	struct data_scratch *scratch = bpf_map_lookup_elem(&data_scratches, &zero);
	__u64 size = BOUNDED(length, ARGUMENTS_CHUNK_MAX);

	if (!scratch)
		return -1;
	if (bpf_probe_read_user(scratch->bytes, size, (void *)(scratch->address + offset)))
		return -1;
	header_init(&scratch->record.header, RECORD_DATA, scratch->time);
	scratch->record.offset = offset;
	scratch->record.length = size;
	return emit(&scratch->record.header, sizeof(struct data_record) + size, false) ? 0 : -1;
}

/* Returns how many bytes went. */
static __always_inline __u64 arguments_chunks(
	struct exec_record *record, __u64 total, unsigned long address)
{
	struct data_scratch *scratch;
	__u64 sent = 0;
	__u32 zero = 0;

	scratch = bpf_map_lookup_elem(&data_scratches, &zero);
	if (!scratch)
		return 0;
	scratch->address = address;
	scratch->time = record->header.time;
	scratch->record.process = record->process;
	for (int i = 0; i < ARGUMENTS_CHUNKS_MAX; i++) {
		__u64 length;

		if (sent >= total || total - sent <= ARGUMENTS_INLINE_MAX)
			break;
		length = BOUNDED(total - sent, ARGUMENTS_CHUNK_MAX);
		if (arguments_chunk(sent, length))
			break;
		sent += length;
	}
	return sent;
}

/* argv: by pieces, then the rest into the record. Global, like the next: in its caller the verifier
 * would follow all of it once for each outcome of what stands before. */
__noinline int exec_arguments(void)
{
	struct exec_scratch *scratch = this_exec_scratch();
	__u64 start, end, total, sent = 0;
	struct exec_record *record;

	if (!scratch)
		return -1;
	record = &scratch->record;
	start = scratch->arguments_start;
	end = scratch->arguments_end;
	if (end <= start)
		return 0;
	record->arguments_total = end - start;
	total = end - start;
	if (total > ARGUMENTS_TOTAL_MAX) {
		total = ARGUMENTS_TOTAL_MAX;
		record->header.flags |= RECORD_FLAG_ARGUMENTS_CUT;
	}
	if (total > ARGUMENTS_INLINE_MAX)
		sent = arguments_chunks(record, total, start);
	record->arguments_data = sent;
	if (total - sent > ARGUMENTS_INLINE_MAX) {
		/* a piece could not be read or sent: what follows it cannot be joined */
		record->header.flags |= RECORD_FLAG_ARGUMENTS_ERROR;
		return 0;
	}
	record->arguments_length = append_user(scratch, scratch->used, total - sent,
		ARGUMENTS_INLINE_MAX, start + sent, RECORD_FLAG_ARGUMENTS_ERROR);
	scratch->used += record->arguments_length;
	return 0;
}

__noinline int exec_environment(void)
{
	struct exec_scratch *scratch = this_exec_scratch();
	__u64 start, end, length, used;
	struct exec_record *record;

	if (!scratch)
		return -1;
	record = &scratch->record;
	start = scratch->environment_start;
	end = scratch->environment_end;
	if (end <= start)
		return 0;
	length = end - start;
	if (length > ENVIRONMENT_MAX) {
		length = ENVIRONMENT_MAX;
		record->header.flags |= RECORD_FLAG_ENVIRONMENT_CUT;
	}
	used = BOUNDED(scratch->used, EXEC_TEXT_MAX - ENVIRONMENT_MAX);
	length = BOUNDED(length, ENVIRONMENT_MAX);
	if (bpf_probe_read_user(&scratch->text[used], length, (void *)start)) {
		record->header.flags |= RECORD_FLAG_ENVIRONMENT_ERROR;
		count_failed_read();
		return 0;
	}
	record->environment_length = length;
	scratch->used += length;
	return 0;
}

static __always_inline int exec_handle(
	bool loop, struct task_struct *task, struct linux_binprm *bprm)
{
	struct exec_scratch *scratch = this_exec_scratch();
	__u64 used = 0, estimate;
	struct mm_struct *mm = task->mm;
	struct container_entry *container;
	struct exec_record *record;

	if (!scratch)
		return 0;
	record = &scratch->record;
	header_init(&record->header, RECORD_EXEC, bpf_ktime_get_boot_ns());
	container = attribute(task, &record->attribution);
	/* One decision for the whole exec, its pieces of argv included. Paths are counted at a
	 * guess. */
	estimate =
		sizeof(*record) + 256 + BOUNDED(mm->arg_end - mm->arg_start, ARGUMENTS_TOTAL_MAX);
	if (!charge(container, RECORD_EXEC, estimate, record->header.time)) {
		skip_throttled(RECORD_EXEC);
		return 0;
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
	used = paths_read(loop, scratch, used, task, mm->exe_file);
	scratch->used = used;
	scratch->arguments_start = mm->arg_start;
	scratch->arguments_end = mm->arg_end;
	exec_arguments();
	if (environment_enabled) {
		scratch->environment_start = mm->env_start;
		scratch->environment_end = mm->env_end;
		exec_environment();
	}
	used = BOUNDED(scratch->used, EXEC_TEXT_MAX);
	emit(&record->header, sizeof(*record) + used, true);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return exec_handle(true, task, bprm);
}

/* For kernels without bpf_loop(). */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec_bounded, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return exec_handle(false, task, bprm);
}
