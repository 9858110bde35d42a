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
	const struct storm *storm, const char *also, struct storm_result *result,
	struct error *error)
{
	const struct log_reader_options options = {
		.path = daemon->json_log,
		.program = bench->tiny,
		.also = also,
		.exec_text = "\"process_exec\"",
		.exit_text = "\"process_exit\"",
		.unhurried = true,
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

/* What is asked for in any storm: that nothing of these loops is missing. */
static void report_missing(const struct bench *bench, const struct storm_result *result)
{
	static const struct target none = {TARGET_AT_MOST, 0};
	struct report *report = bench->report;

	report_value(report, "execs", "tallyman", "", (double)result->loops.iterations, NULL);
	report_value(report, "execs without their line", "tallyman", "",
		(double)result->loops.iterations - (double)result->log.execs, &none);
	report_value(report, "exits without their line", "tallyman", "",
		(double)result->loops.iterations - (double)result->log.exits, &none);
	report_value(report, "gaps in the sequence", "tallyman", "",
		(double)result->log.sequence_gaps, &none);
}

static double rate(const struct workload_result *result)
{
	return (double)result->iterations / ((double)result->wall_ns / 1e9);
}

static void report_storm(
	const struct bench *bench, const struct storm_result *result, double bare_rate)
{
	static const struct target none = {TARGET_AT_MOST, 0}, cpu = {TARGET_AT_MOST, 10};
	double pairs = (double)result->log.lines / 2; /* others exec too */
	struct report *report = bench->report;

	report_value(
		report, "event_loss lines", "tallyman", "", (double)result->log.loss_lines, &none);
	report_value(report, "execs per second", "tallyman", "/s", rate(&result->loops), NULL);
	report_value(
		report, "ratio to bare", "tallyman", "", rate(&result->loops) / bare_rate, NULL);
	report_value(report, "monitor's CPU per exec+exit", "tallyman", "us",
		(double)result->cpu_ns / 1e3 / pairs, &cpu);
	report_value(report, "JSON per exec+exit", "tallyman", "bytes",
		(double)result->log.bytes / pairs, NULL);
	report_note(report, "%llu rotations of the log were followed",
		(unsigned long long)result->log.rotations);
}

static int bare_rate(const struct bench *bench, double *ret_rate, struct error *error)
{
	const struct storm storm = {.seconds = BARE_SECONDS};
	struct storm_result result = {};
	int r = run_loops(bench, &storm, &result, error);

	if (!r)
		*ret_rate = rate(&result.loops);
	return r;
}

struct stage { /* a daemon and two containers */
	struct daemon daemon;
	struct container_under_test a, b;
};

static int stage_start(
	const struct bench *bench, const char *name, struct stage *stage, struct error *error)
{
	int r;

	*stage = (struct stage){.a.gate = -1, .b.gate = -1};
	r = daemon_prepare(bench, name, &stage->daemon, error);
	if (!r)
		r = daemon_start(bench, &stage->daemon, error);
	if (!r)
		r = container_run(bench, &stage->daemon, &stage->a, error);
	if (!r)
		r = container_run(bench, &stage->daemon, &stage->b, error);
	return r;
}

static void stage_stop(struct stage *stage)
{
	container_remove(&stage->a);
	container_remove(&stage->b);
	daemon_stop(&stage->daemon);
}

static int storms(
	const struct bench *bench, const struct stage *stage, double bare, struct error *error)
{
	const struct storm host = {NULL, NULL, bench->storm_seconds};
	const struct storm inside = {stage->a.cgroup, NULL, bench->storm_seconds};
	struct storm_result result = {};
	int r;

	report_subject(
		bench->report, "storm of %u loops on the host, %u s", STORM_LOOPS, host.seconds);
	r = run_storm(bench, &stage->daemon, &host, NULL, &result, error);
	if (r < 0)
		return r;
	report_missing(bench, &result);
	report_storm(bench, &result, bare);
	report_subject(bench->report, "storm of %u loops in a container, %u s", STORM_LOOPS,
		inside.seconds);
	r = run_storm(bench, &stage->daemon, &inside, stage->a.id, &result, error);
	if (r < 0)
		return r;
	report_missing(bench, &result);
	report_storm(bench, &result, bare);
	return 0;
}

int bench_storm(const struct bench *bench, struct error *error)
{
	struct stage stage;
	double bare = 0;
	int r = bare_rate(bench, &bare, error);

	if (r < 0)
		return r;
	r = stage_start(bench, "storm", &stage, error);
	if (!r)
		r = storms(bench, &stage, bare, error);
	stage_stop(&stage);
	return r;
}

static int flood(const struct bench *bench, const struct stage *stage, struct error *error)
{
	const struct storm storm = {stage->a.cgroup, stage->b.cgroup, bench->storm_seconds};
	struct storm_result result = {};
	int r;

	report_subject(bench->report,
		"storm of %u loops in a container beside one that execs with 1 MiB of arguments, "
		"%u s",
		STORM_LOOPS, storm.seconds);
	r = run_storm(bench, &stage->daemon, &storm, stage->a.id, &result, error);
	if (r < 0)
		return r;
	report_missing(bench, &result);
	report_value(
		bench->report, "execs per second", "tallyman", "/s", rate(&result.loops), NULL);
	report_value(bench->report, "execs with 1 MiB, per second", "tallyman", "/s",
		rate(&result.beside), NULL);
	report_value(bench->report, "log written, per second", "tallyman", "MB",
		(double)result.log.bytes / 1e6 / ((double)result.loops.wall_ns / 1e9), NULL);
	report_value(bench->report, "event_loss lines", "tallyman", "",
		(double)result.log.loss_lines, NULL);
	report_note(bench->report, "event_loss lines are of the container with 1 MiB of arguments: "
				   "what is beyond its share of the ring");
	return 0;
}

int bench_flood(const struct bench *bench, struct error *error)
{
	struct stage stage;
	int r = stage_start(bench, "flood", &stage, error);

	if (!r)
		r = flood(bench, &stage, error);
	stage_stop(&stage);
	return r;
}
