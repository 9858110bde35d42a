/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's memory: idle, with many processes alive, after many have gone. */
#include <errno.h>

#include "tests/bench/bench.h"
#include "tests/bench/crowd.h"
#include "tests/bench/daemon.h"
#include "tests/bench/process_facts.h"
#include "tests/bench/workload.h"

#define MANY	    20000
#define STORM	    200000
#define STORM_LOOPS 4
#define MEGABYTE    1e6

static void report_memory(
	const struct bench *bench, const struct daemon *daemon, const char *when, double target_mb)
{
	const struct target target = {TARGET_BELOW, target_mb};
	struct report *report = bench->report;
	struct process_memory memory;

	daemon_settle(daemon);
	if (process_memory_get(daemon->pid, &memory) < 0)
		return;
	report_subject(report, "memory, %s", when);
	report_value(report, "RssAnon + RssShmem", "tallyman", "MB",
		(double)(memory.anonymous + memory.shared) / MEGABYTE, &target);
	report_value(report, "VmRSS", "tallyman", "MB", (double)memory.resident / MEGABYTE, NULL);
	report_value(report, "BPF maps, kernel memory", "tallyman", "MB",
		(double)memory.maps / MEGABYTE, NULL);
}

static int execs(const struct bench *bench, unsigned processes, uint64_t total, struct error *error)
{
	const struct workload workload = {
		.kind = WORKLOAD_VFORK_STATIC,
		.processes = processes,
		.iterations = total / processes,
	};
	struct workload_result result;

	return workload_run(bench, &workload, &result, error);
}

static int alive(const struct bench *bench, const struct daemon *daemon, struct error *error)
{
	struct crowd crowd;
	int r = crowd_start(bench, MANY, &crowd, error);

	if (r < 0)
		return r;
	report_memory(bench, daemon, "20,000 processes alive", 24);
	crowd_stop(&crowd);
	report_memory(bench, daemon, "the 20,000 gone", 24);
	return 0;
}

int bench_memory(const struct bench *bench, struct error *error)
{
	struct daemon daemon;
	int r = daemon_prepare(bench, "memory", &daemon, error);

	if (!r)
		r = daemon_start(bench, &daemon, error);
	if (r < 0)
		return r;
	sleep_ms(1000);
	report_memory(bench, &daemon, "idle", 12);
	r = execs(bench, 1, MANY, error);
	if (!r) {
		report_memory(bench, &daemon, "after 20,000 processes one after the other", 24);
		r = alive(bench, &daemon, error);
	}
	if (!r)
		r = execs(bench, STORM_LOOPS, STORM, error);
	if (!r)
		report_memory(bench, &daemon, "after a storm of 200,000", 24);
	daemon_stop(&daemon);
	return r;
}
