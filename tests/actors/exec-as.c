/* SPDX-License-Identifier: Apache-2.0 */
/* exec-as UID PATH [ARGUMENT…]: execute PATH as this user, to see a setuid bit or file capabilities
 * take effect. */
#include "actor.h"

#include <stdio.h>
#include <unistd.h>

struct request {
	uid_t uid;
	char **argv;
};

static void act(void *data)
{
	struct request *request = data;
	char *environment[] = {NULL};

	if (setresgid(request->uid, request->uid, request->uid) < 0 ||
		setresuid(request->uid, request->uid, request->uid) < 0)
		die("setresuid");
	execve(request->argv[0], request->argv, environment);
	die(request->argv[0]);
}

int main(int argc, char *argv[])
{
	struct request request;
	int status;
	pid_t pid;

	if (argc < 3) {
		dprintf(STDERR_FILENO, "Usage: exec-as UID PATH [ARGUMENT…]\n");
		return 2;
	}
	request = (struct request){(uid_t)parse_int(argv[1]), argv + 2};
	pid = run(act, &request, &status);
	report("exec-as", &(struct report){pid, argv + 2, argv[2], NULL, &status});
	return 0;
}
