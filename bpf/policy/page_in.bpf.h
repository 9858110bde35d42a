/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a program is about to use need not be in memory: a text of its own that nobody has looked at
 * yet never is. A system call brings it in by itself and can be asked again at its return; a probe
 * in a program has to bring it in, where it may sleep (6.6), and looks again.
 */
#pragma once

#include "policy/file_hash.bpf.h"
#include "policy/modules.bpf.h"
#include "policy/registers.bpf.h"

const volatile __u32 raws_to_page_in; /* a bit for each of raw[]: the address of a user's memory */

#define PAGE_SIZE (1UL << PAGE_SHIFT)

#ifndef POLICY_PLAIN
/* A file of FUSE is what a process serves, and who handles the faults of a userfaultfd is one: they
 * may take as long as they like, and the kernel would have to wait to remove any such program. */
static __always_inline bool can_be_waited_for(__u64 address)
{
	struct vm_area_struct *area;
	struct bpf_iter_task_vma it;
	bool can = false;

	bpf_iter_task_vma_new(&it, bpf_get_current_task_btf(), address);
	area = bpf_iter_task_vma_next(&it);
	if (area && area->vm_start <= address) {
		struct file *file = area->vm_file;

		can = !file || BPF_CORE_READ(file, f_inode, i_sb, s_magic) != FUSE_SUPER_MAGIC;
		if (bpf_core_field_exists(area->vm_userfaultfd_ctx.ctx))
			can &= !BPF_CORE_READ(area, vm_userfaultfd_ctx.ctx);
	}
	bpf_iter_task_vma_destroy(&it);
	return can;
}

static __always_inline void page_in(__u64 address)
{
	char byte;

	if (address < PAGE_SIZE || is_kernel_address(address) ||
		!bpf_probe_read_user(&byte, sizeof(byte), (void *)address))
		return;
	if (can_be_waited_for(address))
		bpf_copy_from_user(&byte, sizeof(byte), (void *)address);
}

/* Sleeps: without a slot. */
static __always_inline void raws_page_in(void *ctx)
{
	if (!have_rdonly_cast) /* set where there is an iterator over mappings too */
		return;
	for (__u32 i = 0; i < HOOK_RAW_MAX; i++) {
		const volatile struct register_argument *argument = &registers[i];
		__u64 value;

		if (i >= raw_count)
			break;
		if (argument->kind == REGISTER_CONSTANT)
			continue;
		if (argument->kind == REGISTER_VALUE) {
			value = register_at(ctx, argument->base);
		} else {
			__u64 place = register_memory_address(ctx, argument);

			page_in(place);
			if (bpf_probe_read_user(&value, sizeof(value), (void *)place))
				continue;
		}
		if (!(raws_to_page_in & 1U << i))
			continue;
		page_in(value);
		page_in((value | (PAGE_SIZE - 1)) + 1);
	}
}
#else
static __always_inline void raws_page_in(void *ctx)
{
}
#endif
