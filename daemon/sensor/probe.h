/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel can, found by trying: versions say nothing of a patched kernel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct kernel_abilities {
	bool task_storage;     /* and memory for it can be had in a program */
	bool mapping_iterator; /* bpf_iter_task_vma_new() */
	bool rdonly_cast;      /* bpf_rdonly_cast() */
	bool task_work;	       /* probe_task_work() */
	bool trampolines;      /* programs that a function jumps to */
	uint32_t instances; /* of each program for exec, fork and exit: bpf/lib/instances.bpf.h */
};

void kernel_probe(struct kernel_abilities *ret);
/* Whether this process may put programs on functions; `types` are the kernel's. */
struct btf;
bool probe_trampolines(const struct btf *types);
/* Whether a program can be made for this function (BPF_TRACE_FENTRY, BPF_MODIFY_RETURN): 0, -EINVAL
 * (it cannot), or another error where it could not be tried. */
int probe_function(const struct btf *types, const char *name, unsigned int attach_type);
/* Whether a program of LSM hook `name` may sleep: 0, -EINVAL (it may not), or another error where
 * it could not be tried. */
int probe_sleepable_hook(const struct btf *types, const char *name);
/* Whether the kernel calls back before a task goes on in user space, by a function as 6.18 has it:
 * 7.0's has another type. */
bool probe_task_work(const struct btf *types);
