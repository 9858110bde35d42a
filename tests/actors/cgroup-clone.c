/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup-clone CGROUP-DIRECTORY BINARY ARGUMENT: a child born inside another cgroup by
 * clone3(CLONE_INTO_CGROUP), for which the kernel never reports an attach; it runs BINARY. */
#include "actor.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	struct clone_args arguments = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	char *exec_argv[] = {"nothing", NULL, NULL};
	const char *binary;
	int fd, status;
	pid_t pid;

	need_arguments(argc, argv, 3, "CGROUP-DIRECTORY BINARY ARGUMENT");
	fd = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die(argv[1]);
	binary = argv[2];
	exec_argv[1] = argv[3];
	arguments.cgroup = (uint64_t)fd;
	pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid < 0)
		die("clone3");
	if (!pid) {
		execve(binary, exec_argv, environ);
		die(binary);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	report("cgroup-clone", &(struct report){pid, exec_argv, binary, NULL, &status});
	return 0;
}
