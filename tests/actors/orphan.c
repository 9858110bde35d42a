/* SPDX-License-Identifier: Apache-2.0 */
/* A double fork: the grandchild runs NOTHING after its parent has ended. It is reported by itself,
 * through a pipe that says when it is done. */
#include "actor.h"

#include <sys/types.h>
#include <unistd.h>

static char *const exec_argv[] = {"nothing", "orphan", NULL};

static void act(void *data)
{
	int *done = data;
	pid_t self = getpid();
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		_exit(0);
	while (getppid() == self)
		usleep(1000);
	report("orphan", &(struct report){.pid = getpid(), .argv = exec_argv, .binary = NOTHING});
	close(done[0]);
	execve(NOTHING, exec_argv, environ);
	die(NOTHING);
}

int main(void)
{
	int done[2], status;
	char byte;

	if (pipe(done) < 0)
		die("pipe");
	run(act, done, &status);
	close(done[1]);
	/* Ends when the orphan, which still holds the other end, is gone. */
	if (read(done[0], &byte, 1) < 0)
		die("read");
	return 0;
}
