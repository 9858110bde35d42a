/* SPDX-License-Identifier: Apache-2.0 */
/* Time in each of the daemon's BPF programs, as the kernel counts it when asked to. The counting
 * itself costs some tens of nanoseconds a run, so it is on here and nowhere else. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "lib/cleanup.h"
#include "tests/bench/bench.h"
#include "tests/bench/container.h"
#include "tests/bench/daemon.h"
#include "tests/bench/workload.h"

#define PROGRAMS_MAX 128
#define ITERATIONS   2000

struct program {
	uint32_t id;
	char name[BPF_OBJ_NAME_LEN];
	uint64_t time_ns, runs, missed;
};

struct programs {
	struct program items[PROGRAMS_MAX];
	size_t count;
};

static int program_read(struct program *program)
{
	_cleanup_close_ int fd = bpf_prog_get_fd_by_id(program->id);
	struct bpf_prog_info info = {};
	uint32_t length = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length) < 0)
		return -errno;
	snprintf(program->name, sizeof(program->name), "%s", info.name);
	program->time_ns = info.run_time_ns;
	program->runs = info.run_cnt;
	program->missed = info.recursion_misses;
	return 0;
}

static void programs_add(struct programs *programs, uint32_t id)
{
	struct program program = {.id = id};

	for (size_t i = 0; i < programs->count; i++)
		if (programs->items[i].id == id)
			return;
	if (programs->count < PROGRAMS_MAX && !program_read(&program))
		programs->items[programs->count++] = program;
}

/* Every program that a descriptor of the process is of, or is a link to. */
static void programs_of_process(pid_t pid, struct programs *ret)
{
	struct dirent *entry;
	char path[320];
	DIR *directory;

	ret->count = 0;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		_cleanup_fclose_ FILE *file = NULL;
		char line[256];

		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid, entry->d_name);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			if (!strncmp(line, "prog_id:", 8))
				programs_add(ret, (uint32_t)strtoul(line + 8, NULL, 10));
	}
	if (directory)
		closedir(directory);
}

static void report_programs(const struct bench *bench, struct programs *programs)
{
	double total = 0;

	for (size_t i = 0; i < programs->count; i++) {
		struct program before = programs->items[i], after = before;
		double time;

		if (program_read(&after) < 0 || after.runs == before.runs)
			continue;
		time = (double)(after.time_ns - before.time_ns);
		total += time;
		report_value(bench->report, after.name, "kernel", "us/run",
			time / 1e3 / (double)(after.runs - before.runs), NULL);
		if (after.missed > before.missed)
			report_note(bench->report, "%s: %llu runs missed for recursion", after.name,
				(unsigned long long)(after.missed - before.missed));
	}
	report_value(
		bench->report, "all programs", "kernel", "us/exec", total / 1e3 / ITERATIONS, NULL);
}

static int measure(const struct bench *bench, const struct daemon *daemon, const char *cgroup,
	const char *where, struct error *error)
{
	const struct workload workload = {WORKLOAD_FORK_STATIC, 1, ITERATIONS, cgroup};
	static struct programs programs;
	struct workload_result result;
	int r;

	programs_of_process(daemon->pid, &programs);
	r = workload_run(bench, &workload, &result, error);
	if (r < 0)
		return r;
	report_subject(bench->report, "time in BPF programs, fork+exec %s", where);
	report_programs(bench, &programs);
	return 0;
}

int bench_programs(const struct bench *bench, struct error *error)
{
	struct container_under_test container = {.gate = -1};
	_cleanup_close_ int counting = -1;
	struct daemon daemon;
	int r = daemon_prepare(bench, "programs", &daemon, error);

	if (r < 0)
		return r;
	counting = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (counting < 0)
		return error_set(error, -errno, "bpf_enable_stats: %s", strerror(errno));
	r = daemon_start(bench, &daemon, error);
	if (r < 0)
		return r;
	daemon_settle(&daemon);
	r = container_run(bench, &daemon, &container, error);
	if (!r)
		r = measure(bench, &daemon, NULL, "on the host", error);
	if (!r)
		r = measure(bench, &daemon, container.cgroup, "in a container", error);
	container_remove(&container);
	daemon_stop(&daemon);
	return r;
}
