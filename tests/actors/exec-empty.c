/* SPDX-License-Identifier: Apache-2.0 */
/* exec with an empty argv: kernels since 5.18 make it one empty argument. */
#include "actor.h"

#include <unistd.h>

static void act(void *data)
{
	char *none[] = {NULL};

	(void)data;
	execve(NOTHING, none, environ);
	die(NOTHING);
}

int main(void)
{
	int status;
	pid_t pid = run(act, NULL, &status);
	char *const seen[] = {"", NULL};
	char *cwd = current_directory();

	report("exec-empty", &(struct report){pid, seen, NOTHING, cwd, &status});
	return 0;
}
