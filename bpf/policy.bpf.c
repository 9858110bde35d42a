/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One hook of a policy. The object is opened once for each hook and configured by its constants,
 * and of the programs below the one is loaded that fits where the hook is; its maps are its own, or
 * shared by all hooks, or the base sensor's (daemon/policy/hook.c says which).
 */
#include "policy/hook.bpf.h"

char program_license[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 raw_count;
const volatile struct tracepoint_field tracepoint_fields[HOOK_RAW_MAX];

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

/* tracepoint syscalls/sys_enter_… */
SEC("?tracepoint")
int on_syscall(struct syscall_entry *ctx)
{
	struct hit_slot *slot;
	__u32 index;

	slot = hook_begin(&index);
	if (!slot)
		return 0;
		/* Only what is used: the kernel refuses to attach a program that looks at more
		 * arguments than the system call has. */
#pragma unroll
	for (__u32 i = 0; i < 6; i++)
		if (i < raw_count)
			slot->raw[i] = ctx->arguments[i];
	slot->record.function = (__u32)ctx->number;
	hook_entered(ctx, slot, index);
	slot_release(slot);
	return 0;
}

SEC("?tracepoint")
int on_syscall_return(struct syscall_return *ctx)
{
	hook_returned(ctx, ctx->value);
	return 0;
}

static __always_inline void tracepoint_raw(void *ctx, struct hit_slot *slot)
{
	for (__u32 i = 0; i < HOOK_RAW_MAX; i++) {
		const volatile struct tracepoint_field *field = &tracepoint_fields[i];
		__u64 value = 0;

		if (i >= raw_count)
			break;
		switch (field->size) {
		case 1:
			bpf_probe_read_kernel(&value, 1, ctx + field->offset);
			value = field->is_signed ? (__u64)(__s8)value : value;
			break;
		case 2:
			bpf_probe_read_kernel(&value, 2, ctx + field->offset);
			value = field->is_signed ? (__u64)(__s16)value : value;
			break;
		case 4:
			bpf_probe_read_kernel(&value, 4, ctx + field->offset);
			value = field->is_signed ? (__u64)(__s32)value : value;
			break;
		case 8:
			bpf_probe_read_kernel(&value, 8, ctx + field->offset);
			break;
		default: /* an array: its address */
			value = (__u64)ctx + field->offset;
		}
		slot->raw[i] = value;
	}
}

SEC("?tracepoint")
int on_tracepoint(void *ctx)
{
	struct hit_slot *slot;
	__u32 index;

	slot = hook_begin(&index);
	if (!slot)
		return 0;
	tracepoint_raw(ctx, slot);
	hook_entered(ctx, slot, index);
	slot_release(slot);
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
	struct hit_slot *slot;
	__u32 index;

	slot = hook_begin(&index);
	if (!slot)
		return 0;
	context_raw(ctx, slot);
	hook_entered(ctx, slot, index);
	slot_release(slot);
	return 0;
}
