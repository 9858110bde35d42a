/* SPDX-License-Identifier: Apache-2.0 */
/* exec of a file that only ever was in memory: NOTHING copied to a memfd, run by fexecve(). */
#include "actor.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static char *const exec_argv[] = {"from-memory", "secret", NULL};

static void act(void *data)
{
	int source = open(NOTHING, O_RDONLY | O_CLOEXEC);
	int memory = memfd_create("evil", 0);
	struct stat stat;

	(void)data;
	if (source < 0 || memory < 0 || fstat(source, &stat) < 0)
		die("memfd");
	while (stat.st_size > 0) {
		ssize_t n = sendfile(memory, source, NULL, (size_t)stat.st_size);

		if (n <= 0)
			die("sendfile");
		stat.st_size -= n;
	}
	fexecve(memory, exec_argv, environ);
	die("fexecve");
}

int main(void)
{
	int status;
	pid_t pid = run(act, NULL, &status);
	char *cwd = current_directory();

	report("exec-memfd", &(struct report){pid, exec_argv, NULL, cwd, &status});
	return 0;
}
