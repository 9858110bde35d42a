/* SPDX-License-Identifier: Apache-2.0 */
/* exec-chain N: the process executes itself N times and then NOTHING, always with the same pid. */
#include "actor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void next(int left)
{
	char number[16];
	char *again[] = {"exec-chain", "continue", number, NULL};
	char *last[] = {"nothing", "end of the chain", NULL};

	snprintf(number, sizeof(number), "%d", left - 1);
	execve(left > 0 ? "/proc/self/exe" : NOTHING, left > 0 ? again : last, environ);
	die("execve");
}

static void act(void *data)
{
	next(*(int *)data);
}

int main(int argc, char *argv[])
{
	char *const last[] = {"nothing", "end of the chain", NULL};
	int count, status;
	pid_t pid;

	if (argc == 3 && !strcmp(argv[1], "continue"))
		next(parse_int(argv[2]));
	need_arguments(argc, argv, 1, "N");
	count = parse_int(argv[1]);
	pid = run(act, &count, &status);
	report("exec-chain", &(struct report){pid, last, NOTHING, NULL, &status});
	return 0;
}
