/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* By which ABI the current system call was made: a 64-bit program can make those of 32 bits too. */
#pragma once

#include "kernel.h"

const volatile bool system_calls_32; /* the hook is about calls of 32-bit programs */

#ifdef __TARGET_ARCH_arm64
#define TIF_32BIT 22
#else
#define TS_COMPAT 0x0002
#endif

/* Numbers are another ABI's then, as the tracepoints of single system calls know too; and what
 * structures hold is 32 bits wide. From a call's entry to its return. */
static __always_inline bool call_is_compat(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

#ifdef __TARGET_ARCH_arm64
	return BPF_CORE_READ(task, thread_info.flags) & 1UL << TIF_32BIT;
#else
	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
#endif
}
