/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup-move CGROUP-DIRECTORY BINARY ARGUMENT: moves itself there (the directory is made when it
 * is missing), then a child of it runs BINARY. */
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	char *exec_argv[] = {"nothing", NULL, NULL};
	int directory, procs;

	need_arguments(argc, argv, 3, "CGROUP-DIRECTORY BINARY ARGUMENT");
	if (mkdir(argv[1], 0755) < 0 && errno != EEXIST)
		die(argv[1]);
	directory = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	procs = openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (procs < 0 || write(procs, "0", 1) != 1)
		die("cgroup.procs");
	exec_argv[1] = argv[3];
	run_exec("cgroup-move", argv[2], exec_argv, NULL);
	return 0;
}
