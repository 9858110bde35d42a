/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark: what every subject is given, and the subjects. A subject measures and reports; it
 * never judges, so a missed target is text in the table and not a failure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "tests/bench/clock.h"
#include "tests/bench/report.h"

struct bench {
	/* what is measured */
	char *tallymand, *hook, *cli; /* cli: NULL where it is not built */
	char *tiny, *loop;	      /* the benchmark's own programs */
	const char *policies;	      /* the directory of those to measure */
	const char *dynamic;	      /* an ordinary dynamic program that ends at once */
	bool have_auditd;
	/* how long */
	unsigned rounds;	/* interleaved rounds */
	unsigned storm_seconds; /* of each storm */
	/* where */
	const char *directory; /* work directory on a real disk, removed at the end */
	struct report *report;
};

/* Cost of execs, beside the bare loop and beside auditd. */
int bench_exec(const struct bench *bench, struct error *error);
/* Cost of system calls nobody asked Tallyman to look at. */
int bench_syscall(const struct bench *bench, struct error *error);
/* Time in each BPF program, as the kernel counts it. */
int bench_programs(const struct bench *bench, struct error *error);
/* From execve to the line in the log, lone and in a storm. */
int bench_latency(const struct bench *bench, struct error *error);
/* Storms with default settings: every exec counted against every line. */
int bench_storm(const struct bench *bench, struct error *error);
/* The same while another container takes all it can get. */
int bench_flood(const struct bench *bench, struct error *error);
/* The hook: daemon idle, in a storm, down, stopped. */
int bench_hook(const struct bench *bench, struct error *error);
/* Memory: idle, after many processes at once, after many one after the other. */
int bench_memory(const struct bench *bench, struct error *error);
/* Policies: until one is in force, its memory, and what one that matches nothing costs. */
int bench_policy(const struct bench *bench, struct error *error);
/* From start to READY=1. */
int bench_ready(const struct bench *bench, struct error *error);
