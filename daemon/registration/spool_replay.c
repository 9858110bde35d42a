/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/spool_replay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/registration/cgroup_processes.h"
#include "daemon/registration/hook_request.h"
#include "daemon/registration/private_directory.h"
#include "lib/fd.h"

#define ABANDONED_SECONDS 60

struct names {
	char *names[SPOOL_REPLAY_FILES_MAX];
	size_t count;
};

static void names_free_p(struct names **names)
{
	if (!*names)
		return;
	for (size_t i = 0; i < (*names)->count; i++)
		free((*names)->names[i]);
	free(*names);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A name that begins with a dot is a file still being written. */
static bool is_message(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > 5 && !strcmp(name + length - 5, ".json");
}

/* What a hook that was killed in the middle of writing has left. */
static void remove_if_abandoned(int spool_fd, const char *name)
{
	struct stat status;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return;
	if (!fstatat(spool_fd, name, &status, AT_SYMLINK_NOFOLLOW) &&
		time(NULL) - status.st_mtime > ABANDONED_SECONDS)
		unlinkat(spool_fd, name, 0);
}

static int list(int spool_fd, struct names *names)
{
	struct dirent *entry;
	DIR *stream = private_directory_stream(spool_fd);

	if (!stream)
		return -errno;
	while (names->count < SPOOL_REPLAY_FILES_MAX && (entry = readdir(stream))) {
		if (!is_message(entry->d_name)) {
			remove_if_abandoned(spool_fd, entry->d_name);
			continue;
		}
		names->names[names->count] = strdup(entry->d_name);
		if (!names->names[names->count])
			break;
		names->count++;
	}
	closedir(stream);
	qsort(names->names, names->count, sizeof(names->names[0]), compare_names);
	return 0;
}

static int read_message(
	int spool_fd, const char *name, struct hook_message **ret_message, struct error *error)
{
	_cleanup_buf_ struct buf buf = {.limit = HOOK_MESSAGE_MAX + 1};
	_cleanup_close_ int fd = -1;
	int r;

	fd = open_regular(spool_fd, name, geteuid());
	if (fd < 0)
		return error_set(error, fd, "%s", strerror(-fd));
	r = read_fd_limited(fd, HOOK_MESSAGE_MAX, &buf);
	if (r < 0)
		return error_set(error, r, "%s", strerror(-r));
	return hook_message_parse(buf.data, buf.length, ret_message, error);
}

static int replay(struct registration *registration, const char *name, struct error *error)
{
	_cleanup_hook_message_ struct hook_message *message = NULL;
	struct known_container *container;
	_cleanup_close_ int pidfd = -1;
	int r;

	r = read_message(registration->spool_fd, name, &message, error);
	if (r < 0)
		return r;
	if (strcmp(message->boot_id, registration->kept.boot_id))
		return error_set(error, -ESTALE, "of another boot");
	pidfd = process_open(message->state->pid, ticks_to_ns(message->init_start_ticks));
	if (pidfd < 0)
		return error_set(error, -ESTALE, "the container has ended");
	return hook_request_register(registration, message, pidfd, NULL, &container, error);
}

void spool_replay(struct registration *registration)
{
	_cleanup_(names_free_p) struct names *names = calloc(1, sizeof(*names));
	int r;

	r = names ? list(registration->spool_fd, names) : -ENOMEM;
	if (r < 0) {
		log_error("cannot read the spool: %s", strerror(-r));
		return;
	}
	for (size_t i = 0; i < names->count; i++) {
		struct error error = {};

		r = replay(registration, names->names[i], &error);
		if (!r) {
			registration_count(registration, spooled_replayed);
		} else {
			registration_count(registration, spooled_stale);
			if (r != -ESTALE && r != -ESRCH)
				log_warning("spool/%s: %s", names->names[i], error.message);
		}
		if (unlinkat(registration->spool_fd, names->names[i], 0) < 0 && errno == EISDIR)
			unlinkat(registration->spool_fd, names->names[i], AT_REMOVEDIR);
	}
}
