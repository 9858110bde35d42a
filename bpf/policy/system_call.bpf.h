/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs of system calls; and their arguments where a program is given the registers: at the
 * call's function, or where all system calls pass. */
#pragma once

#include <linux/ptrace.h>

#include "policy/hook.bpf.h"

/* As bits; where all system calls pass these are the hook's. */
const volatile __u64 system_call_numbers[(SYSTEM_CALL_NUMBER_MAX + 1) / 64];

#ifdef __TARGET_ARCH_arm64
#define CALL_REGISTER(regs, i) (((const struct user_pt_regs *)(regs))->regs[i])
#define CALL_NUMBER(regs)      (((const struct user_pt_regs *)(regs))->regs[8])
#define TIF_32BIT	       22
#else
/* In the order of the calling convention of system calls: the fourth is not that of functions. */
#define CALL_REGISTER_0	       rdi
#define CALL_REGISTER_1	       rsi
#define CALL_REGISTER_2	       rdx
#define CALL_REGISTER_3	       r10
#define CALL_REGISTER_4	       r8
#define CALL_REGISTER_5	       r9
#define CALL_REGISTER(regs, i) ((regs)->CALL_REGISTER_##i)
#define CALL_NUMBER(regs)      ((regs)->orig_rax)
#define TS_COMPAT	       0x0002
#endif

static __always_inline __u64 call_register(const struct pt_regs *regs, __u32 raw)
{
	switch (raw) {
	case 0:
		return CALL_REGISTER(regs, 0);
	case 1:
		return CALL_REGISTER(regs, 1);
	case 2:
		return CALL_REGISTER(regs, 2);
	case 3:
		return CALL_REGISTER(regs, 3);
	case 4:
		return CALL_REGISTER(regs, 4);
	default:
		return CALL_REGISTER(regs, 5);
	}
}

static __always_inline bool call_is_wanted(__u64 number)
{
	return number <= SYSTEM_CALL_NUMBER_MAX &&
	       system_call_numbers[number / 64] & 1ULL << (number % 64);
}

/* Numbers are another ABI's then, as the tracepoints of single system calls know too. */
static __always_inline bool call_is_compat(void)
{
	struct task_struct *task = current_task();

#ifdef __TARGET_ARCH_arm64
	return BPF_CORE_READ(task, thread_info.flags) & 1UL << TIF_32BIT;
#else
	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
#endif
}

#define CALL_ARGUMENTS_MAX 6

/* The program of a system call, of which `value_of(from, raw)` is an argument. A miss that the
 * prefilter knows takes no slot. Only what is used is looked at: the kernel refuses to attach a
 * program that looks at more arguments than its tracepoint has. */
#define CALL_RUN(ctx, value_of, from, number)                                                      \
	do {                                                                                       \
		__u32 slot_index_ = 0;                                                             \
		struct hit_slot *slot_;                                                            \
                                                                                                   \
		if (!hook_is_wanted() || !PREFILTER_PASSES(value_of, from))                        \
			break;                                                                     \
		slot_ = slot_begin(&slot_index_);                                                  \
		if (!slot_)                                                                        \
			break;                                                                     \
		_Pragma("unroll") for (__u32 i_ = 0; i_ < CALL_ARGUMENTS_MAX;                      \
				       i_++) if (i_ < raw_count) slot_->raw[i_] =                  \
			value_of((from), i_);                                                      \
		slot_->record.function = (number);                                                 \
		hook_run((ctx), slot_, slot_index_);                                               \
		slot_release(slot_);                                                               \
	} while (0)
