/* SPDX-License-Identifier: Apache-2.0 */
/* What watching costs the watched: interleaved rounds of the same loops, bare, under Tallyman,
 * under auditd. A ratio is always of two runs of one round, so that what else the machine does hits
 * both. */
#include <errno.h>

#include "lib/util.h"
#include "tests/bench/auditd.h"
#include "tests/bench/bench.h"
#include "tests/bench/container.h"
#include "tests/bench/daemon.h"
#include "tests/bench/process_facts.h"
#include "tests/bench/workload.h"

#define CASES_MAX 8

enum monitor {
	MONITOR_BARE,
	MONITOR_TALLYMAN,
	MONITOR_AUDITD,
	MONITOR_MAX
};
static const char *const monitor_names[] = {"bare", "tallyman", "auditd"};

struct cost_case {
	const char *name;
	struct workload workload;
	bool in_container;
	double ratio_target, added_target_us, cpu_target_us; /* 0: none */
};

struct measured {		     /* of one case under one monitor */
	struct samples iteration_us; /* per iteration of each process */
	struct samples ratio;	     /* bare time / this time */
	struct samples added_us;
	struct samples own_us;	   /* CPU of the loop and its children, per iteration */
	struct samples own_ratio;  /* bare's / this: hardly moved by what else runs */
	struct samples monitor_us; /* CPU of the monitor's processes, per exec and exit */
	struct samples written;	   /* bytes per exec and exit */
};

struct cost {
	const struct bench *bench;
	const struct cost_case *cases;
	size_t case_count;
	struct daemon daemon;
	struct auditd auditd;
	struct container_under_test container;
	struct measured measured[CASES_MAX][MONITOR_MAX];
};

static int monitor_start(struct cost *cost, enum monitor monitor, struct error *error)
{
	struct container_under_test *container = &cost->container;
	int r;

	if (monitor == MONITOR_TALLYMAN) {
		r = daemon_start(cost->bench, &cost->daemon, error);
		if (r < 0)
			return r;
		daemon_settle(&cost->daemon);
		return container_run(cost->bench, &cost->daemon, container, error);
	}
	if (monitor == MONITOR_AUDITD) {
		r = auditd_start(cost->bench, &cost->auditd, error);
		if (r < 0)
			return r;
	}
	r = container_create(cost->bench, container, error);
	if (!r)
		container_start(container);
	return r;
}

static void monitor_stop(struct cost *cost, enum monitor monitor)
{
	container_remove(&cost->container);
	if (monitor == MONITOR_TALLYMAN)
		daemon_stop(&cost->daemon);
	if (monitor == MONITOR_AUDITD)
		auditd_stop(&cost->auditd);
}

struct usage { /* of a monitor's processes */
	uint64_t cpu_ns, written;
	uint64_t lines; /* in tallymand's JSON log */
};

static struct usage monitor_usage(const struct cost *cost, enum monitor monitor)
{
	const struct auditd *auditd = &cost->auditd;

	switch (monitor) {
	case MONITOR_TALLYMAN:
		return (struct usage){
			.cpu_ns = process_cpu_ns(cost->daemon.pid),
			.written = process_written(cost->daemon.pid),
			.lines = daemon_lines(&cost->daemon),
		};
	case MONITOR_AUDITD:
		return (struct usage){
			.cpu_ns =
				process_cpu_ns(auditd->pid) + process_cpu_ns(auditd->kernel_thread),
			.written = process_written(auditd->pid),
		};
	default:
		return (struct usage){};
	}
}

static struct usage usage_since(
	const struct cost *cost, enum monitor monitor, const struct usage *before)
{
	struct usage now = monitor_usage(cost, monitor);

	return (struct usage){
		.cpu_ns = now.cpu_ns - before->cpu_ns,
		.written = now.written - before->written,
		.lines = now.lines > before->lines ? now.lines - before->lines : 0,
	};
}

static void monitor_settle(const struct cost *cost, enum monitor monitor)
{
	if (monitor == MONITOR_TALLYMAN)
		daemon_settle(&cost->daemon);
	else
		sleep_ms(monitor == MONITOR_AUDITD ? 300 : 50);
}

static int measure_case(struct cost *cost, size_t number, enum monitor monitor, struct error *error)
{
	struct measured *m = &cost->measured[number][monitor];
	struct workload workload = cost->cases[number].workload;
	struct workload_result result;
	struct usage before, used;
	int r;

	if (cost->cases[number].in_container)
		workload.cgroup = cost->container.cgroup;
	before = monitor_usage(cost, monitor);
	r = workload_run(cost->bench, &workload, &result, error);
	if (r < 0)
		return r;
	if (result.failures)
		return error_set(error, -EIO, "%s: %llu iterations failed",
			cost->cases[number].name, (unsigned long long)result.failures);
	monitor_settle(cost, monitor);
	samples_add(&m->iteration_us, (double)result.wall_ns / 1e3 / (double)workload.iterations);
	samples_add(&m->own_us, (double)result.cpu_ns / 1e3 / (double)result.iterations);
	if (monitor == MONITOR_BARE)
		return 0;
	used = usage_since(cost, monitor, &before);
	/* Others may exec meanwhile: their events cost too, and are divided by as well. */
	if (used.lines < 2 * result.iterations)
		used.lines = 2 * result.iterations;
	samples_add(&m->monitor_us, (double)used.cpu_ns / 1e3 / ((double)used.lines / 2));
	samples_add(&m->written, (double)used.written / ((double)used.lines / 2));
	return 0;
}

static int measure_monitor(struct cost *cost, enum monitor monitor, struct error *error)
{
	struct workload warm_up = {
		.kind = WORKLOAD_VFORK_STATIC, .processes = 1, .iterations = 200};
	struct workload_result result;
	int r = monitor_start(cost, monitor, error);

	if (!r)
		r = workload_run(cost->bench, &warm_up, &result, error);
	for (size_t i = 0; !r && i < cost->case_count; i++)
		r = measure_case(cost, i, monitor, error);
	monitor_stop(cost, monitor);
	return r;
}

/* The last values of this round, against bare's of the same round. */
static void compare_round(struct cost *cost, size_t number, unsigned round)
{
	const struct measured *bare = &cost->measured[number][MONITOR_BARE];

	for (unsigned monitor = MONITOR_TALLYMAN; monitor < MONITOR_MAX; monitor++) {
		struct measured *m = &cost->measured[number][monitor];

		if (m->iteration_us.count <= round)
			continue;
		samples_add(&m->ratio,
			bare->iteration_us.values[round] / m->iteration_us.values[round]);
		samples_add(&m->own_ratio, bare->own_us.values[round] / m->own_us.values[round]);
		samples_add(&m->added_us,
			m->iteration_us.values[round] - bare->iteration_us.values[round]);
	}
}

static struct target target(enum target_kind kind, double value)
{
	return (struct target){value > 0 ? kind : TARGET_NONE, value};
}

static void report_case(const struct cost *cost, size_t number)
{
	const struct cost_case *c = &cost->cases[number];
	bool exec = c->workload.kind <= WORKLOAD_VFORK_ARGUMENTS;
	struct report *report = cost->bench->report;

	report_subject(report, "%s", c->name);
	for (unsigned monitor = 0; monitor < MONITOR_MAX; monitor++) {
		const struct measured *m = &cost->measured[number][monitor];
		bool ours = monitor == MONITOR_TALLYMAN;
		struct target ratio = target(TARGET_AT_LEAST, ours ? c->ratio_target : 0);
		struct target added = target(TARGET_AT_MOST, ours ? c->added_target_us : 0);
		struct target cpu = target(TARGET_AT_MOST, ours ? c->cpu_target_us : 0);
		const char *who = monitor_names[monitor];

		if (!m->iteration_us.count)
			continue;
		report_median(report, "time per iteration", who, "us", &m->iteration_us, NULL);
		report_median(report, "loop's own CPU per iteration", who, "us", &m->own_us, NULL);
		if (monitor == MONITOR_BARE)
			continue;
		report_median(report, "ratio to bare", who, "", &m->ratio, &ratio);
		report_median(report, "ratio of loop's own CPU", who, "", &m->own_ratio, NULL);
		report_median(report, "added per iteration", who, "us", &m->added_us, &added);
		if (exec) {
			report_median(report, "monitor's CPU per exec+exit", who, "us",
				&m->monitor_us, &cpu);
			report_median(
				report, "written per exec+exit", who, "bytes", &m->written, NULL);
		}
	}
}

/* Who goes first changes each round, so that what drifts does not fall on one of them. */
static int run_rounds(struct cost *cost, struct error *error)
{
	unsigned monitors = cost->bench->have_auditd ? MONITOR_MAX : MONITOR_AUDITD;

	for (unsigned round = 0; round < cost->bench->rounds; round++) {
		for (unsigned turn = 0; turn < monitors; turn++) {
			int r = measure_monitor(cost, (round + turn) % monitors, error);

			if (r < 0)
				return r;
		}
		for (size_t i = 0; i < cost->case_count; i++)
			compare_round(cost, i, round);
	}
	return 0;
}

static void measured_done(struct measured *measured)
{
	samples_done(&measured->iteration_us);
	samples_done(&measured->ratio);
	samples_done(&measured->added_us);
	samples_done(&measured->own_us);
	samples_done(&measured->own_ratio);
	samples_done(&measured->monitor_us);
	samples_done(&measured->written);
}

static int bench_cost(const struct bench *bench, const char *name, const struct cost_case *cases,
	size_t count, struct error *error)
{
	struct cost cost = {.bench = bench, .cases = cases, .case_count = count};
	int r;

	cost.container.gate = -1;
	r = daemon_prepare(bench, name, &cost.daemon, error);
	if (r < 0)
		return r;
	r = run_rounds(&cost, error);
	for (size_t i = 0; i < count; i++) {
		report_case(&cost, i);
		for (size_t monitor = 0; monitor < MONITOR_MAX; monitor++)
			measured_done(&cost.measured[i][monitor]);
	}
	return r;
}

int bench_exec(const struct bench *bench, struct error *error)
{
	static const struct cost_case cases[] = {
		{"fork+exec of a static program, 1 process", {WORKLOAD_FORK_STATIC, 1, 2000, NULL},
			false, 0.92, 12, 10},
		{"fork+exec of a static program, 2 processes",
			{WORKLOAD_FORK_STATIC, 2, 1500, NULL}, false, 0.88, 0, 10},
		{"fork+exec of a dynamic program, 1 process", {WORKLOAD_FORK_DYNAMIC, 1, 800, NULL},
			false, 0.95, 0, 0},
		{"fork+exec of a static program in a container, 1 process",
			{WORKLOAD_FORK_STATIC, 1, 2000, NULL}, true, 0.92, 12, 10},
		{"fork+exec of a static program in a container, 2 processes",
			{WORKLOAD_FORK_STATIC, 2, 1500, NULL}, true, 0.88, 0, 10},
		{"vfork+exec of a static program, 1 process",
			{WORKLOAD_VFORK_STATIC, 1, 3000, NULL}, false, 0, 12, 10},
	};

	return bench_cost(bench, "exec", cases, ARRAY_SIZE(cases), error);
}

int bench_syscall(const struct bench *bench, struct error *error)
{
	static const struct cost_case cases[] = {
		{"getppid loop", {WORKLOAD_GETPPID, 1, 1000000, NULL}, false, 0.99, 0, 0},
		{"open+read+close loop", {WORKLOAD_OPEN_READ_CLOSE, 1, 200000, NULL}, false, 0.99,
			0, 0},
	};

	return bench_cost(bench, "syscall", cases, ARRAY_SIZE(cases), error);
}
