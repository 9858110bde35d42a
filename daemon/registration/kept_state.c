/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/kept_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/registration/private_directory.h"
#include "daemon/registration/state_json.h"
#include "lib/fd.h"
#include "lib/proc.h"
#include "lib/util.h"

#define FILE_NAME_MAX 32

int kept_state_open(const char *directory, struct kept_state *ret_state, struct error *error)
{
	int fd, r;

	r = boot_id(ret_state->boot_id);
	if (r < 0)
		return error_set(error, r, "cannot read the boot id: %s", strerror(-r));
	fd = private_directory_open(directory, error);
	if (fd < 0)
		return fd;
	ret_state->directory_fd = fd;
	return 0;
}

void kept_state_close(struct kept_state *state)
{
	if (state->directory_fd >= 0)
		close(state->directory_fd);
	state->directory_fd = -1;
}

static void file_name(uint64_t container_id, char name[FILE_NAME_MAX])
{
	snprintf(name, FILE_NAME_MAX, "%" PRIu64 ".json", container_id);
}

int kept_state_write(const struct kept_state *state, const struct container *container,
	const struct container_metadata *metadata)
{
	_cleanup_buf_ struct buf buf = {.limit = KEPT_STATE_BYTES_MAX};
	char name[FILE_NAME_MAX];

	state_json_write(&buf, state->boot_id, container, metadata);
	if (buf.failed)
		return -ENOMEM;
	file_name(container->cgroup_id, name);
	return write_file_atomic(state->directory_fd, name, buf.data, buf.length, 0600);
}

void kept_state_remove(const struct kept_state *state, uint64_t container_id)
{
	char name[FILE_NAME_MAX];

	file_name(container_id, name);
	unlinkat(state->directory_fd, name, 0);
}

static int read_file(const struct kept_state *state, const char *name,
	struct container **ret_container, struct error *error)
{
	_cleanup_buf_ struct buf buf = {.limit = KEPT_STATE_BYTES_MAX + 1};
	_cleanup_close_ int fd = -1;
	int r;

	fd = open_regular(state->directory_fd, name, geteuid());
	if (fd < 0)
		return error_set(error, fd, "%s", strerror(-fd));
	r = read_fd_limited(fd, KEPT_STATE_BYTES_MAX, &buf);
	if (r < 0)
		return error_set(error, r, "%s", strerror(-r));
	return state_json_parse(buf.data, buf.length, state->boot_id, ret_container, error);
}

int kept_state_read_all(const struct kept_state *state,
	void (*restore)(void *data, struct container *container), void *data, struct error *error)
{
	size_t files = 0;
	struct dirent *entry;
	DIR *stream;

	stream = private_directory_stream(state->directory_fd);
	if (!stream)
		return error_set(
			error, -errno, "cannot read the kept containers: %s", strerror(errno));
	while ((entry = readdir(stream)) && files < KEPT_STATE_FILES_MAX) {
		struct container *container;
		struct error file_error = {};
		int r;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		files++;
		r = read_file(state, entry->d_name, &container, &file_error);
		if (!r) {
			restore(data, container);
			continue;
		}
		if (r != -ESTALE)
			log_warning(
				"containers/%s is removed: %s", entry->d_name, file_error.message);
		unlinkat(state->directory_fd, entry->d_name, 0);
	}
	closedir(stream);
	return 0;
}
