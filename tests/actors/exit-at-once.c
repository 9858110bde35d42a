/* SPDX-License-Identifier: Apache-2.0 */
/* exit-at-once N: N children, each of whose two threads end at the same moment, neither by
 * exit_group: both can be past the counting when the first of them passes the exit tracepoint. */
#include "actor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int arrived;

static void leave_together(void)
{
	atomic_fetch_add(&arrived, 1);
	while (atomic_load(&arrived) < 2)
		;
	syscall(SYS_exit, 5);
}

static void *other(void *data)
{
	(void)data;
	leave_together();
	return NULL;
}

static void act(void *data)
{
	pthread_t thread;

	(void)data;
	if (pthread_create(&thread, NULL, other, NULL))
		die("pthread_create");
	leave_together();
}

int main(int argc, char *argv[])
{
	int status;

	need_arguments(argc, argv, 1, "N");
	for (int i = parse_int(argv[1]); i > 0; i--) {
		pid_t pid = run(act, NULL, &status);

		report("exit-at-once", &(struct report){.pid = pid, .status = &status});
	}
	return 0;
}
