/* SPDX-License-Identifier: Apache-2.0 */
/* exec-cwd deep: from a directory 100 levels down; exec-cwd deleted: from one that is no more. */
#include "actor.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void descend(int levels)
{
	for (int level = 0; level < levels; level++) {
		char name[32];

		snprintf(name, sizeof(name), "level-%03d", level);
		mkdir(name, 0755);
		if (chdir(name) < 0)
			die(name);
	}
}

int main(int argc, char *argv[])
{
	char *const exec_argv[] = {"nothing", "cwd", NULL};
	bool deleted;

	need_arguments(argc, argv, 1, "deep|deleted");
	deleted = !strcmp(argv[1], "deleted");
	if (chdir("/tmp") < 0)
		die("/tmp");
	if (deleted) {
		mkdir("/tmp/soon-gone", 0755);
		if (chdir("/tmp/soon-gone") < 0 || rmdir("/tmp/soon-gone") < 0)
			die("/tmp/soon-gone");
	} else {
		descend(100);
	}
	/* A deleted directory has no path; what the event says then is the test's business. */
	run_exec(deleted ? "exec-cwd-deleted" : "exec-cwd-deep", NOTHING, exec_argv,
		deleted ? NULL : current_directory());
	return 0;
}
