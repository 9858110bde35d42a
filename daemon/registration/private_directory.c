/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/private_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fd.h"

int private_directory_open(const char *path, struct error *error)
{
	_cleanup_close_ int fd = -1;
	struct stat status;
	int r;

	r = make_directory(path, 0700);
	if (r < 0)
		return error_set(error, r, "cannot make %s: %s", path, strerror(-r));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (status.st_uid && status.st_uid != geteuid())
		return error_set(
			error, -EPERM, "%s belongs to uid %u", path, (unsigned)status.st_uid);
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return error_set(error, -EPERM, "%s is open to others than its owner", path);
	return TAKE_FD(fd);
}

DIR *private_directory_stream(int directory_fd)
{
	_cleanup_close_ int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream;

	if (fd < 0)
		return NULL;
	stream = fdopendir(fd);
	if (stream)
		TAKE_FD(fd);
	return stream;
}
