/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/util.h"

#define TAIL_CHUNK 4096

static uint64_t birth_ns(int fd)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &status) || !(status.stx_mask & STATX_BTIME))
		return clock_ns(CLOCK_REALTIME); /* counted from our start, then */
	return (uint64_t)status.stx_btime.tv_sec * NSEC_PER_SEC + status.stx_btime.tv_nsec;
}

/* The owner of the directory that holds `path`; (uid_t)-1 when it cannot be told. */
static uid_t directory_owner(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	struct stat status;

	if (length >= sizeof(directory))
		return (uid_t)-1;
	memcpy(directory, path, length);
	directory[length] = '\0';
	if (stat(length ? directory : slash ? "/" : ".", &status))
		return (uid_t)-1;
	return status.st_uid;
}

static int check_target(const char *path, int fd, struct stat *ret_status, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status))
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(error, -ENOTSUP, "%s: not a regular file", path);
	if (geteuid() == 0 && status.st_uid != 0 && status.st_uid != directory_owner(path))
		return error_set(error, -EPERM, "%s: belongs to uid %u: not written to by root",
			path, (unsigned)status.st_uid);
	if (geteuid() == 0 && status.st_nlink > 1)
		return error_set(error, -EPERM,
			"%s: has %lu names (hard links): not written to by root", path,
			(unsigned long)status.st_nlink);
	*ret_status = status;
	return 0;
}

static int open_target(const struct log_file *file, struct error *error)
{
	/* O_NONBLOCK: a FIFO planted here must not stop us in open(). It means nothing for files.
	 */
	int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd;

	fd = open(file->path, flags | O_CREAT | O_EXCL, file->mode);
	if (fd >= 0) {
		if (fchmod(fd, file->mode)) { /* whatever the umask is */
			int rc = -errno;

			close(fd);
			return error_set(error, rc, "%s: %s", file->path, strerror(-rc));
		}
		return fd;
	}
	if (errno == EEXIST)
		fd = open(file->path, flags);
	if (fd < 0)
		return error_set(error, -errno, "%s: %s", file->path,
			errno == ELOOP ? "is a symbolic link" : strerror(errno));
	return fd;
}

/* Length of the part of the file that is whole lines; `size` itself if no newline is near. */
static uint64_t whole_lines(int fd, uint64_t size)
{
	uint64_t end = size,
		 lowest = size > LOG_FILE_TORN_LINE_MAX ? size - LOG_FILE_TORN_LINE_MAX : 0;
	char chunk[TAIL_CHUNK];

	while (end > lowest) {
		size_t length = MIN(end - lowest, sizeof(chunk));
		const char *newline;

		if (pread(fd, chunk, length, (off_t)(end - length)) != (ssize_t)length)
			return size;
		newline = memrchr(chunk, '\n', length);
		if (newline)
			return end - length + (uint64_t)(newline - chunk) + 1;
		end -= length;
	}
	return lowest ? size : 0;
}

static int mend_end(struct log_file *file)
{
	uint64_t whole = whole_lines(file->fd, file->size);
	char last;

	if (!file->size ||
		(whole == file->size && pread(file->fd, &last, 1, (off_t)whole - 1) == 1 &&
			last == '\n'))
		return 0;
	/* No newline within the limit (not a file of ours), or an append-only file: end the line.
	 */
	if (whole == file->size || ftruncate(file->fd, (off_t)whole)) {
		if (write(file->fd, "\n", 1) != 1)
			return errno ? -errno : -EIO;
		file->size++;
		return 0;
	}
	file->size = whole;
	return 0;
}

int log_file_open(struct log_file *file, struct error *error)
{
	_cleanup_close_ int fd = open_target(file, error);
	struct stat status = {0};
	int rc;

	if (fd < 0)
		return fd;
	rc = check_target(file->path, fd, &status, error);
	if (rc)
		return rc;
	log_file_close(file);
	file->fd = TAKE_FD(fd);
	file->size = (uint64_t)status.st_size;
	file->born_ns = birth_ns(file->fd);
	rc = mend_end(file);
	if (rc) {
		log_file_close(file);
		return error_set(error, rc, "%s: %s", file->path, strerror(-rc));
	}
	return 0;
}

void log_file_close(struct log_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->size = 0;
	file->torn = false;
}

bool log_file_refresh(struct log_file *file)
{
	struct stat status;

	if (file->fd < 0 || fstat(file->fd, &status) || !status.st_nlink)
		return false;
	file->size = (uint64_t)status.st_size;
	if (!file->size)
		file->torn = false;
	return true;
}

static bool rotated_name(const struct log_file *file, uint32_t number, char *name, size_t size)
{
	int length = number ? snprintf(name, size, "%s.%u", file->path, number)
			    : snprintf(name, size, "%s", file->path);

	return length > 0 && (size_t)length < size;
}

int log_file_rotate(struct log_file *file)
{
	char from[PATH_MAX], to[PATH_MAX];
	uint32_t gap = 1;

	/* Move only what stands before the first free number: an attempt that failed half-way has
	 * left a hole, and the next must not push the oldest file out again. */
	while (gap < file->max_files && rotated_name(file, gap, to, sizeof(to)) &&
		!faccessat(AT_FDCWD, to, F_OK, AT_SYMLINK_NOFOLLOW))
		gap++;
	for (uint32_t n = gap; n > 1; n--) {
		if (!rotated_name(file, n - 1, from, sizeof(from)) ||
			!rotated_name(file, n, to, sizeof(to)))
			return -ENAMETOOLONG;
		if (rename(from, to) && errno != ENOENT)
			return -errno;
	}
	if (!rotated_name(file, 1, to, sizeof(to)))
		return -ENAMETOOLONG;
	if (file->max_files ? rename(file->path, to) : unlink(file->path))
		if (errno != ENOENT)
			return -errno;
	/* If this fails there is no file to write to, and the caller tries to open it again. */
	log_file_close(file);
	return log_file_open(file, NULL);
}

int log_file_append(struct log_file *file, struct iovec *vector, int count, size_t *ret_written)
{
	size_t total = 0;
	int rc = 0;

	while (count > 0) {
		ssize_t written;

		if (!vector->iov_len) {
			vector++;
			count--;
			continue;
		}
		written = writev(file->fd, vector, count);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			rc = written < 0 ? -errno : -EIO;
			break;
		}
		total += (size_t)written;
		for (size_t left = (size_t)written; left;) {
			size_t piece = MIN(left, vector->iov_len);

			vector->iov_base = (char *)vector->iov_base + piece;
			vector->iov_len -= piece;
			left -= piece;
			if (!vector->iov_len && left) {
				vector++;
				count--;
			}
		}
	}
	file->size += total;
	*ret_written = total;
	return rc;
}

bool log_file_cut(struct log_file *file, size_t length)
{
	if (!length)
		return true;
	if (length > file->size || ftruncate(file->fd, (off_t)(file->size - length))) {
		file->torn = true;
		return false;
	}
	file->size -= length;
	return true;
}
