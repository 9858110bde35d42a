/* SPDX-License-Identifier: Apache-2.0 */
/* Storms with default settings: each loop counts its execs, the log's lines are counted as they
 * come. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/container.h"
#include "tests/bench/daemon.h"
#include "tests/bench/log_reader.h"
#include "tests/bench/process_facts.h"
#include "tests/bench/workload.h"

#define STORM_LOOPS  4
#define BARE_SECONDS 5

struct storm { /* who execs, where, and what of it must be in the log */
	const char *cgroup;
	const char *beside; /* a cgroup in which one loop execs with 1 MiB of arguments; or NULL */
	unsigned seconds;
};

struct storm_result {
	struct workload_result loops, beside;
	struct log_reader_counters log;
	uint64_t cpu_ns;
};

static int run_loops(const struct bench *bench, const struct storm *storm,
	struct storm_result *result, struct error *error)
{
	const struct workload loops = {WORKLOAD_VFORK_STATIC, STORM_LOOPS, 0, storm->cgroup};
	const struct workload large = {WORKLOAD_VFORK_ARGUMENTS, 1, 0, storm->beside};
	struct workload_run *run = NULL, *beside = NULL;
	int r = 0, second = 0;

	if (storm->beside)
		r = workload_start(bench, &large, &beside, error);
	if (!r)
		r = workload_start(bench, &loops, &run, error);
	if (!r)
		sleep_ms(storm->seconds * 1000);
	if (run) {
		workload_stop(run);
		r = workload_wait(run, &result->loops, error);
	}
	if (beside) {
		workload_stop(beside);
		second = workload_wait(beside, &result->beside, error);
	}
	return r < 0 ? r : second;
}

static int run_storm(const struct bench *bench, const struct daemon *daemon,
	const struct storm *storm, const char *count_text, struct storm_result *result,
	struct error *error)
{
	const struct log_reader_options options = {
		.path = daemon->json_log,
		.count_text = count_text,
		.exec_text = "\"process_exec\"",
		.exit_text = "\"process_exit\"",
	};
	struct log_reader *reader = NULL;
	uint64_t cpu;
	int r;

	daemon_settle(daemon);
	r = log_reader_start(&options, &reader, error);
	if (r < 0)
		return r;
	cpu = process_cpu_ns(daemon->pid);
	r = run_loops(bench, storm, result, error);
	result->log = log_reader_stop(reader);
	result->cpu_ns = process_cpu_ns(daemon->pid) - cpu;
	return r;
}

static void report_storm(
	const struct bench *bench, const struct storm_result *result, double bare_rate)
{
	const struct target none = {TARGET_AT_MOST, 0}, cpu = {TARGET_AT_MOST, 10};
	struct report *report = bench->report;
	double execs = (double)result->loops.iterations;
	double rate = execs / ((double)result->loops.wall_ns / 1e9);

	report_value(report, "execs", "tallyman", "", execs, NULL);
	report_value(report, "execs without their line", "tallyman", "",
		execs - (double)result->log.execs, &none);
	report_value(report, "exits without their line", "tallyman", "",
		execs - (double)result->log.exits, &none);
	report_value(
		report, "event_loss lines", "tallyman", "", (double)result->log.loss_lines, &none);
	report_value(report, "gaps in the sequence", "tallyman", "",
		(double)result->log.sequence_gaps, &none);
	report_value(report, "execs per second", "tallyman", "/s", rate, NULL);
	if (bare_rate > 0)
		report_value(report, "ratio to bare", "tallyman", "", rate / bare_rate, NULL);
	report_value(report, "monitor's CPU per exec", "tallyman", "us",
		(double)result->cpu_ns / 1e3 / execs, &cpu);
	report_value(report, "log per exec", "tallyman", "bytes", (double)result->log.bytes / execs,
		NULL);
	report_note(report,
		"the log's reader, at real-time priority on the same CPUs, takes its share; "
		"%llu rotations followed",
		(unsigned long long)result->log.rotations);
}

static int bare_rate(const struct bench *bench, double *ret_rate, struct error *error)
{
	const struct storm storm = {.seconds = BARE_SECONDS};
	struct storm_result result = {};
	int r = run_loops(bench, &storm, &result, error);

	if (!r)
		*ret_rate = (double)result.loops.iterations / ((double)result.loops.wall_ns / 1e9);
	return r;
}

static int storms(const struct bench *bench, const struct daemon *daemon, double bare,
	struct container_under_test *a, struct container_under_test *b, struct error *error)
{
	const struct storm host = {NULL, NULL, bench->storm_seconds};
	const struct storm inside = {a->cgroup, NULL, bench->storm_seconds};
	const struct storm flood = {a->cgroup, b->cgroup, bench->storm_seconds};
	struct storm_result result = {};
	int r;

	report_subject(
		bench->report, "storm of %u loops on the host, %u s", STORM_LOOPS, host.seconds);
	r = run_storm(bench, daemon, &host, bench->tiny, &result, error);
	if (r < 0)
		return r;
	report_storm(bench, &result, bare);

	report_subject(bench->report, "storm of %u loops in a container, %u s", STORM_LOOPS,
		inside.seconds);
	r = run_storm(bench, daemon, &inside, a->id, &result, error);
	if (r < 0)
		return r;
	report_storm(bench, &result, bare);

	report_subject(bench->report,
		"the same, another container execs with 1 MiB of arguments as fast as it can");
	r = run_storm(bench, daemon, &flood, a->id, &result, error);
	if (r < 0)
		return r;
	report_storm(bench, &result, 0);
	report_value(bench->report, "execs with 1 MiB, per second", "tallyman", "/s",
		(double)result.beside.iterations / ((double)result.beside.wall_ns / 1e9), NULL);
	return 0;
}

int bench_storm(const struct bench *bench, struct error *error)
{
	struct container_under_test a = {.gate = -1}, b = {.gate = -1};
	struct daemon daemon;
	double bare = 0;
	int r = daemon_prepare(bench, "storm", &daemon, error);

	if (!r)
		r = bare_rate(bench, &bare, error);
	if (!r)
		r = daemon_start(bench, &daemon, error);
	if (r < 0)
		return r;
	r = container_run(bench, &daemon, &a, error);
	if (!r)
		r = container_run(bench, &daemon, &b, error);
	if (!r)
		r = storms(bench, &daemon, bare, &a, &b, error);
	container_remove(&a);
	container_remove(&b);
	daemon_stop(&daemon);
	return r;
}
