/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/util.h"
#include "tests/bench/loop.h"

#define START_TIMEOUT_MS 5000

struct workload_run {
	struct loop_shared *shared;
	unsigned processes;
	pid_t pids[LOOP_PROCESSES_MAX];
	int shared_fd, gate; /* closing the gate lets the processes go */
};

static struct workload_run *run_free(struct workload_run *run)
{
	if (!run)
		return NULL;
	close_p(&run->gate);
	for (unsigned i = 0; i < run->processes; i++)
		if (run->pids[i] > 0) {
			kill(run->pids[i], SIGKILL);
			waitpid(run->pids[i], NULL, 0);
		}
	if (run->shared)
		munmap(run->shared, sizeof(*run->shared));
	close_p(&run->shared_fd);
	free(run);
	return NULL;
}

static struct workload_run *run_new(void)
{
	struct workload_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->gate = -1;
	run->shared_fd = memfd_create("bench-loop", MFD_CLOEXEC);
	if (run->shared_fd < 0 || ftruncate(run->shared_fd, sizeof(*run->shared)) < 0)
		return run_free(run);
	run->shared = mmap(
		NULL, sizeof(*run->shared), PROT_READ | PROT_WRITE, MAP_SHARED, run->shared_fd, 0);
	if (run->shared == MAP_FAILED) {
		run->shared = NULL;
		return run_free(run);
	}
	return run;
}

static void become_loop(const struct bench *bench, const struct workload *workload, unsigned number,
	int shared_fd, int gate)
{
	char number_text[16], kind[16], iterations[32];
	const char *const arguments[] = {
		[0] = bench->loop,
		[LOOP_NUMBER] = number_text,
		[LOOP_KIND] = kind,
		[LOOP_ITERATIONS] = iterations,
		[LOOP_PROGRAM] =
			workload->kind == WORKLOAD_FORK_DYNAMIC ? bench->dynamic : bench->tiny,
		[LOOP_CGROUP] = workload->cgroup,
		NULL,
	};

	snprintf(number_text, sizeof(number_text), "%u", number);
	snprintf(kind, sizeof(kind), "%u", (unsigned)workload->kind);
	snprintf(iterations, sizeof(iterations), "%llu", (unsigned long long)workload->iterations);
	/* first out of the way of each other */
	shared_fd = fcntl(shared_fd, F_DUPFD, LOOP_GATE_FD + 1);
	gate = fcntl(gate, F_DUPFD, LOOP_GATE_FD + 1);
	if (shared_fd < 0 || gate < 0 || dup2(shared_fd, LOOP_SHARED_FD) < 0 ||
		dup2(gate, LOOP_GATE_FD) < 0)
		_exit(126);
	close_range(LOOP_GATE_FD + 1, ~0U, 0);
	execv(bench->loop, (char *const *)arguments);
	_exit(127);
}

static int wait_until_ready(const struct workload_run *run)
{
	for (unsigned waited = 0; atomic_load(&run->shared->ready) < run->processes; waited++) {
		if (waited == START_TIMEOUT_MS)
			return -ETIMEDOUT;
		sleep_ms(1);
	}
	return 0;
}

int workload_start(const struct bench *bench, const struct workload *workload,
	struct workload_run **ret_run, struct error *error)
{
	struct workload_run *run = run_new();
	int gate[2], r;

	if (!run || pipe2(gate, O_CLOEXEC) < 0) {
		run_free(run);
		return error_set(error, -ENOMEM, "workload: %s", strerror(ENOMEM));
	}
	run->gate = gate[1];
	for (unsigned i = 0; i < MIN(workload->processes, LOOP_PROCESSES_MAX); i++) {
		pid_t pid = fork();

		if (!pid)
			become_loop(bench, workload, i, run->shared_fd, gate[0]);
		run->pids[run->processes++] = pid;
	}
	close(gate[0]);
	r = wait_until_ready(run);
	if (r < 0) {
		run_free(run);
		return error_set(error, r, "workload: its processes did not start%s%s",
			workload->cgroup ? " in " : "", workload->cgroup ?: "");
	}
	close(TAKE_FD(run->gate));
	*ret_run = run;
	return 0;
}

void workload_stop(struct workload_run *run)
{
	atomic_store(&run->shared->stop, true);
}

int workload_wait(struct workload_run *run, struct workload_result *ret, struct error *error)
{
	struct workload_result result = {};
	uint64_t start = UINT64_MAX, end = 0;
	int r = 0;

	for (unsigned i = 0; i < run->processes; i++) {
		int status = -1;

		if (run->pids[i] < 0 || waitpid(run->pids[i], &status, 0) < 0 || status)
			r = error_set(error, -EIO, "workload: process %u failed", i);
		run->pids[i] = 0;
		result.iterations += run->shared->process[i].iterations;
		result.cpu_ns += run->shared->process[i].cpu_ns;
		result.failures += run->shared->process[i].failures;
		start = MIN(start, run->shared->process[i].start_ns);
		end = MAX(end, run->shared->process[i].end_ns);
	}
	result.wall_ns = end - start;
	if (!r)
		*ret = result;
	run_free(run);
	return r;
}

int workload_run(const struct bench *bench, const struct workload *workload,
	struct workload_result *ret, struct error *error)
{
	struct workload_run *run = NULL;
	int r = workload_start(bench, workload, &run, error);

	return r < 0 ? r : workload_wait(run, ret, error);
}
