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

#define HEAD "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: bench}\nspec:\n"

struct measured_policy {
	const char *name, *text;
	double ratio_target; /* 0: none */
};

static const struct measured_policy policies[] = {
	{"openat by its path",
		HEAD "  kprobes:\n  - call: sys_openat\n    syscall: true\n"
		     "    args: [{index: 1, type: string}]\n    selectors:\n"
		     "    - matchArgs: [{index: 1, operator: Prefix, values: [/no/]}]\n",
		0.85},
	{"openat by its flags",
		HEAD "  kprobes:\n  - call: sys_openat\n    syscall: true\n"
		     "    args: [{index: 2, type: int}]\n    selectors:\n"
		     "    - matchArgs: [{index: 2, operator: Equal, values: [\"7\"]}]\n",
		0.85},
	{"openat, read and close by their file",
		HEAD "  kprobes:\n  - call: sys_openat\n    syscall: true\n"
		     "    args: [{index: 1, type: string}]\n    selectors:\n"
		     "    - matchArgs: [{index: 1, operator: Prefix, values: [/no/]}]\n"
		     "  - call: sys_read\n    syscall: true\n    args: [{index: 0, type: fd}]\n"
		     "    selectors:\n"
		     "    - matchArgs: [{index: 0, operator: Prefix, values: [/no/]}]\n"
		     "  - call: sys_close\n    syscall: true\n    args: [{index: 0, type: fd}]\n"
		     "    selectors:\n"
		     "    - matchArgs: [{index: 0, operator: Prefix, values: [/no/]}]\n",
		0},
	{"tracepoint sched_process_exec",
		HEAD "  tracepoints:\n  - subsystem: sched\n    event: sched_process_exec\n"
		     "    args: [{index: 4, type: auto}]\n    selectors:\n"
		     "    - matchArgs: [{index: 4, operator: Prefix, values: [/no/]}]\n",
		0},
};

/* On a host where the kernel's audit has been on, as auditd leaves it and as Tallyman's records
 * need it; and on one that never saw it. */
static const struct measured_loop {
	const char *name;
	struct workload workload;
	bool audit_contexts;
} loops[] = {
	{"open+read+close", {WORKLOAD_OPEN_READ_CLOSE, 1, 100000, NULL}, true},
	{"getppid", {WORKLOAD_GETPPID, 1, 500000, NULL}, true},
	{"open+read+close, never audited", {WORKLOAD_OPEN_READ_CLOSE, 1, 100000, NULL}, false},
	{"getppid, never audited", {WORKLOAD_GETPPID, 1, 500000, NULL}, false},
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
	char file[160];
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
	_cleanup_fclose_ FILE *file = fopen(b->file, "we");
	uint64_t start;
	int r;

	if (!file || fputs(policies[policy].text, file) < 0 || fflush(file))
		return error_set(error, -errno, "%s: %s", b->file, strerror(errno));
	start = clock_ns(CLOCK_MONOTONIC);
	r = say(b, "add", b->file, error);
	if (r < 0)
		return r;
	samples_add(&b->in_force_ms[policy], (double)(clock_ns(CLOCK_MONOTONIC) - start) / 1e6);
	take_memory(b, &b->memory_kib[policy]);
	return 0;
}

static int measure_loops(struct policy_bench *b, enum watcher watcher, struct error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(loops); i++) {
		struct workload_result result;
		int r;

		if (watcher == WATCHER_AUDITD && !loops[i].audit_contexts)
			continue;
		if (watcher != WATCHER_AUDITD && b->bench->have_auditd)
			audit_contexts(loops[i].audit_contexts);
		r = workload_run(b->bench, &loops[i].workload, &result, error);
		if (r < 0)
			return r;
		/* The loop's own time: whoever else runs on the machine is not in it. */
		samples_add(&b->ns[watcher][i], (double)result.cpu_ns / (double)result.iterations);
	}
	return 0;
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
	r = daemon_start(b->bench, &b->daemon, error);
	if (r < 0)
		return r;
	r = put_in_force(b, watcher - WATCHER_POLICY, error);
	if (r >= 0) {
		daemon_settle(&b->daemon);
		r = measure_loops(b, watcher, error);
	}
	if (r >= 0)
		r = say(b, "delete", "bench", error);
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

static void report_loops(
	const struct policy_bench *b, enum watcher watcher, const char *who, double ratio_target)
{
	const struct target target = {
		ratio_target > 0 ? TARGET_AT_LEAST : TARGET_NONE, ratio_target};
	static const struct target none = {};
	char measure[64];

	for (size_t i = 0; i < ARRAY_SIZE(loops); i++) {
		if (!b->ns[watcher][i].count)
			continue;
		snprintf(measure, sizeof(measure), "%s: own CPU", loops[i].name);
		report_median(b->bench->report, measure, who, "ns", &b->ns[watcher][i], NULL);
		if (watcher == WATCHER_NONE)
			continue;
		snprintf(measure, sizeof(measure), "%s: ratio to bare", loops[i].name);
		report_median(b->bench->report, measure, who, "", &b->ratio[watcher][i],
			loops[i].audit_contexts ? &target : &none);
	}
}

static void report_all(const struct policy_bench *b)
{
	static const struct target soon = {TARGET_AT_MOST, 150}, small = {TARGET_BELOW, 1024};
	struct report *report = b->bench->report;

	report_subject(report, "no policy");
	report_loops(b, WATCHER_NONE, "bare", 0);
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		report_subject(report, "a policy that matches nothing: %s", policies[i].name);
		report_median(report, "`policy add` to in force", "tallyman", "ms",
			&b->in_force_ms[i], &soon);
		report_median(report, "the kernel's memory", "tallyman", "KiB", &b->memory_kib[i],
			&small);
		report_loops(b, (enum watcher)(WATCHER_POLICY + i), "tallyman",
			policies[i].ratio_target);
	}
	report_subject(report, "a rule that matches nothing: execve");
	report_loops(b, WATCHER_AUDITD, "auditd", 0);
}

int bench_policy(const struct bench *bench, struct error *error)
{
	struct policy_bench b = {.bench = bench};
	int r = daemon_prepare(bench, "policy", &b.daemon, error);

	if (r < 0)
		return r;
	snprintf(b.file, sizeof(b.file), "%s/bench-policy.yaml", bench->directory);
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
