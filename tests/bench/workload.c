/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#define READ_FILE "/etc/hostname"
#define ARGUMENT_BYTES                                                                             \
	(127 * 1024) /* the kernel's limit for one string is 128 KiB with its NUL                  \
		      */
#define ARGUMENTS 8  /* times ARGUMENT_BYTES: just below 1 MiB, and a short one */

static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};

struct shared { /* with the processes of a run */
	atomic_bool stop;
	atomic_uint ready;
	struct {
		uint64_t iterations, failures, start_ns, end_ns, cpu_ns;
		char pad[88]; /* no two processes write to one cache line */
	} process[WORKLOAD_PROCESSES_MAX];
};

struct workload_run {
	struct shared *shared;
	unsigned processes;
	pid_t pids[WORKLOAD_PROCESSES_MAX];
	int gate; /* closing it lets the processes go */
};

static bool ended_well(pid_t pid)
{
	int status;

	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return status == 0;
}

__attribute__((noinline)) bool spawn_and_wait(
	const char *path, const char *const arguments[], uint64_t *ret_start)
{
	pid_t pid = vfork();

	if (!pid) {
		if (ret_start)
			*ret_start = clock_ns(CLOCK_MONOTONIC);
		execve(path, (char *const *)arguments, (char *const *)environment);
		_exit(127);
	}
	return ended_well(pid);
}

static bool fork_and_wait(const char *path, const char *const arguments[])
{
	pid_t pid = fork();

	if (!pid) {
		execve(path, (char *const *)arguments, (char *const *)environment);
		_exit(127);
	}
	return ended_well(pid);
}

static bool open_read_close(void)
{
	int fd = open(READ_FILE, O_RDONLY | O_CLOEXEC);
	char text[64];

	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text)) < 0) {
		close(fd);
		return false;
	}
	return !close(fd);
}

struct loop { /* what one iteration needs */
	enum workload_kind kind;
	const char *path;
	const char *arguments[ARGUMENTS + 3];
};

static bool iterate(const struct loop *loop)
{
	switch (loop->kind) {
	case WORKLOAD_GETPPID:
		return syscall(SYS_getppid) >= 0;
	case WORKLOAD_OPEN_READ_CLOSE:
		return open_read_close();
	case WORKLOAD_FORK_STATIC:
	case WORKLOAD_FORK_DYNAMIC:
		return fork_and_wait(loop->path, loop->arguments);
	default:
		return spawn_and_wait(loop->path, loop->arguments, NULL);
	}
}

static void loop_prepare(const struct bench *bench, enum workload_kind kind, struct loop *ret)
{
	static char large[ARGUMENT_BYTES + 1];

	*ret = (struct loop){.kind = kind, .path = bench->tiny};
	if (kind == WORKLOAD_FORK_DYNAMIC)
		ret->path = bench->dynamic;
	ret->arguments[0] = ret->path;
	if (kind != WORKLOAD_VFORK_ARGUMENTS)
		return;
	memset(large, 'x', ARGUMENT_BYTES);
	for (size_t i = 1; i <= ARGUMENTS; i++)
		ret->arguments[i] = large;
}

static int enter_cgroup(const char *cgroup)
{
	_cleanup_close_ int fd = -1;
	char path[512];

	if (!cgroup)
		return 0;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		return -errno;
	return 0;
}

/* Time of this process and of the children it has waited for. */
static uint64_t used_cpu_ns(void)
{
	struct rusage own, children;
	uint64_t seconds, microseconds;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	seconds = (uint64_t)(own.ru_utime.tv_sec + own.ru_stime.tv_sec + children.ru_utime.tv_sec +
			     children.ru_stime.tv_sec);
	microseconds = (uint64_t)(own.ru_utime.tv_usec + own.ru_stime.tv_usec +
				  children.ru_utime.tv_usec + children.ru_stime.tv_usec);
	return seconds * NSEC_PER_SEC + microseconds * NSEC_PER_USEC;
}

static void process_main(const struct bench *bench, const struct workload *workload,
	struct shared *shared, unsigned number, int gate)
{
	uint64_t done = 0, failures = 0;
	struct loop loop;
	uint64_t cpu;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	loop_prepare(bench, workload->kind, &loop);
	if (enter_cgroup(workload->cgroup) < 0)
		_exit(1);
	atomic_fetch_add(&shared->ready, 1);
	if (read(gate, &byte, 1) < 0)
		_exit(1);
	cpu = used_cpu_ns();
	shared->process[number].start_ns = clock_ns(CLOCK_MONOTONIC);
	while (!workload->iterations || done < workload->iterations) {
		failures += !iterate(&loop);
		done++;
		if (!workload->iterations &&
			atomic_load_explicit(&shared->stop, memory_order_relaxed))
			break;
	}
	shared->process[number].end_ns = clock_ns(CLOCK_MONOTONIC);
	shared->process[number].cpu_ns = used_cpu_ns() - cpu;
	shared->process[number].iterations = done;
	shared->process[number].failures = failures;
	_exit(0);
}

static struct workload_run *run_free(struct workload_run *run)
{
	if (!run)
		return NULL;
	if (run->gate >= 0)
		close(run->gate);
	for (unsigned i = 0; i < run->processes; i++)
		if (run->pids[i] > 0) {
			kill(run->pids[i], SIGKILL);
			waitpid(run->pids[i], NULL, 0);
		}
	if (run->shared)
		munmap(run->shared, sizeof(*run->shared));
	free(run);
	return NULL;
}

static struct workload_run *run_new(void)
{
	struct workload_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->gate = -1;
	run->shared = mmap(NULL, sizeof(*run->shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run->shared == MAP_FAILED) {
		run->shared = NULL;
		return run_free(run);
	}
	return run;
}

int workload_start(const struct bench *bench, const struct workload *workload,
	struct workload_run **ret_run, struct error *error)
{
	struct workload_run *run = run_new();
	int gate[2];

	if (!run || pipe2(gate, O_CLOEXEC) < 0) {
		run_free(run);
		return error_set(error, -ENOMEM, "workload: %s", strerror(ENOMEM));
	}
	run->gate = gate[1];
	fflush(NULL);
	for (unsigned i = 0; i < MIN(workload->processes, WORKLOAD_PROCESSES_MAX); i++) {
		pid_t pid = fork();

		if (!pid) {
			close(gate[1]);
			process_main(bench, workload, run->shared, i, gate[0]);
		}
		run->pids[run->processes++] = pid;
	}
	close(gate[0]);
	for (unsigned waited = 0; atomic_load(&run->shared->ready) < run->processes; waited++) {
		if (waited == 5000) {
			run_free(run);
			return error_set(error, -EIO, "workload: its processes did not start%s%s",
				workload->cgroup ? " in " : "", workload->cgroup ?: "");
		}
		sleep_ms(1);
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
