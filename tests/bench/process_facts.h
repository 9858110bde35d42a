/* SPDX-License-Identifier: Apache-2.0 */
/* What a running process has used, as /proc tells it. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct process_memory {		    /* bytes */
	uint64_t anonymous, shared; /* RssAnon, RssShmem */
	uint64_t resident;	    /* VmRSS */
	uint64_t maps;		    /* kernel memory of all its BPF maps */
};

/* Time on a CPU in ns, of all threads that live now; from schedstat, which counts in ns where
 * utime and stime count in clock ticks. */
uint64_t process_cpu_ns(pid_t pid);
/* CPU of the process as it stands in stat (ticks), ns; for kernel threads found by name. */
pid_t process_find(const char *comm);
/* Bytes given to write(2) and its kin. */
uint64_t process_written(pid_t pid);
int process_memory_get(pid_t pid, struct process_memory *ret);
