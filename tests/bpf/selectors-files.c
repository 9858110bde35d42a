/* SPDX-License-Identifier: Apache-2.0 */
/* The files that arguments are: of every kind, with paths of every length. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/bpf/selectors.h"

struct open_file open_files[FILES_OPEN_MAX];
size_t open_file_count;
static char files_directory[] = "/tmp/tallyman-selectors.XXXXXX";

/* The mount that a path is on ends where the device does. */
static void path_in_mount(struct open_file *file)
{
	char prefix[4096];
	struct stat here, above;

	snprintf(prefix, sizeof(prefix), "%s", file->path);
	if (lstat(prefix, &here))
		exit(1);
	for (char *slash = strrchr(prefix, '/'); slash; slash = strrchr(prefix, '/')) {
		*slash = '\0';
		if (lstat(*prefix ? prefix : "/", &above))
			exit(1);
		if (above.st_dev != here.st_dev) {
			snprintf(file->in_mount, sizeof(file->in_mount), "%s",
				file->path + strlen(prefix) + strcspn(slash + 1, "/") + 1);
			return;
		}
	}
	snprintf(file->in_mount, sizeof(file->in_mount), "%s", file->path);
}

static void open_one(const char *name)
{
	struct open_file *file = &open_files[open_file_count];
	struct stat status;

	if (open_file_count == FILES_OPEN_MAX)
		return;
	if (*name == '/')
		snprintf(file->path, sizeof(file->path), "%s", name);
	else
		snprintf(file->path, sizeof(file->path), "%s/%s", files_directory, name);
	file->fd = open(file->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &status)) {
		printf("Bail out! %s: %s\n", file->path, strerror(errno));
		exit(1);
	}
	file->mode = status.st_mode;
	path_in_mount(file);
	open_file_count++;
}

static void make_file(const char *name, mode_t mode, dev_t device)
{
	if (mknodat(AT_FDCWD, name, mode, device))
		printf("# %s: %s\n", name, strerror(errno));
	else
		open_one(name);
}

void files_open(void)
{
	char deep[2000] = "d", *end = deep + 1;

	if (!mkdtemp(files_directory) || chdir(files_directory))
		exit(1);
	make_file("aAbB", S_IFREG | 0600, 0);
	make_file("a", S_IFREG | 0600, 0);
	make_file("z.so", S_IFREG | 0600, 0);
	make_file("Z@[`{", S_IFREG | 0600, 0);
	make_file("fifo", S_IFIFO | 0600, 0);
	make_file("socket", S_IFSOCK | 0600, 0);
	make_file("null", S_IFCHR | 0600, makedev(1, 3));
	make_file("loop", S_IFBLK | 0600, makedev(7, 0));
	if (symlink("nowhere", "link"))
		exit(1);
	open_one("link");
	while (strlen(deep) < 1600) {
		if (mkdir(deep, 0700))
			exit(1);
		open_one(deep);
		memset(end, 'a', 120);
		*end = '/';
		end[120] = '\0';
		end += 120;
	}
	open_one("/");
	open_one("/usr");
	open_one("/etc/passwd");
	open_one("/dev/null");
	if (chdir("/"))
		exit(1);
}

void files_remove(void)
{
	char command[128];

	for (size_t i = 0; i < open_file_count; i++)
		close(open_files[i].fd);
	snprintf(command, sizeof(command), "rm -rf %s", files_directory);
	if (system(command))
		printf("# %s stays\n", files_directory);
}
