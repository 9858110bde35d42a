/* SPDX-License-Identifier: Apache-2.0 */
/* exec from a second thread: the process keeps its pid, the other thread vanishes. */
#include "actor.h"

#include <pthread.h>
#include <unistd.h>

static char *const exec_argv[] = {"nothing", "from a thread", NULL};

static void *exec_nothing(void *data)
{
	(void)data;
	execve(NOTHING, exec_argv, environ);
	die(NOTHING);
}

static void act(void *data)
{
	pthread_t thread;

	(void)data;
	if (pthread_create(&thread, NULL, exec_nothing, NULL))
		die("pthread_create");
	pthread_join(thread, NULL);
}

int main(void)
{
	int status;
	pid_t pid = run(act, NULL, &status);
	char *cwd = current_directory();

	report("exec-thread", &(struct report){pid, exec_argv, NOTHING, cwd, &status});
	return 0;
}
