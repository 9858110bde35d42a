/* SPDX-License-Identifier: Apache-2.0 */
/* Between the benchmark and its loop program, which is one of its own so that a fork in it copies
 * what an ordinary small program has, and not the benchmark's memory. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#define LOOP_PROCESSES_MAX 16U

/* Descriptors the loop program starts with. */
enum {
	LOOP_SHARED_FD = 3,
	LOOP_GATE_FD = 4
};
/* Its arguments: loop NUMBER KIND ITERATIONS PROGRAM [CGROUP] */
enum {
	LOOP_NUMBER = 1,
	LOOP_KIND,
	LOOP_ITERATIONS,
	LOOP_PROGRAM,
	LOOP_CGROUP
};

struct loop_shared { /* memory shared by all processes of a run */
	atomic_bool stop;
	atomic_uint ready; /* processes that wait for the gate's other end to be closed */
	struct {
		uint64_t iterations, failures, start_ns, end_ns, cpu_ns;
		char pad[88]; /* no two processes write to one cache line */
	} process[LOOP_PROCESSES_MAX];
};
