/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths, as the process at the hook sees them, and what kind of file is there. */
#pragma once

#define PATH_WALKS HIT_SLOTS /* a slot's walk is its own */

#include "kernel_io.h"
#include "policy/argument_data.bpf.h"
#include "lib/path.bpf.h"

#define AT_FDCWD -100

/* The path of the walk's mount and dentry; there is no mount where only the dentry is known. (They
 * are in the walk because a function that is verified alone takes numbers only.) */
__noinline int argument_path_walk(__u32 slot_index, __u32 index)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	struct path_walk *walk = this_path_walk(slot_index);
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 begin, position, length;
	struct fs_struct *fs;
	struct vfsmount *root_mount;
	struct dentry *root_dentry;
	bool goes_on;
	int status;

	if (!hook_reads_any(ARGUMENT_FD, ARGUMENT_LINUX_BINPRM) || !argument || !walk ||
		!walk->dentry)
		return ARGUMENT_UNREADABLE;
	fs = KERNEL_READ(task, fs);
	path_members_read((void *)fs + bpf_core_field_offset(struct fs_struct, root), &root_mount,
		&root_dentry);
	goes_on = path_begin(walk, walk->mount, walk->dentry, root_mount, root_dentry);
	argument->integer = KERNEL_READ(walk->link.inode, i_mode);
	if (goes_on)
		path_run(slot_index);
	argument->flags = walk->result;
	begin = data_begin(slot);
	position = BOUNDED(walk->position, PATH_LENGTH_MAX);
	length = BOUNDED(PATH_LENGTH_MAX - position, PATH_LENGTH_MAX);
	position &= PATH_BUFFER_MASK; /* all of it is only where there is nothing */
	if (length && bpf_probe_read_kernel(&slot->data[begin], length, &walk->buffer[position]))
		return ARGUMENT_UNREADABLE;
	status = data_end(slot, argument, begin, length, length);
	return walk->result & PATH_CUT ? ARGUMENT_CUT : status;
}

/* An open file of the current process. */
static __always_inline struct file *file_of_descriptor(__u32 descriptor)
{
	struct task_struct___files *task = (void *)bpf_get_current_task();
	struct files_struct *files = KERNEL_READ(task, files);
	struct fdtable *table = KERNEL_READ(files, fdt);
	struct file *file = NULL;

	if (descriptor < KERNEL_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), KERNEL_READ(table, fd) + descriptor);
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
			struct fs_struct *fs = KERNEL_READ(task, fs);

			return fs ? (void *)fs + bpf_core_field_offset(struct fs_struct, pwd)
				  : NULL;
		}
		file = file_of_descriptor(value);
	}
	if (is_reader(reader, ARGUMENT_KIOCB, ARGUMENT_KIOCB))
		file = KERNEL_READ((struct kiocb *)value, ki_filp);
	if (is_reader(reader, ARGUMENT_LINUX_BINPRM, ARGUMENT_LINUX_BINPRM))
		file = KERNEL_READ((struct linux_binprm *)value, file);
	return file ? (void *)file + bpf_core_field_offset(struct file, f_path) : NULL;
}

__noinline int argument_path(__u32 slot_index, __u32 index, __u64 value)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	struct path_walk *walk = this_path_walk(slot_index);
	struct path *path;

	if (!hook_reads_any(ARGUMENT_FD, ARGUMENT_LINUX_BINPRM) || !argument || !walk)
		return ARGUMENT_UNREADABLE;
	/* Loads from elsewhere give zeros, which would be the path of a root. */
	if (!is_reader(argument->reader, ARGUMENT_FD, ARGUMENT_FD) && !is_kernel_address(value))
		return ARGUMENT_UNREADABLE;
	if (is_reader(argument->reader, ARGUMENT_DENTRY, ARGUMENT_DENTRY)) {
		walk->mount = NULL;
		walk->dentry = (void *)value;
		return argument_path_walk(slot_index, index);
	}
	path = path_of_argument(argument->reader, value);
	if (!path)
		return ARGUMENT_UNREADABLE;
	path_members_read(path, &walk->mount, &walk->dentry);
	return argument_path_walk(slot_index, index);
}
