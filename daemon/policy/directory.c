/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/policy/policy_file.h"
#include "lib/cleanup.h"
#include "lib/util.h"

#define EVENTS                                                                                     \
	(IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |        \
		IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)
#define ITSELF	    (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)
#define BUFFER_SIZE 4096

static char **find_written(struct policy_directory *directory, const char *name)
{
	for (size_t i = 0; i < DIRECTORY_WRITING_MAX; i++)
		if (name ? directory->writing[i] && !strcmp(directory->writing[i], name)
			 : !directory->writing[i])
			return &directory->writing[i];
	return NULL;
}

bool policy_directory_is_written(const struct policy_directory *directory, const char *name)
{
	return find_written((struct policy_directory *)directory, name) != NULL;
}

static void begin_writing(struct policy_directory *directory, const char *name)
{
	char **slot;

	if (find_written(directory, name))
		return;
	slot = find_written(directory, NULL);
	if (slot)
		*slot = strdup(name);
}

static void end_writing(struct policy_directory *directory, const char *name)
{
	char **slot = find_written(directory, name);

	if (!slot)
		return;
	free(*slot);
	*slot = NULL;
}

static void forget_writing(struct policy_directory *directory)
{
	for (size_t i = 0; i < DIRECTORY_WRITING_MAX; i++) {
		free(directory->writing[i]);
		directory->writing[i] = NULL;
	}
}

static void changed(struct policy_directory *directory, uint64_t now)
{
	if (!directory->first_ns)
		directory->first_ns = now;
	directory->last_ns = now;
}

static void close_directory(struct policy_directory *directory)
{
	if (directory->watch >= 0)
		(void)inotify_rm_watch(directory->inotify_fd, directory->watch);
	if (directory->fd >= 0)
		close(directory->fd);
	directory->fd = directory->watch = -1;
	forget_writing(directory);
}

/* The watch comes first: what changes while the files are read is noticed. */
static void open_directory(struct policy_directory *directory, uint64_t now)
{
	struct error before = directory->error;
	bool first = !directory->opened_ns;

	directory->error = (struct error){0};
	directory->opened_ns = now;
	if (directory->inotify_fd >= 0)
		directory->watch = inotify_add_watch(
			directory->inotify_fd, directory->path, EVENTS | IN_ONLYDIR);
	if (policy_directory_fd_open(directory->path, &directory->fd, &directory->error) == 0) {
		if (directory->watch < 0)
			log_warning("%s: changes will not be noticed: %s", directory->path,
				strerror(errno));
		changed(directory, now);
		return;
	}
	close_directory(directory);
	if (first || before.code != directory->error.code)
		log_message(directory->error.code == -ENOENT ? LOG_NOTICE : LOG_ERR,
			"no policies are read: %s", directory->error.message);
	/* Gone is a change; one that must not be read leaves in force what is. */
	if (directory->error.code == -ENOENT && before.code != -ENOENT)
		changed(directory, now);
}

int policy_directory_init(
	struct policy_directory *directory, const char *path, uint64_t now_boottime_ns)
{
	*directory = (struct policy_directory){.fd = -1, .watch = -1, .path = strdup(path)};
	directory->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (!directory->path)
		return -ENOMEM;
	open_directory(directory, now_boottime_ns);
	return 0;
}

void policy_directory_done(struct policy_directory *directory)
{
	if (directory->path) {
		close_directory(directory);
		if (directory->inotify_fd >= 0)
			close(directory->inotify_fd);
	}
	free(directory->path);
	directory->path = NULL;
}

/* Nobody will close a link, a second name or a FIFO after writing to it: there is no more to come.
 */
static bool will_be_written(const struct policy_directory *directory, const char *name)
{
	struct stat status;

	return !fstatat(directory->fd, name, &status, AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(status.st_mode) && status.st_nlink == 1;
}

static void handle_file(
	struct policy_directory *directory, uint32_t mask, const char *name, uint64_t now)
{
	if (!policy_file_is_named_so(name))
		return;
	if (mask & IN_MODIFY || (mask & IN_CREATE && will_be_written(directory, name))) {
		begin_writing(directory, name);
		return;
	}
	if (mask & (IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE))
		end_writing(directory, name);
	changed(directory, now);
}

static void handle_event(
	struct policy_directory *directory, const struct inotify_event *event, uint64_t now)
{
	if (event->mask & IN_Q_OVERFLOW) {
		forget_writing(directory);
		changed(directory, now);
	} else if (event->wd != directory->watch) {
		return; /* of a directory that was there before */
	} else if (event->mask & ITSELF) {
		close_directory(directory);
		open_directory(directory, now);
	} else if (event->len) {
		handle_file(directory, event->mask, event->name, now);
	} else if (event->mask & IN_ATTRIB) { /* its owner or mode */
		close_directory(directory);
		open_directory(directory, now);
	}
}

void policy_directory_handle(struct policy_directory *directory, uint64_t now_boottime_ns)
{
	char buffer[BUFFER_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length;

	while ((length = read(directory->inotify_fd, buffer, sizeof(buffer))) > 0) {
		const char *at = buffer;

		while (at < buffer + length) {
			const struct inotify_event *event = (const void *)at;

			handle_event(directory, event, now_boottime_ns);
			at += sizeof(*event) + event->len;
		}
	}
}

/* When something is to be done; UINT64_MAX: nothing is. */
static uint64_t next_ns(const struct policy_directory *directory)
{
	uint64_t next = UINT64_MAX;

	if (directory->first_ns)
		next = MIN(directory->last_ns + DIRECTORY_QUIET_NS,
			directory->first_ns + DIRECTORY_LATE_NS);
	if (directory->fd < 0)
		next = MIN(next, directory->opened_ns + DIRECTORY_RETRY_NS);
	return next;
}

int policy_directory_timeout_ms(const struct policy_directory *directory, uint64_t now_boottime_ns)
{
	uint64_t next = next_ns(directory);

	if (next == UINT64_MAX)
		return -1;
	return next <= now_boottime_ns ? 0 : (int)((next - now_boottime_ns) / NSEC_PER_MSEC) + 1;
}

bool policy_directory_due(struct policy_directory *directory, uint64_t now_boottime_ns)
{
	if (directory->fd < 0 && now_boottime_ns >= directory->opened_ns + DIRECTORY_RETRY_NS)
		open_directory(directory, now_boottime_ns);
	if (!directory->first_ns || now_boottime_ns < next_ns(directory))
		return false;
	directory->first_ns = directory->last_ns = 0;
	return true;
}
