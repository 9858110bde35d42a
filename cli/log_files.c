/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#define READ_SIZE ((size_t)256 << 10)
#define FOLLOW_NS (100 * NSEC_PER_MSEC)

struct log_files {
	char **names;
	size_t count, current; /* names[current] is open or the next to be */
	bool follow;
	int fd;
	struct stat status; /* of what is open */
	struct buf buf;
	size_t start; /* of what was not returned yet */
	size_t number;
};

/* Length of the name without ".N", and N; 0 for a name without a number. */
static size_t split_number(const char *name, unsigned long *ret_number)
{
	const char *dot = strrchr(name, '.');
	char *end;

	*ret_number = 0;
	if (!dot || dot == name || !dot[1] || strspn(dot + 1, "0123456789") != strlen(dot + 1))
		return strlen(name);
	*ret_number = strtoul(dot + 1, &end, 10);
	return (size_t)(dot - name);
}

/* Older ones of one log first; logs of different names as they were given. A log's place is that of
 * its first file, so the order is the same whatever a shell makes of events.json*. */
static void sort_names(char **names, size_t count)
{
	for (size_t first = 0; first < count;) {
		unsigned long number, other;
		size_t length = split_number(names[first], &number), end = first + 1;

		for (size_t i = first + 1; i < count; i++) {
			char *name = names[i];

			if (split_number(name, &other) != length ||
				strncmp(name, names[first], length))
				continue;
			memmove(names + end + 1, names + end, (i - end) * sizeof(*names));
			names[end++] = name;
		}
		for (size_t i = first + 1; i < end; i++) /* few: insertion will do */
			for (size_t k = i; k > first; k--) {
				char *name = names[k];

				split_number(names[k - 1], &number);
				split_number(name, &other);
				if (number >= other)
					break;
				names[k] = names[k - 1];
				names[k - 1] = name;
			}
		first = end;
	}
}

static int open_current(struct log_files *files, struct error *error)
{
	const char *name = files->names[files->current];
	_cleanup_close_ int fd = -1;
	struct stat status;

	if (!strcmp(name, "-"))
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status))
		return error_set(error, -errno, "%s: %s", name, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return error_set(error, -EISDIR, "%s: is a directory", name);
	files->status = status;
	files->number = 0;
	files->fd = TAKE_FD(fd);
	return 0;
}

int log_files_open(
	char **names, size_t count, bool follow, struct log_files **ret_files, struct error *error)
{
	struct log_files *files = calloc(1, sizeof(*files));
	int rc;

	if (!files)
		return error_set(error, -ENOMEM, "out of memory");
	sort_names(names, count);
	*files = (struct log_files){.names = names,
		.count = count,
		.follow = follow,
		.fd = -1,
		.buf = {.limit = LOG_LINE_MAX + READ_SIZE}};
	rc = open_current(files, error);
	if (rc) {
		log_files_close(files);
		return rc;
	}
	*ret_files = files;
	return 0;
}

struct log_files *log_files_close(struct log_files *files)
{
	if (!files)
		return NULL;
	if (files->fd >= 0)
		close(files->fd);
	buf_done(&files->buf);
	free(files);
	return NULL;
}

static void take_line(struct log_files *files, size_t length, bool whole, struct log_line *ret_line)
{
	*ret_line = (struct log_line){.file = files->names[files->current],
		.number = ++files->number,
		.text = files->buf.data + files->start,
		.length = length,
		.whole = whole};
	files->start += length + whole;
}

/* 1: some bytes came, 0: end of the file. */
static int fill(struct log_files *files, struct error *error)
{
	struct buf *buf = &files->buf;
	ssize_t got;

	if (files->start) {
		memmove(buf->data, buf->data + files->start, buf->length - files->start);
		buf->length -= files->start;
		files->start = 0;
	}
	if (!buf_reserve(buf, READ_SIZE))
		return error_set(error, -EFBIG, "%s:%zu: line longer than %zu MiB",
			files->names[files->current], files->number + 1, LOG_LINE_MAX >> 20);
	do
		got = read(files->fd, buf->data + buf->length, READ_SIZE);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_set(
			error, -errno, "%s: %s", files->names[files->current], strerror(errno));
	buf->length += (size_t)got;
	return got > 0;
}

/* Whether the path names another file than the one that is open. While it names none, its writer
 * is between renaming and creating. */
static bool replaced(const struct log_files *files)
{
	struct stat status;

	return !stat(files->names[files->current], &status) &&
	       (status.st_ino != files->status.st_ino || status.st_dev != files->status.st_dev);
}

static bool can_follow(const struct log_files *files)
{
	return files->follow && files->current + 1 == files->count &&
	       S_ISREG(files->status.st_mode);
}

static int wait_for_more(struct log_files *files, bool *last_look, struct error *error)
{
	const struct timespec pause = {.tv_nsec = FOLLOW_NS};
	struct stat status;

	if (*last_look) {
		/* It had been replaced before the end was read: nothing more comes here. */
		close(files->fd);
		files->fd = -1;
		files->buf.length = files->start = 0;
		*last_look = false;
		return open_current(files, error);
	}
	if (replaced(files)) {
		*last_look = true;
		return 0;
	}
	if (!fstat(files->fd, &status) && status.st_size < lseek(files->fd, 0, SEEK_CUR)) {
		lseek(files->fd, 0, SEEK_SET); /* truncated */
		files->buf.length = files->start = 0;
		return 0;
	}
	nanosleep(&pause, NULL);
	return 0;
}

int log_files_next(struct log_files *files, bool (*idle)(void *data), void *data,
	struct log_line *ret_line, struct error *error)
{
	bool last_look = false;
	size_t searched = 0;

	for (;;) {
		struct buf *buf = &files->buf;
		size_t left = buf->length - files->start;
		const char *end = left > searched ? memchr(buf->data + files->start + searched,
							    '\n', left - searched)
						  : NULL;
		int rc;

		if (end) {
			take_line(files, (size_t)(end - buf->data) - files->start, true, ret_line);
			return 1;
		}
		searched = left;
		rc = fill(files, error);
		if (rc < 0)
			return rc;
		if (rc)
			continue;
		if (can_follow(files)) {
			if (idle && !idle(data))
				return 0;
			rc = wait_for_more(files, &last_look, error);
			if (rc)
				return rc;
			searched = 0;
			continue;
		}
		if (left) {
			take_line(files, left, false, ret_line);
			return 1;
		}
		if (files->current + 1 == files->count)
			return 0;
		close(files->fd);
		files->fd = -1;
		files->current++;
		rc = open_current(files, error);
		if (rc)
			return rc;
		searched = 0;
	}
}
