/* SPDX-License-Identifier: Apache-2.0 */
/* What a container's start waits for: the hook from its exec to its exit. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/container.h"
#include "tests/bench/daemon.h"
#include "tests/bench/workload.h"

#define RUNS	     200
#define RUNS_DOWN    50
#define RUNS_STOPPED 5
#define STORM_LOOPS  4

/* A new container for each run, as in life; all are gone at the end. */
static int run_hooks(const struct bench *bench, const struct daemon *daemon, unsigned runs,
	struct samples *ret_ms, struct error *error)
{
	int r = 0;

	ret_ms->count = 0;
	for (unsigned i = 0; !r && i < runs; i++) {
		struct container_under_test container;
		uint64_t ns;

		r = container_create(bench, &container, error);
		if (r < 0)
			return r;
		r = container_hook(bench, daemon, &container, &ns, error);
		if (!r)
			samples_add(ret_ms, (double)ns / 1e6);
		container_remove(&container);
	}
	return r;
}

static void report_hooks(const struct bench *bench, const char *state, const struct samples *ms,
	const struct target *median, const struct target *late)
{
	report_subject(bench->report, "hook, daemon %s", state);
	report_median(bench->report, "exec to exit, median", "hook", "ms", ms, median);
	report_quantile(
		bench->report, "exec to exit, 99th percentile", "hook", "ms", ms, 0.99, late);
}

static int hooks_in_storm(const struct bench *bench, const struct daemon *daemon,
	struct samples *samples, struct error *error)
{
	const struct workload storm = {.kind = WORKLOAD_VFORK_STATIC, .processes = STORM_LOOPS};
	struct workload_result result;
	struct workload_run *run;
	int r = workload_start(bench, &storm, &run, error), end;

	if (r < 0)
		return r;
	r = run_hooks(bench, daemon, RUNS, samples, error);
	workload_stop(run);
	end = workload_wait(run, &result, error);
	return r < 0 ? r : end;
}

int bench_hook(const struct bench *bench, struct error *error)
{
	static const struct target median = {TARGET_BELOW, 3}, storm = {TARGET_BELOW, 50},
				   down = {TARGET_BELOW, 20};
	_cleanup_samples_ struct samples samples = {};
	struct daemon daemon;
	int r = daemon_prepare(bench, "hook", &daemon, error);

	if (!r)
		r = daemon_start(bench, &daemon, error);
	if (r < 0)
		return r;
	daemon_settle(&daemon);
	r = run_hooks(bench, &daemon, RUNS, &samples, error);
	if (!r) {
		report_hooks(bench, "idle", &samples, &median, NULL);
		r = hooks_in_storm(bench, &daemon, &samples, error);
	}
	if (!r) {
		report_hooks(bench, "in a storm of 4 loops", &samples, NULL, &storm);
		kill(daemon.pid, SIGSTOP);
		r = run_hooks(bench, &daemon, RUNS_STOPPED, &samples, error);
		kill(daemon.pid, SIGCONT);
	}
	if (!r) {
		report_hooks(bench, "stopped by SIGSTOP (the hook's budget is 300 ms)", &samples,
			NULL, NULL);
		daemon_kill(&daemon);
		r = run_hooks(bench, &daemon, RUNS_DOWN, &samples, error);
	}
	if (!r)
		report_hooks(bench, "killed", &samples, &down, NULL);
	daemon_stop(&daemon);
	return r;
}
