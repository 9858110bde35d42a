/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/policy_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fd.h"
#include "lib/util.h"
#include "policy/yaml_document.h"

#define OTHERS_MAY_WRITE (S_IWGRP | S_IWOTH)

static int check_owner(const struct stat *status, const char *what, struct error *error)
{
	if (status->st_uid && status->st_uid != geteuid())
		return error_set(error, -EPERM, "the %s belongs to uid %u; allowed: root%s", what,
			(unsigned)status->st_uid,
			geteuid() ? ", or the user that tallymand runs as" : "");
	if (status->st_mode & OTHERS_MAY_WRITE)
		return error_set(error, -EPERM,
			"others than its owner may write to the %s (its mode is %04o): chmod go-w",
			what, (unsigned)(status->st_mode & 07777));
	return 0;
}

int policy_directory_fd_open(const char *path, int *ret_fd, struct error *error)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	r = check_owner(&status, "directory", error);
	if (r < 0)
		return error_wrap(error, "%s", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

bool policy_file_is_named_so(const char *name)
{
	static const char *const suffixes[] = {".yaml", ".yml"};
	size_t length = strlen(name);

	for (size_t i = 0; *name != '.' && i < ARRAY_SIZE(suffixes); i++)
		if (length > strlen(suffixes[i]) &&
			!strcmp(name + length - strlen(suffixes[i]), suffixes[i]))
			return true;
	return false;
}

static int open_error(int code, struct error *error)
{
	switch (code) {
	case -ELOOP:
		return error_set(
			error, code, "it is a symbolic link, which is not followed: copy the file");
	case -ENOTSUP:
		return error_set(error, code, "it is no regular file");
	default:
		return error_set(error, code, "%s", strerror(-code));
	}
}

int policy_file_read(int directory_fd, const char *name, struct buf *ret_text, struct error *error)
{
	_cleanup_close_ int fd = -1;
	struct stat status;
	int r;

	if (directory_fd < 0)
		return error_set(error, -ENOENT, "there is no directory");
	fd = open_regular(directory_fd, name, (uid_t)-1);
	if (fd < 0)
		return open_error(fd, error);
	if (fstat(fd, &status) < 0)
		return error_set(error, -errno, "%s", strerror(errno));
	r = check_owner(&status, "file", error);
	if (r < 0)
		return r;
	r = read_fd_limited(fd, YAML_BYTES_MAX, ret_text);
	if (r == -EFBIG)
		return error_set(error, r, "it has more than %zu bytes", YAML_BYTES_MAX);
	return r < 0 ? error_set(error, r, "%s", strerror(-r)) : 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int policy_file_names_read(int directory_fd, struct policy_file_names *ret_names)
{
	const struct dirent *entry;
	int fd, r = 0;
	DIR *directory;

	*ret_names = (struct policy_file_names){.items = calloc(POLICY_FILES_MAX, sizeof(char *))};
	if (!ret_names->items)
		return -ENOMEM;
	fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (!r && (entry = readdir(directory))) {
		if (!policy_file_is_named_so(entry->d_name))
			continue;
		if (ret_names->count == POLICY_FILES_MAX) {
			ret_names->omitted++;
			continue;
		}
		ret_names->items[ret_names->count] = strdup(entry->d_name);
		if (ret_names->items[ret_names->count])
			ret_names->count++;
		else
			r = -ENOMEM;
	}
	closedir(directory);
	if (ret_names->count)
		qsort(ret_names->items, ret_names->count, sizeof(char *), compare);
	return r;
}

void policy_file_names_done(struct policy_file_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct policy_file_names){0};
}
