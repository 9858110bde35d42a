/* SPDX-License-Identifier: Apache-2.0 */
/* exec of a file whose last link is removed between open and exec: /proc/self/exe-like paths lie.
 */
#include "actor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY "/tmp/soon-deleted"

static char *const exec_argv[] = {"deleted", NULL};

static void copy_nothing(void)
{
	int in = open(NOTHING, O_RDONLY | O_CLOEXEC);
	int out = open(COPY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char block[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		die(COPY);
	while ((n = read(in, block, sizeof(block))) > 0)
		if (write(out, block, (size_t)n) != n)
			die(COPY);
	close(in);
	close(out);
}

static void act(void *data)
{
	int fd = open(COPY, O_PATH | O_CLOEXEC);

	(void)data;
	if (fd < 0 || unlink(COPY) < 0)
		die(COPY);
	fexecve(fd, exec_argv, environ);
	die("fexecve");
}

int main(void)
{
	int status;
	pid_t pid;
	char *cwd = current_directory();

	copy_nothing();
	pid = run(act, NULL, &status);
	report("exec-deleted", &(struct report){pid, exec_argv, NULL, cwd, &status});
	return 0;
}
