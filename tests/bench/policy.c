/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: how soon one is in force, how much of the kernel's memory it has, and what one that
 * matches nothing costs the calls it is about and those it is not. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/util.h"
#include "tests/bench/auditd.h"
#include "tests/bench/bench.h"
#include "tests/bench/command.h"
#include "tests/bench/daemon.h"
#include "tests/bench/workload.h"

enum loop_kind {
	LOOP_OPEN_READ_CLOSE,
	LOOP_GETPPID,
	LOOP_CONNECT,
	LOOP_KINDS
};

/* In tests/bench/policies; none matches what the loops do. */
static const struct measured_policy {
	const char *file;
	double ratio_targets[LOOP_KINDS]; /* 0: none */
	bool has_one_hook; /* so that there is a target for how soon it is in force */
	bool on_functions; /* which not every kernel has hooks for */
} policies[] = {
	{"openat-path", {[LOOP_OPEN_READ_CLOSE] = 0.85, [LOOP_GETPPID] = 0.85}, true, false},
	{"openat-flags", {[LOOP_OPEN_READ_CLOSE] = 0.85, [LOOP_GETPPID] = 0.85}, true, false},
	{"openat-read-close", {}, false, false},
	{"process-exec", {}, true, false},
	{"file-monitoring", {[LOOP_OPEN_READ_CLOSE] = 0.8}, false, true},
	{"tcp-connect", {[LOOP_CONNECT] = 0.6}, false, true},
};

/* On a host where the kernel's audit has been on, as auditd leaves it and as Tallyman's records
 * need it; and on one that never saw it. */
static const struct measured_loop {
	const char *name;
	enum loop_kind kind;
	struct workload workload;
	bool never_audited;
} loops[] = {
	{"open+read+close", LOOP_OPEN_READ_CLOSE, {WORKLOAD_OPEN_READ_CLOSE, 1, 100000, NULL},
		false},
	{"getppid", LOOP_GETPPID, {WORKLOAD_GETPPID, 1, 500000, NULL}, false},
	{"connect+accept+close", LOOP_CONNECT, {WORKLOAD_CONNECT, 1, 20000, NULL}, false},
	{"open+read+close, never audited", LOOP_OPEN_READ_CLOSE,
		{WORKLOAD_OPEN_READ_CLOSE, 1, 100000, NULL}, true},
	{"getppid, never audited", LOOP_GETPPID, {WORKLOAD_GETPPID, 1, 500000, NULL}, true},
};

enum watcher {
	WATCHER_NONE,
	WATCHER_POLICY, /* one for each policy */
	WATCHER_AUDITD = WATCHER_POLICY + ARRAY_SIZE(policies),
	WATCHERS
};

struct policy_bench {
	const struct bench *bench;
	struct daemon daemon;
	char *cli;
	bool refused[ARRAY_SIZE(policies)]; /* this kernel has no hooks for it */
	struct samples in_force_ms[ARRAY_SIZE(policies)], memory_kib[ARRAY_SIZE(policies)];
	struct samples ns[WATCHERS][ARRAY_SIZE(loops)], ratio[WATCHERS][ARRAY_SIZE(loops)];
};

static int say(struct policy_bench *b, const char *verb, const char *what, struct error *error)
{
	const char *const arguments[] = {
		b->cli, "--runtime-dir", b->daemon.runtime_directory, "policy", verb, what, NULL};
	int status = command_run(arguments, b->daemon.messages);

	return status ? error_set(error, status < 0 ? status : -EIO, "policy %s: see %s", verb,
				b->daemon.messages)
		      : 0;
}

static void take_memory(struct policy_bench *b, struct samples *samples)
{
	char command[512], text[4096], *at;
	size_t length;
	FILE *file;

	snprintf(command, sizeof(command), "%s --runtime-dir %s policy list -o json", b->cli,
		b->daemon.runtime_directory);
	file = popen(command, "re");
	length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	text[length] = '\0';
	if (file)
		pclose(file);
	at = strstr(text, "\"kernel_memory\":\"");
	if (at)
		samples_add(samples, strtod(at + strlen("\"kernel_memory\":\""), NULL) / 1024);
}

static int put_in_force(struct policy_bench *b, size_t policy, struct error *error)
{
	char file[256];
	uint64_t start;
	int r;

	snprintf(file, sizeof(file), "%.160s/%s.yaml", b->bench->policies, policies[policy].file);
	start = clock_ns(CLOCK_MONOTONIC);
	r = say(b, "add", file, error);
	if (r < 0)
		return r;
	samples_add(&b->in_force_ms[policy], (double)(clock_ns(CLOCK_MONOTONIC) - start) / 1e6);
	take_memory(b, &b->memory_kib[policy]);
	return 0;
}

/* Without an auditctl, or beside an auditd, tasks are as they are on this machine. */
static bool loop_is_possible(
	const struct policy_bench *b, enum watcher watcher, const struct measured_loop *loop)
{
	return !loop->never_audited || (watcher != WATCHER_AUDITD && b->bench->have_auditd);
}

static int measure_loops(struct policy_bench *b, enum watcher watcher, struct error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(loops); i++) {
		struct workload_result result;
		int r;

		if (!loop_is_possible(b, watcher, &loops[i]))
			continue;
		if (watcher != WATCHER_AUDITD && b->bench->have_auditd)
			audit_contexts(!loops[i].never_audited);
		r = workload_run(b->bench, &loops[i].workload, &result, error);
		if (r < 0)
			return r;
		/* The loop's own time: whoever else runs on the machine is not in it. */
		samples_add(&b->ns[watcher][i], (double)result.cpu_ns / (double)result.iterations);
	}
	return 0;
}

static int measure_policy(struct policy_bench *b, enum watcher watcher, struct error *error)
{
	size_t policy = watcher - WATCHER_POLICY;
	int r = put_in_force(b, policy, error);

	if (r < 0 && policies[policy].on_functions) {
		b->refused[policy] = true;
		return 0;
	}
	if (r < 0)
		return r;
	daemon_settle(&b->daemon);
	r = measure_loops(b, watcher, error);
	return r < 0 ? r : say(b, "delete", "bench", error);
}

static int measure_watcher(struct policy_bench *b, enum watcher watcher, struct error *error)
{
	struct auditd auditd;
	int r;

	if (watcher == WATCHER_NONE)
		return measure_loops(b, watcher, error);
	if (watcher == WATCHER_AUDITD) {
		r = auditd_start(b->bench, &auditd, error);
		if (r < 0)
			return r;
		r = measure_loops(b, watcher, error);
		auditd_stop(&auditd);
		return r;
	}
	if (b->refused[watcher - WATCHER_POLICY])
		return 0;
	r = daemon_start(b->bench, &b->daemon, error);
	if (r < 0)
		return r;
	r = measure_policy(b, watcher, error);
	daemon_stop(&b->daemon);
	return r;
}

static int run_rounds(struct policy_bench *b, struct error *error)
{
	unsigned watchers = b->bench->have_auditd ? WATCHERS : WATCHER_AUDITD;

	for (unsigned round = 0; round < b->bench->rounds; round++) {
		for (unsigned turn = 0; turn < watchers; turn++) {
			int r = measure_watcher(b, (round + turn) % watchers, error);

			if (r < 0)
				return r;
		}
		for (unsigned watcher = WATCHER_POLICY; watcher < watchers; watcher++)
			for (size_t i = 0; i < ARRAY_SIZE(loops); i++)
				if (b->ns[watcher][i].count > round)
					samples_add(&b->ratio[watcher][i],
						b->ns[WATCHER_NONE][i].values[round] /
							b->ns[watcher][i].values[round]);
	}
	return 0;
}

/* `targets` by kind of loop, or NULL. */
static void report_loops(const struct policy_bench *b, enum watcher watcher, const char *who,
	const double targets[LOOP_KINDS])
{
	char measure[64];

	for (size_t i = 0; i < ARRAY_SIZE(loops); i++) {
		struct target target = {};

		if (!b->ns[watcher][i].count)
			continue;
		snprintf(measure, sizeof(measure), "%s: own CPU", loops[i].name);
		report_median(b->bench->report, measure, who, "ns", &b->ns[watcher][i], NULL);
		if (watcher == WATCHER_NONE)
			continue;
		if (targets && targets[loops[i].kind] > 0 && !loops[i].never_audited)
			target = (struct target){TARGET_AT_LEAST, targets[loops[i].kind]};
		snprintf(measure, sizeof(measure), "%s: ratio to bare", loops[i].name);
		report_median(b->bench->report, measure, who, "", &b->ratio[watcher][i], &target);
	}
}

static void report_policy(const struct policy_bench *b, size_t policy)
{
	static const struct target soon = {TARGET_AT_MOST, 150}, small = {TARGET_BELOW, 1024};
	struct report *report = b->bench->report;

	report_subject(report, "a policy that matches nothing: %s", policies[policy].file);
	if (b->refused[policy]) {
		report_note(report, "this kernel has no hooks on functions, or too few rights");
		return;
	}
	report_median(report, "`policy add` to in force", "tallyman", "ms", &b->in_force_ms[policy],
		policies[policy].has_one_hook ? &soon : NULL);
	report_median(
		report, "the kernel's memory", "tallyman", "KiB", &b->memory_kib[policy], &small);
	report_loops(b, (enum watcher)(WATCHER_POLICY + policy), "tallyman",
		policies[policy].ratio_targets);
}

static void report_all(const struct policy_bench *b)
{
	report_subject(b->bench->report, "no policy");
	report_loops(b, WATCHER_NONE, "bare", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		report_policy(b, i);
	report_subject(b->bench->report, "a rule that matches nothing: execve");
	report_loops(b, WATCHER_AUDITD, "auditd", NULL);
}

int bench_policy(const struct bench *bench, struct error *error)
{
	struct policy_bench b = {.bench = bench};
	int r = daemon_prepare(bench, "policy", &b.daemon, error);

	if (r < 0)
		return r;
	b.cli = bench->cli;
	r = b.cli ? run_rounds(&b, error) : error_set(error, -ENOENT, "cli/tallyman is not built");
	report_all(&b);
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		samples_done(&b.in_force_ms[i]);
		samples_done(&b.memory_kib[i]);
	}
	for (size_t watcher = 0; watcher < WATCHERS; watcher++)
		for (size_t i = 0; i < ARRAY_SIZE(loops); i++) {
			samples_done(&b.ns[watcher][i]);
			samples_done(&b.ratio[watcher][i]);
		}
	return r;
}
