/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading a structure of the kernel by its address. The helper takes some 20 ns for each member;
 * where the kernel lets a program call an address a pointer (bpf_rdonly_cast(), since 6.2), a plain
 * load does it. Objects that want that define KERNEL_READ_LOADS, and user space sets
 * have_rdonly_cast where the kernel's BTF has the function. A pointer to nowhere reads as 0, either
 * way.
 */
#pragma once

#include "kernel.h"

#ifdef KERNEL_READ_LOADS
/* With a value, or its place among the constants would be that of its first use. */
const volatile bool have_rdonly_cast = false;
#endif

#if defined(KERNEL_READ_LOADS) && !defined(POLICY_PLAIN)
#define KERNEL_READ_IS_LOAD have_rdonly_cast

extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

#define KERNEL_READ(pointer, member)                                                               \
	({                                                                                         \
		typeof(pointer) pointer_ = (pointer);                                              \
		KERNEL_READ_IS_LOAD                                                                \
		? ((typeof(pointer_))bpf_rdonly_cast(                                              \
			   pointer_, bpf_core_type_id_kernel(typeof(*pointer_))))                  \
				->member                                                           \
		: BPF_CORE_READ(pointer_, member);                                                 \
	})
#else
#define KERNEL_READ_IS_LOAD false
/* The pointer first: BPF_CORE_READ() would look in the kernel's BTF for where it comes from too,
 * and that may be a structure of ours. */
#define KERNEL_READ(pointer, member)                                                               \
	({                                                                                         \
		typeof(pointer) pointer_ = (pointer);                                              \
		BPF_CORE_READ(pointer_, member);                                                   \
	})
#endif
