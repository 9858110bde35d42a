/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* raw[] of a tracepoint: from its record, as its format says. */
#pragma once

#include "policy/hook.bpf.h"

const volatile struct tracepoint_field tracepoint_fields[HOOK_RAW_MAX];

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
