/* SPDX-License-Identifier: Apache-2.0 */
/* exec of a `#!` script, or with "nested" of a script whose interpreter is a script. What is
 * expected of the event: binary = the script, argv = what the last interpreter gets. */
#include "actor.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHELL "/bin/busybox"
#define INNER "/tmp/inner-script"
#define OUTER "/tmp/outer script"

static void write_script(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) < 0)
		die(path);
}

static void act(void *data)
{
	char *const *argv = data;

	execve(argv[0], argv, environ);
	die(argv[0]);
}

int main(int argc, char *argv[])
{
	bool nested = argc > 1 && !strcmp(argv[1], "nested");
	char *const plain_exec[] = {INNER, "one", "two words", NULL};
	char *const plain_seen[] = {SHELL, "sh", INNER, "one", "two words", NULL};
	char *const nested_exec[] = {OUTER, "three", NULL};
	char *const nested_seen[] = {SHELL, "sh", INNER, "-x -y", OUTER, "three", NULL};
	char *cwd = current_directory();
	int status;
	pid_t pid;

	write_script(INNER, "#!" SHELL " sh\nexit 5\n");
	write_script(OUTER, "#!" INNER " -x -y\n");
	pid = run(act, (void *)(nested ? nested_exec : plain_exec), &status);
	report(nested ? "exec-nested-script" : "exec-script",
		&(struct report){pid, nested ? nested_seen : plain_seen, nested ? OUTER : INNER,
			cwd, &status});
	return 0;
}
