/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where an exec record is put together: it is larger than a program's stack. */
#pragma once

#include "kernel.h"
#include "event.h"
#include "lib/instances.bpf.h"

#define EXEC_TEXT_MAX                                                                              \
	(2 * FILENAME_LENGTH_MAX + 2 * PATH_LENGTH_MAX + ARGUMENTS_INLINE_MAX + ENVIRONMENT_MAX)

struct exec_scratch {
	/* what the global functions below work on: they cannot be given pointers (5.10) */
	__u64 arguments_start, arguments_end, environment_start, environment_end;
	__u64 used; /* bytes of text */
	struct exec_record record;
	char text[EXEC_TEXT_MAX +
		  PATH_LENGTH_MAX]; /* the slack lets the verifier see every bound */
};

const volatile __u32 possible_cpus = 1;

/* One per CPU and instance, by hand: a value of a per-CPU map may not be larger than 32 KiB. The
 * last one is the iterator's: it runs in a process of user space that may be preempted, and then an
 * exec comes between. User space sets max_entries. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct exec_scratch);
} exec_scratches SEC(".maps");

/* `instance`: of on_exec, or `instances` for the iterator. */
static __always_inline struct exec_scratch *exec_scratch(__u32 instance)
{
	__u32 index = possible_cpus * instances;

	if (instance != instances)
		index = bpf_get_smp_processor_id() * instances + instance;
	return bpf_map_lookup_elem(&exec_scratches, &index);
}
