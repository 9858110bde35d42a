/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fd.h"

static int open_directory(int directory_fd, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, directory_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Make the missing directory inside an existing one, for the same owner. */
static int make_in_parent(const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	_cleanup_close_ int parent_fd = -1;
	struct stat status;

	if (!slash || slash == path || !slash[1] || (size_t)(slash - path) >= sizeof(parent))
		return -ENOENT;
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	parent_fd = open_directory(AT_FDCWD, parent);
	if (parent_fd < 0)
		return parent_fd;
	if (fstat(parent_fd, &status) < 0)
		return -errno;
	/* In a directory that others may write to, a name could be theirs by the next line. */
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	if (mkdirat(parent_fd, slash + 1, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (fchownat(parent_fd, slash + 1, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return open_directory(parent_fd, slash + 1);
}

static int open_spool(const char *path, const struct hook_user *user, struct error *error)
{
	_cleanup_close_ int fd = -1;
	struct stat status;

	fd = open_directory(AT_FDCWD, path);
	if (fd == -ENOENT)
		fd = make_in_parent(path);
	if (fd < 0)
		return error_set(error, fd, "cannot open %s: %s", path, strerror(-fd));
	if (fstat(fd, &status) < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (!hook_user_trusts(user, status.st_uid))
		return error_set(error, -EPERM,
			"%s belongs to uid %u, neither root nor " TALLYMAN_USER, path,
			(unsigned)status.st_uid);
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return error_set(error, -EPERM, "%s is open to others than its owner", path);
	return TAKE_FD(fd);
}

static int check_room(int spool_fd, size_t length, struct error *error)
{
	_cleanup_close_ int fd = -1;
	size_t files = 0, bytes = 0;
	struct dirent *entry;
	DIR *stream;

	fd = openat(spool_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream)
		return error_set(error, -errno, "cannot read the spool: %s", strerror(errno));
	TAKE_FD(fd); /* the stream's now */
	while (files < SPOOL_FILES_MAX && bytes + length <= SPOOL_BYTES_MAX &&
		(entry = readdir(stream))) {
		struct stat status;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		files++;
		if (!fstatat(spool_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			bytes += (size_t)status.st_size;
	}
	closedir(stream);
	if (files >= SPOOL_FILES_MAX || bytes + length > SPOOL_BYTES_MAX)
		return error_set(
			error, -EDQUOT, "the spool is full (%zu files, %zu bytes)", files, bytes);
	return 0;
}

int spool_write(const char *directory, const struct hook_user *user, const char *id,
	uint64_t started_ns, const void *message, size_t length, struct error *error)
{
	_cleanup_close_ int fd = -1;
	char name[NAME_MAX + 1];
	int r;

	fd = open_spool(directory, user, error);
	if (fd < 0)
		return fd;
	r = check_room(fd, length, error);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%020" PRIu64 "-%s.json", started_ns, id);
	r = write_file_atomic(fd, name, message, length, 0600);
	if (r < 0)
		return error_set(error, r, "cannot write into %s: %s", directory, strerror(-r));
	return 0;
}
