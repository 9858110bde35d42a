/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of kernel addresses: the kernel itself writes them, which needs none of the privilege and
 * memory that reading /proc/kallsyms does, and knows modules and BPF programs as they are now.
 */
#include "kernel.h"
#include "limits.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

__u32 symbol_count;
__u64 symbol_addresses[STACK_DEPTH_MAX];
char symbol_texts[STACK_DEPTH_MAX][SYMBOL_TEXT_MAX]; /* "do_sys_openat2+0x10/0x2b0 [module]" */

SEC("syscall")
int symbolize(void *context)
{
	for (__u32 i = 0; i < STACK_DEPTH_MAX && i < symbol_count; i++) {
		__u64 address = symbol_addresses[i];

		bpf_snprintf(symbol_texts[i], SYMBOL_TEXT_MAX, "%pS", &address, sizeof(address));
	}
	return 0;
}
