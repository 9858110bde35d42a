/* SPDX-License-Identifier: Apache-2.0 */
/* fresh-exec TIMES: children that execute this program again, one after the other, each from a
 * second thread and by a path that lies on a page of the program which that child has never
 * touched. The thread goes on by its leader's number, with other memory. */
#include "actor.h"

#include <pthread.h>
#include <unistd.h>

#define PAGE   4096
#define AROUND (32 * PAGE) /* a fault brings in its surroundings */

static const struct {
	char before[AROUND], path[AROUND], after[AROUND];
} far_away __attribute__((aligned(PAGE))) = {.path = "/proc/self/exe"};

static char *const again[] = {"fresh-exec", NULL};

static void *execute(void *data)
{
	(void)data;
	execve(far_away.path, again, environ);
	die("execve");
}

static void act(void *data)
{
	pthread_t thread;

	(void)data;
	if (pthread_create(&thread, NULL, execute, NULL))
		die("pthread_create");
	pthread_join(thread, NULL);
}

int main(int argc, char *argv[])
{
	int status, times;

	if (argc == 1)
		return 0;
	need_arguments(argc, argv, 1, "TIMES");
	for (times = parse_int(argv[1]); times; times--) {
		pid_t pid = run(act, NULL, &status);

		report("fresh-exec", &(struct report){.pid = pid, .status = &status});
	}
	return 0;
}
