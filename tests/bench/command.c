/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

static void become(
	const char *const arguments[], int input_fd, const char *log, const char *variable)
{
	int input = input_fd >= 0 ? input_fd : open("/dev/null", O_RDONLY);
	int output = open(log ? log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (input < 0 || output < 0 || dup2(input, STDIN_FILENO) < 0 ||
		dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		_exit(126);
	close_range(3, ~0U, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (variable && putenv((char *)variable))
		_exit(126);
	execvp(arguments[0], (char *const *)arguments);
	_exit(127);
}

pid_t command_start(
	const char *const arguments[], int input_fd, const char *log, const char *variable)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		become(arguments, input_fd, log, variable);
	return pid;
}

int command_run(const char *const arguments[], const char *log)
{
	pid_t pid = command_start(arguments, -1, log, NULL);
	int status;

	if (pid < 0)
		return pid;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

void command_stop(pid_t pid, unsigned milliseconds)
{
	if (pid <= 0)
		return;
	kill(pid, SIGTERM);
	for (unsigned waited = 0; waited < milliseconds; waited += 10) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		sleep_ms(10);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
