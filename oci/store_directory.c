/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/store_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/cleanup.h"

/* glibc 2.36 has no wrapper. */
static int open_without_links(const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

int store_directory_open(const char *path, uid_t owner)
{
	_cleanup_close_ int fd = -1;
	struct stat status;

	if (path[0] != '/')
		return -EINVAL;
	fd = open_without_links(path);
	if (fd == -ELOOP && owner == 0) {
		_cleanup_free_ char *resolved = realpath(path, NULL);

		if (!resolved)
			return -errno;
		fd = open_without_links(resolved);
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (owner != 0 && status.st_uid != owner)
		return -EPERM;
	return TAKE_FD(fd);
}
