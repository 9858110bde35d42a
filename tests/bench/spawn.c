/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/spawn.h"

#include <errno.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/clock.h"

/* The same for everybody, whoever runs the benchmark from wherever. */
static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};

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

bool fork_and_wait(const char *path, const char *const arguments[])
{
	pid_t pid = fork();

	if (!pid) {
		execve(path, (char *const *)arguments, (char *const *)environment);
		_exit(127);
	}
	return ended_well(pid);
}
