/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs of system calls; and their arguments where a program is given the registers: at the
 * call's function, or where all system calls pass. */
#pragma once

#include <linux/ptrace.h>

#include "policy/hook.bpf.h"

/* As bits; where all system calls pass these are the hook's: of this machine's own ABI, and of its
 * 32-bit programs. */
#define SYSTEM_CALL_WORDS ((SYSTEM_CALL_NUMBER_MAX + 1) / 64)
const volatile __u64 system_call_numbers[SYSTEM_CALL_WORDS];
const volatile __u64 system_call_numbers_32[SYSTEM_CALL_WORDS];

#ifdef __TARGET_ARCH_arm64
#define CALL_REGISTER(call_regs, i)    (((const struct user_pt_regs *)(call_regs))->regs[i])
#define CALL_REGISTER_32(call_regs, i) ((__u32)CALL_REGISTER(call_regs, i))
#define CALL_NUMBER(call_regs)	       (((const struct user_pt_regs *)(call_regs))->regs[8])
#define CALL_NUMBER_FLAG	       0
#else
/* In the order of the calling convention of system calls: the fourth is not that of functions. */
#define CALL_REGISTER_0		  rdi
#define CALL_REGISTER_1		  rsi
#define CALL_REGISTER_2		  rdx
#define CALL_REGISTER_3		  r10
#define CALL_REGISTER_4		  r8
#define CALL_REGISTER_5		  r9
#define CALL_REGISTER_32_0	  rbx
#define CALL_REGISTER_32_1	  rcx
#define CALL_REGISTER_32_2	  rdx
#define CALL_REGISTER_32_3	  rsi
#define CALL_REGISTER_32_4	  rdi
#define CALL_REGISTER_32_5	  rbp
#define CALL_REGISTER(regs, i)	  ((regs)->CALL_REGISTER_##i)
#define CALL_REGISTER_32(regs, i) ((__u32)(regs)->CALL_REGISTER_32_##i)
#define CALL_NUMBER(regs)	  ((regs)->orig_rax)
/* x32, where a kernel has it: the same call, and the function is the same. */
#define CALL_NUMBER_FLAG	  0x40000000
#endif

struct call_registers {
	const struct pt_regs *regs;
	bool is_32_bit;
};

#define CALL_REGISTER_OF(call, i)                                                                  \
	((call)->is_32_bit ? CALL_REGISTER_32((call)->regs, i) : CALL_REGISTER((call)->regs, i))

static __always_inline __u64 call_register(const struct call_registers *call, __u32 raw)
{
	switch (raw) {
	case 0:
		return CALL_REGISTER_OF(call, 0);
	case 1:
		return CALL_REGISTER_OF(call, 1);
	case 2:
		return CALL_REGISTER_OF(call, 2);
	case 3:
		return CALL_REGISTER_OF(call, 3);
	case 4:
		return CALL_REGISTER_OF(call, 4);
	default:
		return CALL_REGISTER_OF(call, 5);
	}
}

static __always_inline bool is_in_numbers(const volatile __u64 *numbers, __u64 number)
{
	return number <= SYSTEM_CALL_NUMBER_MAX && numbers[number / 64] & 1ULL << (number % 64);
}

/* Whether the hook is about the call with this number, which is made just now. */
static __always_inline bool call_is_wanted(__u64 number, bool *ret_is_32_bit)
{
	if (!system_calls_32)
		return is_in_numbers(system_call_numbers, number & ~CALL_NUMBER_FLAG) &&
		       !call_is_compat();
	*ret_is_32_bit = call_is_compat();
	return *ret_is_32_bit ? is_in_numbers(system_call_numbers_32, number)
			      : is_in_numbers(system_call_numbers, number & ~CALL_NUMBER_FLAG);
}

/* The same of a return, where what was kept at the entry decides. */
static __always_inline bool return_is_wanted(__u64 number)
{
	return is_in_numbers(system_call_numbers, number & ~CALL_NUMBER_FLAG) ||
	       (system_calls_32 && is_in_numbers(system_call_numbers_32, number));
}

#define CALL_ARGUMENTS_MAX 6

/* What the tracepoints of single calls give. */
struct syscall_entry {
	__u64 common;
	__s64 number;
	__u64 arguments[6];
};

struct syscall_return {
	__u64 common;
	__s64 number;
	__s64 value;
};

static __always_inline __u64 entry_raw(const struct syscall_entry *ctx, __u32 raw)
{
	__u64 value = 0;

#pragma unroll
	for (__u32 i = 0; i < CALL_ARGUMENTS_MAX; i++)
		if (i < raw_count && i == raw)
			value = ctx->arguments[i];
	return value;
}

/* For wait_for_return: it is attached, and finds the call. */
#define BY_RETURN_PROGRAM()                                                                        \
	do {                                                                                       \
	} while (0)

/* The program of a system call, of which `value_of(from, raw)` is an argument. A miss that the
 * prefilter knows takes no slot. Only what is used is looked at: the kernel refuses to attach a
 * program that looks at more arguments than its tracepoint has. `wait_for_return()` where the call
 * has to be looked at again then. */
#define CALL_RUN(ctx, value_of, from, number, wait_for_return)                                     \
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
		if (slot_->waits)                                                                  \
			wait_for_return();                                                         \
		slot_release(slot_);                                                               \
	} while (0)
