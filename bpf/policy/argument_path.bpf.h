/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths, as the process at the hook sees them, and what kind of file is there. */
#pragma once

#define PATH_WALKS HIT_SLOTS /* a slot's walk is its own */

#include "kernel_io.h"
#include "lib/path.bpf.h"
#include "policy/argument_data.bpf.h"

#define AT_FDCWD -100

/* The path of (mount, dentry); mount is 0 where only the dentry is known. */
__noinline int argument_path_of(__u32 slot_index, __u32 index, __u64 mount, __u64 dentry)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	struct path_walk *walk = this_path_walk(slot_index);
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 begin, position, length;
	struct fs_struct *fs;

	if (!hook_reads_any(ARGUMENT_FD, ARGUMENT_LINUX_BINPRM) || !argument || !walk || !dentry)
		return ARGUMENT_UNREADABLE;
	argument->integer = BPF_CORE_READ((struct dentry *)dentry, d_inode, i_mode);
	fs = BPF_CORE_READ(task, fs);
	if (path_begin(walk, (void *)mount, (void *)dentry, BPF_CORE_READ(fs, root.mnt),
		    BPF_CORE_READ(fs, root.dentry)))
		path_run(slot_index);
	argument->flags = walk->result;
	begin = data_begin(slot);
	position = BOUNDED(walk->position, PATH_LENGTH_MAX);
	length = BOUNDED(PATH_LENGTH_MAX - position, PATH_LENGTH_MAX);
	position &= PATH_BUFFER_MASK; /* all of it is only where there is nothing */
	if (length && bpf_probe_read_kernel(&slot->data[begin], length, &walk->buffer[position]))
		return ARGUMENT_UNREADABLE;
	return data_end(slot, argument, begin, length, length);
}

/* An open file of the current process. */
static __always_inline struct file *file_of_descriptor(__u32 descriptor)
{
	struct task_struct___files *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;

	if (descriptor < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + descriptor);
	return file;
}

/* Where the struct path of an argument is; NULL where there is none. */
static __always_inline struct path *path_of_argument(__u32 reader, __u64 value)
{
	struct file *file = (void *)value;

	if (is_reader(reader, ARGUMENT_PATH, ARGUMENT_PATH))
		return (void *)value;
	if (is_reader(reader, ARGUMENT_FD, ARGUMENT_FD)) {
		if ((int)value == AT_FDCWD) {
			struct task_struct *task = (void *)bpf_get_current_task();
			struct fs_struct *fs = BPF_CORE_READ(task, fs);

			return fs ? (void *)fs + bpf_core_field_offset(struct fs_struct, pwd)
				  : NULL;
		}
		file = file_of_descriptor(value);
	}
	if (is_reader(reader, ARGUMENT_KIOCB, ARGUMENT_KIOCB))
		file = BPF_CORE_READ((struct kiocb *)value, ki_filp);
	if (is_reader(reader, ARGUMENT_LINUX_BINPRM, ARGUMENT_LINUX_BINPRM))
		file = BPF_CORE_READ((struct linux_binprm *)value, file);
	return file ? (void *)file + bpf_core_field_offset(struct file, f_path) : NULL;
}

__noinline int argument_path(__u32 slot_index, __u32 index, __u64 value)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	struct path *path;

	if (!hook_reads_any(ARGUMENT_FD, ARGUMENT_LINUX_BINPRM) || !argument)
		return ARGUMENT_UNREADABLE;
	if (is_reader(argument->reader, ARGUMENT_DENTRY, ARGUMENT_DENTRY))
		return argument_path_of(slot_index, index, 0, value);
	path = path_of_argument(argument->reader, value);
	return path ? argument_path_of(slot_index, index, (__u64)BPF_CORE_READ(path, mnt),
			      (__u64)BPF_CORE_READ(path, dentry))
		    : ARGUMENT_UNREADABLE;
}
