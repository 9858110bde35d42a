/* SPDX-License-Identifier: Apache-2.0 */
/* From just before an execve until its line can be read in the log. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/auditd.h"
#include "tests/bench/bench.h"
#include "tests/bench/daemon.h"
#include "tests/bench/log_reader.h"
#include "tests/bench/spawn.h"
#include "tests/bench/workload.h"

#define LONE_PROBES  300
#define STORM_PROBES 400
#define STORM_LOOPS  4
#define GAP_MS	     20 /* between probes, and up to as much again at random */
#define LAST_WAIT_MS 2000

/* Probes at random intervals; what never came is counted in *ret_missing. */
static int probe(const struct bench *bench, const char *log, unsigned count, struct samples *ret_us,
	unsigned *ret_missing, struct error *error)
{
	const struct log_reader_options options = {.path = log};
	uint64_t starts[PROBES_MAX] = {};
	struct log_reader *reader = NULL;
	int r = log_reader_start(&options, &reader, error);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < count; i++) {
		char text[32];
		const char *const arguments[] = {bench->tiny, text, NULL};

		sleep_ms(GAP_MS + (unsigned)rand() % GAP_MS);
		snprintf(text, sizeof(text), PROBE_PREFIX "%u", i);
		if (!spawn_and_wait(bench->tiny, arguments, &starts[i]))
			starts[i] = 0;
	}
	sleep_ms(LAST_WAIT_MS);
	*ret_missing = 0;
	for (unsigned i = 0; i < count; i++) {
		uint64_t seen = log_reader_probe(reader, i);

		if (seen && starts[i])
			samples_add(ret_us, (double)(seen - starts[i]) / 1e3);
		else
			(*ret_missing)++;
	}
	log_reader_stop(reader);
	return 0;
}

static void report_latency(const struct bench *bench, const char *who, const struct samples *us,
	unsigned missing, bool storm)
{
	struct target median = {TARGET_AT_MOST, 1000}, late = {TARGET_AT_MOST, 15000};
	bool ours = who[0] == 't';

	report_median(bench->report, "exec to line, median", who, "us", us,
		ours && !storm ? &median : NULL);
	report_quantile(bench->report, "exec to line, 90th percentile", who, "us", us, 0.9, NULL);
	report_quantile(bench->report, "exec to line, 99th percentile", who, "us", us, 0.99,
		ours && storm ? &late : NULL);
	if (missing)
		report_note(bench->report, "%s: %u probes never came", who, missing);
}

static int lone_and_storm(
	const struct bench *bench, const char *who, const char *log, struct error *error)
{
	const struct workload storm = {.kind = WORKLOAD_VFORK_STATIC, .processes = STORM_LOOPS};
	_cleanup_samples_ struct samples samples = {};
	struct workload_result result;
	struct workload_run *run;
	unsigned missing;
	int r, end;

	samples.count = 0;
	r = probe(bench, log, LONE_PROBES, &samples, &missing, error);
	if (r < 0)
		return r;
	report_subject(bench->report, "latency of a lone exec");
	report_latency(bench, who, &samples, missing, false);

	r = workload_start(bench, &storm, &run, error);
	if (r < 0)
		return r;
	samples.count = 0;
	r = probe(bench, log, STORM_PROBES, &samples, &missing, error);
	workload_stop(run);
	end = workload_wait(run, &result, error);
	if (r < 0 || end < 0)
		return r < 0 ? r : end;
	report_subject(bench->report, "latency of an exec in a storm of %u loops", STORM_LOOPS);
	report_latency(bench, who, &samples, missing, true);
	return 0;
}

int bench_latency(const struct bench *bench, struct error *error)
{
	struct daemon daemon;
	struct auditd auditd;
	int r = daemon_prepare(bench, "latency", &daemon, error);

	if (!r)
		r = daemon_start(bench, &daemon, error);
	if (r < 0)
		return r;
	daemon_settle(&daemon);
	r = lone_and_storm(bench, "tallyman", daemon.json_log, error);
	daemon_stop(&daemon);
	if (r < 0 || !bench->have_auditd)
		return r;
	r = auditd_start(bench, &auditd, error);
	if (r < 0)
		return r;
	r = lone_and_storm(bench, "auditd", auditd.log, error);
	auditd_stop(&auditd);
	return r;
}
