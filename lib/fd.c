/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define READ_STEP	   4096
#define TEMPORARY_ATTEMPTS 16

/* Find a file without opening it. */
static int find(int directory_fd, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	if (directory_fd != AT_FDCWD)
		how.resolve |= RESOLVE_BENEATH;
	fd = (int)syscall(SYS_openat2, directory_fd, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

int open_regular(int directory_fd, const char *path, uid_t owner)
{
	_cleanup_close_ int found = -1;
	char again[sizeof("/proc/self/fd/") + 11];
	struct stat st;
	int fd;

	/* Found and looked at first: just to open a device can already do something. */
	found = find(directory_fd, path);
	if (found < 0)
		return found;
	if (fstat(found, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	if (owner != (uid_t)-1 && st.st_uid != owner && st.st_uid != 0)
		return -EPERM;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", found);
	/* O_NONBLOCK: a lease the owner holds on the file would make the open wait for him. */
	fd = open(again, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int read_fd_limited(int fd, size_t limit, struct buf *buf)
{
	size_t start = buf->length;
	int r = 0;

	for (;;) {
		size_t allowed = limit - (buf->length - start);
		ssize_t n;

		if (!buf_reserve(buf, READ_STEP)) {
			r = -ENOMEM;
			break;
		}
		n = read(fd, buf->data + buf->length, buf->capacity - buf->length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = n < 0 ? -errno : 0;
			break;
		}
		if ((size_t)n > allowed) {
			r = -EFBIG;
			break;
		}
		buf->length += (size_t)n;
	}
	if (r < 0)
		buf->length = start;
	return r;
}

int read_file_limited(const char *path, size_t limit, struct buf *buf)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return read_fd_limited(fd, limit, buf);
}

int write_all(int fd, const void *data, size_t length)
{
	const char *p = data;

	while (length) {
		ssize_t n = write(fd, p, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		length -= (size_t)n;
	}
	return 0;
}

static int create_temporary(int directory_fd, const char *name, char *path, size_t size)
{
	int attempt, length, fd;

	for (attempt = 0; attempt < TEMPORARY_ATTEMPTS; attempt++) {
		uint64_t random;

		if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
			return -EAGAIN;
		length = snprintf(path, size, ".%s.%016" PRIx64, name, random);
		if (length < 0 || (size_t)length >= size)
			return -ENAMETOOLONG;
		fd = openat(directory_fd, path,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
	return -EEXIST;
}

int write_file_atomic(
	int directory_fd, const char *name, const void *data, size_t length, mode_t mode)
{
	char temporary[256]; /* NAME_MAX and a NUL */
	_cleanup_close_ int fd = -1;
	int r;

	if (strchr(name, '/'))
		return -EINVAL;
	fd = create_temporary(directory_fd, name, temporary, sizeof(temporary));
	if (fd < 0)
		return fd;
	r = write_all(fd, data, length);
	if (r == 0 && mode && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && renameat(directory_fd, temporary, directory_fd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(directory_fd, temporary, 0);
	return r;
}

int make_directory(const char *path, mode_t mode)
{
	_cleanup_close_ int fd = -1;
	bool made = mkdir(path, mode) == 0;

	if (!made && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? -ENOTDIR : -errno;
	/* the umask may have taken away what was asked for */
	if (made && fchmod(fd, mode) < 0)
		return -errno;
	return 0;
}
