/* SPDX-License-Identifier: Apache-2.0 */
/* The loops that are timed, each in processes of its own, started together and timed inside. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/bench.h"

enum workload_kind {
	WORKLOAD_FORK_STATIC,	  /* fork + execve + wait of tiny */
	WORKLOAD_FORK_DYNAMIC,	  /* the same of an ordinary dynamic program */
	WORKLOAD_VFORK_STATIC,	  /* vfork + execve + wait of tiny: twice as fast */
	WORKLOAD_VFORK_ARGUMENTS, /* the same with 1 MiB of arguments */
	WORKLOAD_GETPPID,
	WORKLOAD_OPEN_READ_CLOSE,
	WORKLOAD_CONNECT, /* a TCP connection to itself and its end, without TIME_WAIT */
};

struct workload {
	enum workload_kind kind;
	unsigned processes;
	uint64_t iterations; /* of each process; 0: until workload_stop() */
	const char
		*cgroup; /* directory of the cgroup the processes are in; NULL: the benchmark's */
};

struct workload_result {
	uint64_t iterations; /* of all processes */
	uint64_t failures;   /* iterations that did not do what they should */
	uint64_t wall_ns;    /* from the first start to the last end */
	uint64_t cpu_ns;     /* of all processes and of what they started */
};

struct workload_run;

int workload_start(const struct bench *bench, const struct workload *workload,
	struct workload_run **ret_run, struct error *error);
/* End a workload without a number of iterations. */
void workload_stop(struct workload_run *run);
/* Wait for all processes; releases the run. */
int workload_wait(struct workload_run *run, struct workload_result *ret, struct error *error);
/* Start and wait. */
int workload_run(const struct bench *bench, const struct workload *workload,
	struct workload_result *ret, struct error *error);
