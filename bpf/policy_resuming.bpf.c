/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * on_syscall and on_tracepoint of policy.bpf.c without a program on the return. An object of its
 * own, since a kernel that lacks the function, or callbacks (5.10), refuses it even where it is
 * never reached. User space opens it under the same skeleton: maps, programs and constants are the
 * same, in the same order.
 */
#define POLICY_RESUMING
#include "policy/hook.bpf.h"
#include "policy/page_in.bpf.h"
#include "policy/registers.bpf.h"
#include "policy/resume.bpf.h"
#include "policy/system_call.bpf.h"
#include "policy/tracepoint.bpf.h"

char program_license[] SEC("license") = "Dual BSD/GPL";

SEC("?tracepoint")
int on_syscall(struct syscall_entry *ctx)
{
	CALL_RUN(ctx, entry_raw, ctx, (__u32)ctx->number, resume_schedule);
	return 0;
}

SEC("?tracepoint")
int on_tracepoint(void *ctx)
{
	HOOK_RUN_WAITING(ctx, tracepoint_raw(ctx, slot), resume_schedule);
	return 0;
}

/* The skeleton looks for them; they are never loaded. */
#define NOT_HERE(section, name)                                                                    \
	SEC(section) int name(void *ctx)                                                           \
	{                                                                                          \
		return 0;                                                                          \
	}

NOT_HERE("?tracepoint", on_syscall_return)
NOT_HERE("?fentry/function", on_syscall_function)
NOT_HERE("?tp_btf/sys_enter", on_sys_enter)
NOT_HERE("?tp_btf/sys_exit", on_sys_exit)
NOT_HERE("?raw_tp", on_raw_tracepoint)
NOT_HERE("?fentry/function", on_fentry)
NOT_HERE("?fexit/function", on_fexit)
NOT_HERE("?lsm/file_open", on_lsm)
NOT_HERE("?lsm.s/file_open", on_lsm_sleepable)
NOT_HERE("?fmod_ret/function", on_fmod_ret)
NOT_HERE("?kprobe", on_kprobe)
NOT_HERE("?kretprobe", on_kretprobe)
NOT_HERE("?uprobe", on_uprobe)
NOT_HERE("?uprobe.s", on_uprobe_sleepable)
NOT_HERE("?uretprobe", on_uretprobe)
