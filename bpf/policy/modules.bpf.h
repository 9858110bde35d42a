/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is mapped where a user's stack leads, asked while the process is at the hook: later it may
 * be gone, and reading its memory map from outside waits for a lock that the process can hold as
 * long as it likes. The kernel's iterator over a process's mappings (6.7) takes the lock or leaves
 * it. It is chosen, not the helper bpf_find_vma(), since that wants a callback, and a program with
 * one is refused by 5.10 even where it is never reached.
 */
#pragma once

#include "policy/argument_path.bpf.h"

const volatile bool hook_wants_modules; /* some selector wants user stacks, and the kernel can */

#define PAGE_SHIFT  12
#define MODULES_END (HIT_DATA_MAX + 2048 + (STACK_MODULES_MAX - 1) * sizeof(struct stack_module))
#define FRAMES_END  (HIT_DATA_MAX + 2048)

static __always_inline struct stack_module *stack_module(struct hit_slot *slot, __u32 index)
{
	__u64 at = BOUNDED(slot->modules + index * sizeof(struct stack_module), MODULES_END);

	return (struct stack_module *)&slot->data[at];
}

static __always_inline bool is_in_known_module(struct hit_slot *slot, __u64 address)
{
	for (__u32 i = 0; i < STACK_MODULES_MAX; i++) {
		struct stack_module *module = stack_module(slot, i);

		if (i >= slot->record.module_count)
			break;
		if (address >= module->begin && address < module->end)
			return true;
	}
	return false;
}

#ifndef POLICY_PLAIN
struct bpf_iter_task_vma {
	__u64 opaque[1];
} __attribute__((aligned(8)));

extern int bpf_iter_task_vma_new(
	struct bpf_iter_task_vma *it, struct task_struct *task, __u64 address) __ksym __weak;
extern struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it) __ksym __weak;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it) __ksym __weak;

/* The file mapped at the address, NULL when none is. */
static __always_inline struct file *mapping_find(struct stack_module *module, __u64 address)
{
	struct vm_area_struct *area;
	struct bpf_iter_task_vma it;
	struct file *file = NULL;

	bpf_iter_task_vma_new(&it, bpf_get_current_task_btf(), address);
	area = bpf_iter_task_vma_next(&it);
	if (area && area->vm_start <= address) {
		file = area->vm_file;
		module->begin = area->vm_start;
		module->end = area->vm_end;
		module->offset = area->vm_pgoff << PAGE_SHIFT;
	}
	bpf_iter_task_vma_destroy(&it);
	return file;
}
#else
static __always_inline struct file *mapping_find(struct stack_module *module, __u64 address)
{
	return NULL;
}
#endif

/* The end of the path, where all of it is too long. */
static __always_inline void module_path(
	struct path_walk *walk, struct stack_module *module, __u32 slot_index)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fs_struct *fs = KERNEL_READ(task, fs);
	__u64 position, length;

	if (path_begin(walk, walk->mount, walk->dentry, KERNEL_READ(fs, root.mnt),
		    KERNEL_READ(fs, root.dentry)))
		path_run(slot_index);
	position = BOUNDED(walk->position, PATH_LENGTH_MAX);
	if (position < PATH_LENGTH_MAX - STACK_MODULE_PATH_MAX + 1) {
		position = PATH_LENGTH_MAX - STACK_MODULE_PATH_MAX + 1;
		walk->result |= PATH_CUT;
	}
	length = BOUNDED(PATH_LENGTH_MAX - position, STACK_MODULE_PATH_MAX - 1);
	position &= PATH_BUFFER_MASK;
	if (length && bpf_probe_read_kernel(module->path, length, &walk->buffer[position]))
		length = 0;
	module->path_flags = walk->result;
	module->path_length = length;
	module->path[length] = '\0';
}

/* One more, unless it is there. */
__noinline int stack_module_add(__u32 slot_index, __u64 address)
{
	struct path_walk *walk = this_path_walk(slot_index);
	struct hit_slot *slot = hit_slot(slot_index);
	struct stack_module *module;
	struct inode *inode;
	struct file *file;

	if (!hook_wants_modules || !slot || !walk)
		return 0;
	if (slot->record.module_count >= STACK_MODULES_MAX || is_in_known_module(slot, address))
		return 0;
	module = stack_module(slot, slot->record.module_count);
	file = mapping_find(module, address);
	if (!file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	module->inode = BPF_CORE_READ(inode, i_ino);
	module->device = BPF_CORE_READ(inode, i_sb, s_dev);
	walk->mount = BPF_CORE_READ(file, f_path.mnt);
	walk->dentry = BPF_CORE_READ(file, f_path.dentry);
	if (!walk->dentry)
		return 0;
	module_path(walk, module, slot_index);
	slot->record.module_count++;
	return 0;
}

/* Of the stack whose frames are at slot->frames. */
__noinline int stack_modules_add(__u32 slot_index)
{
	struct hit_slot *slot = hit_slot(slot_index);

	if (!hook_wants_modules || !slot)
		return 0;
	for (__u32 i = 0; i < STACK_DEPTH_MAX; i++) {
		__u64 at = BOUNDED(slot->frames + i * 8, FRAMES_END);

		if (i >= slot->record.user_stack_depth)
			break;
		stack_module_add(slot_index, *(__u64 *)&slot->data[at]);
	}
	return 0;
}
