/* SPDX-License-Identifier: Apache-2.0 */
/* storm COUNT [BYTES]: COUNT times vfork, exec of NOTHING (with argv of about BYTES more bytes),
 * wait; COUNT 0 goes on until SIGTERM. Prints how many processes it made and how long it took. */
#include "actor.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENT_MAX 100000

static volatile sig_atomic_t stop;

static void on_term(int signal)
{
	(void)signal;
	stop = 1;
}

static char **arguments(size_t bytes)
{
	char **argv = calloc(bytes / ARGUMENT_MAX + 4, sizeof(char *));
	size_t count = 0;

	if (!argv)
		die("calloc");
	argv[count++] = "nothing";
	argv[count++] = "storm";
	while (bytes) {
		size_t now = bytes < ARGUMENT_MAX ? bytes : ARGUMENT_MAX;

		argv[count] = malloc(now);
		if (!argv[count])
			die("malloc");
		memset(argv[count], 'x', now - 1);
		argv[count++][now - 1] = 0;
		bytes -= now;
	}
	return argv;
}

/* A function of its own: nothing else lives across the vfork. */
static void exec_and_wait(char *const argv[])
{
	int status;
	pid_t pid = vfork();

	if (!pid) {
		execve(NOTHING, argv, environ);
		_exit(125);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		die("storm");
}

int main(int argc, char *argv[])
{
	struct sigaction action = {.sa_handler = on_term};
	struct timespec begin, end;
	long count, done;
	char **exec_argv;

	if (argc < 2) {
		dprintf(STDERR_FILENO, "Usage: storm COUNT [BYTES]\n");
		return 2;
	}
	count = parse_int(argv[1]);
	exec_argv = arguments(argc > 2 ? (size_t)parse_int(argv[2]) : 0);
	sigaction(SIGTERM, &action, NULL);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (done = 0; !stop && (!count || done < count); done++)
		exec_and_wait(exec_argv);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("{\"actor\":\"storm\",\"processes\":%ld,\"seconds\":%.3f}\n", done,
		(double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	return 0;
}
