/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One hook of a policy. The object is opened once for each hook and configured by its constants,
 * and of the programs below the one is loaded that fits where the hook is; its maps are its own, or
 * shared by all hooks, or the base sensor's (daemon/policy/engine/hook.c says which).
 */
#include "policy/hook.bpf.h"
#include "policy/page_in.bpf.h"
#include "policy/registers.bpf.h"
#include "policy/resume.bpf.h"
#include "policy/system_call.bpf.h"
#include "policy/tracepoint.bpf.h"

/* libbpf has macros for five of a function's arguments in registers. */
#ifdef __TARGET_ARCH_arm64
#define PT_REGS_SIXTH(ctx) (((const struct user_pt_regs *)(ctx))->regs[5])
#else
#define PT_REGS_SIXTH(ctx) ((ctx)->r9)
#endif

char program_license[] SEC("license") = "Dual BSD/GPL";

/* tracepoint syscalls/sys_enter_… */
SEC("?tracepoint")
int on_syscall(struct syscall_entry *ctx)
{
	CALL_RUN(ctx, entry_raw, ctx, (__u32)ctx->number, BY_RETURN_PROGRAM);
	return 0;
}

SEC("?tracepoint")
int on_syscall_return(struct syscall_return *ctx)
{
	hook_returned(ctx, ctx->value);
	return 0;
}

/* The function of one system call, __x64_sys_…; its return is on_fexit's. */
SEC("?fentry/function")
int on_syscall_function(__u64 *ctx)
{
	struct call_registers call = {.regs = (const void *)ctx[0]};

	CALL_RUN(ctx, call_register, &call, CALL_NUMBER(call.regs) & ~CALL_NUMBER_FLAG,
		BY_RETURN_PROGRAM);
	return 0;
}

/* Where all system calls pass. */
SEC("?tp_btf/sys_enter")
int on_sys_enter(__u64 *ctx)
{
	struct call_registers call = {.regs = (const void *)ctx[0]};
	__u64 number = ctx[1];

	if (call_is_wanted(number, &call.is_32_bit))
		CALL_RUN(ctx, call_register, &call,
			call.is_32_bit ? number | SYSTEM_CALL_32_BIT : number & ~CALL_NUMBER_FLAG,
			BY_RETURN_PROGRAM);
	return 0;
}

SEC("?tp_btf/sys_exit")
int on_sys_exit(__u64 *ctx)
{
	const struct pt_regs *regs = (const void *)ctx[0];

	if (return_is_wanted(CALL_NUMBER(regs)))
		hook_returned(ctx, ctx[1]);
	return 0;
}

SEC("?tracepoint")
int on_tracepoint(void *ctx)
{
	HOOK_RUN(ctx, tracepoint_raw(ctx, slot));
	return 0;
}

static __always_inline void context_raw(const __u64 *ctx, struct hit_slot *slot)
{
#pragma unroll
	for (__u32 i = 0; i < HOOK_RAW_MAX; i++)
		if (i < raw_count)
			slot->raw[i] = ctx[i];
}

SEC("?raw_tp")
int on_raw_tracepoint(__u64 *ctx)
{
	HOOK_RUN(ctx, context_raw(ctx, slot));
	return 0;
}

/* fentry, LSM and fmod_ret: the function's arguments, then what it returned or was to return. */
static __always_inline __u64 context_return(const __u64 *ctx)
{
	__u64 value = 0;

#pragma unroll
	for (__u32 i = 0; i < HOOK_RAW_MAX; i++)
		if (i == function_parameters)
			value = ctx[i];
	return value;
}

static __always_inline int function_entered(__u64 *ctx)
{
	return HOOK_RUN(ctx, context_raw(ctx, slot));
}

SEC("?fentry/function")
int on_fentry(__u64 *ctx)
{
	function_entered(ctx);
	return 0;
}

SEC("?fexit/function")
int on_fexit(__u64 *ctx)
{
	hook_returned(ctx, context_return(ctx));
	return 0;
}

/* The verifier wants to see that it is an errno. */
static __always_inline int errno_of(int error)
{
	asm volatile("" : "+r"(error));
	return error < 0 && error >= -4095 ? error : 0;
}

SEC("?lsm/file_open")
int on_lsm(__u64 *ctx)
{
	int error = function_entered(ctx);

	return hook_overrides ? errno_of(error) : 0;
}

static __always_inline bool selector_hashes(__u32 index)
{
	struct hook_selector *selector = bpf_map_lookup_elem(&hook_selectors, &index);

	return selector && (selector->flags & SELECTOR_FILE_HASH);
}

/* What Override returns, where there is no slot to say so. */
static __always_inline int selector_error(__u32 index)
{
	struct hook_selector *selector = bpf_map_lookup_elem(&hook_selectors, &index);

	return selector && (selector->flags & SELECTOR_OVERRIDE) && !hook_monitors ? selector->error
										   : 0;
}

/* With a hash, which is made between two slots: the arguments are read again for the record. What
 * follows is the same with a hash and without, also to the verifier: it looks at it once. */
static __always_inline int function_entered_hashing(__u64 *ctx)
{
	struct hit_slot *slot;
	__u32 slot_index = 0;
	int selector, error = 0;

	if (file_is_being_hashed())
		return 0;
	slot = hook_begin(&slot_index);
	if (!slot)
		return 0;
	context_raw(ctx, slot);
	selector = PREFILTER_PASSES(raw_value, slot) ? hook_select(slot, slot_index) : -1;
	if (selector < 0 && slot->incomplete)
		COUNT(unreadable);
	if (selector >= 0 && selector_hashes(selector)) {
		slot_release(slot);
		file_hash_make(ctx);
		slot = slot_begin(&slot_index);
		if (!slot) {
			file_hash_forget();
			return selector_error(selector);
		}
		context_raw(ctx, slot);
		arguments_reset(slot);
	}
	if (selector >= 0) {
		error = hit_act(ctx, slot, slot_index, selector, 0);
		file_hash_forget();
	}
	slot_release(slot);
	return error;
}

/* Where a program may sleep, which reading a file takes. */
SEC("?lsm.s/file_open")
int on_lsm_sleepable(__u64 *ctx)
{
	int error = function_entered_hashing(ctx);

	return hook_overrides ? errno_of(error) : 0;
}

SEC("?fmod_ret/function")
int on_fmod_ret(__u64 *ctx)
{
	return errno_of(function_entered(ctx));
}

static __always_inline void parameters_raw(struct pt_regs *ctx, struct hit_slot *slot)
{
	slot->raw[0] = PT_REGS_PARM1(ctx);
	slot->raw[1] = PT_REGS_PARM2(ctx);
	slot->raw[2] = PT_REGS_PARM3(ctx);
	slot->raw[3] = PT_REGS_PARM4(ctx);
	slot->raw[4] = PT_REGS_PARM5(ctx);
	slot->raw[5] = PT_REGS_SIXTH(ctx);
	/* Those that a policy names. */
	for (__u32 i = HOOK_REGISTERS; i < HOOK_RAW_RETURN; i++) {
		if (i >= raw_count)
			break;
		slot->raw[i] = register_at(ctx, registers[i].base);
	}
}

SEC("?kprobe")
int on_kprobe(struct pt_regs *ctx)
{
	HOOK_RUN(ctx, parameters_raw(ctx, slot));
	return 0;
}

SEC("?kretprobe")
int on_kretprobe(struct pt_regs *ctx)
{
	hook_returned(ctx, PT_REGS_RC(ctx));
	return 0;
}

static __always_inline void uprobe_raw(struct pt_regs *ctx, struct hit_slot *slot)
{
	registers_raw(ctx, slot);
	slot->record.function = have_attach_cookie ? bpf_get_attach_cookie(ctx) : 0;
}

SEC("?uprobe")
int on_uprobe(struct pt_regs *ctx)
{
	HOOK_RUN(ctx, uprobe_raw(ctx, slot));
	return 0;
}

/* As far as it comes with what is in memory; where that is not all, once more with the rest. */
SEC("?uprobe.s")
int on_uprobe_sleepable(struct pt_regs *ctx)
{
	struct hit_slot *slot;
	__u32 slot_index = 0;
	int selector;

	slot = hook_begin(&slot_index);
	if (!slot)
		return 0;
	uprobe_raw(ctx, slot);
	if (!slot->incomplete && !PREFILTER_PASSES(raw_value, slot)) {
		slot_release(slot);
		return 0;
	}
	selector = hook_select(slot, slot_index);
	if (selector >= 0)
		arguments_read(slot, slot_index, false);
	if (slot->incomplete) {
		slot_release(slot);
		raws_page_in(ctx);
		slot = slot_begin(&slot_index);
		if (!slot)
			return 0;
		uprobe_raw(ctx, slot);
		selector = hook_select(slot, slot_index);
	}
	if (selector >= 0)
		hit_act(ctx, slot, slot_index, selector, 0);
	else if (slot->incomplete)
		COUNT(unreadable);
	slot_release(slot);
	return 0;
}

SEC("?uretprobe")
int on_uretprobe(struct pt_regs *ctx)
{
	hook_returned(ctx, PT_REGS_RC(ctx));
	return 0;
}
