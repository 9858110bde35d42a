/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "bpf/include/limits.h"
#include "daemon/log.h"
#include "daemon/registration/cgroup_processes.h"
#include "daemon/registration/found_container.h"
#include "lib/cleanup.h"
#include "lib/cgroup_fs.h"
#include "lib/proc.h"

struct scan {
	struct registration *registration;
	struct conmon_table conmons;
	char path[PROC_CGROUP_MAX]; /* of the directory being looked at, below the mount point */
	size_t looked_at;
};

static bool is_wanted(const struct registration *registration, enum cgroup_engine engine)
{
	switch (engine) {
	case CGROUP_ENGINE_PODMAN:
	case CGROUP_ENGINE_CRIO:
	case CGROUP_ENGINE_BUILDAH:
	case CGROUP_ENGINE_CONTAINERD:
		return true;
	case CGROUP_ENGINE_DOCKER:
	case CGROUP_ENGINE_NERDCTL:
	case CGROUP_ENGINE_LXC:
		return registration->config->unregistered_docker;
	default:
		return false;
	}
}

/* `path` ends with the component that names the container. */
static void register_cgroup(struct registration *registration, const char *path,
	const struct cgroup_container *shape, struct conmon_table *conmons)
{
	struct found_container found = {
		.id = shape->id,
		.cgroup_path = path,
		.source = CONTAINER_SOURCE_SCAN,
	};
	const struct conmon_process *conmon;
	struct error error = {};
	uint64_t cgroup_id;
	int r;

	if (!is_wanted(registration, shape->engine) ||
		cgroup_id_of_path(registration->mount_point, path, &cgroup_id) < 0 ||
		known_get(&registration->known, cgroup_id) ||
		!cgroup_is_populated(registration->mount_point, path))
		return;
	/* A user's own subtree is his to name cgroups in. */
	if (cgroup_parent_owner(registration->mount_point, path, &found.owner) < 0)
		return;
	r = conmon_table_fill(conmons);
	if (r < 0)
		log_warning("cannot look for conmon in /proc: %s", strerror(-r));
	conmon = conmon_table_find(conmons, shape->id, found.owner);
	if (conmon) {
		found.bundle = conmon->bundle;
		found.conmon = conmon->command;
		found.conmon_length = conmon->command_length;
		found.verified = true;
	} else if (found.owner) {
		return; /* a name that anybody may give to a cgroup of his is no container yet */
	}
	r = found_container_register(registration, &found, &error);
	if (!r)
		registration_count(registration, scanned);
	else if (r != -ESRCH) /* that one ended under our eyes */
		log_warning("container %s in cgroup %s cannot be registered: %s", shape->id, path,
			error.message);
}

static void walk(struct scan *scan, int directory_fd, size_t length, int depth);

static void enter(struct scan *scan, int parent_fd, const char *name, size_t length, int depth)
{
	struct cgroup_container shape;
	size_t name_length = strlen(name);
	int fd;

	if (length + 1 + name_length >= sizeof(scan->path) || scan->looked_at >= SCAN_CGROUPS_MAX)
		return;
	scan->looked_at++;
	scan->path[length] = '/';
	memcpy(scan->path + length + 1, name, name_length + 1);
	length += 1 + name_length;
	if (cgroup_path_container(scan->path, &shape)) {
		/* What is below belongs to it: the outermost is the one that counts. */
		register_cgroup(scan->registration, scan->path, &shape, &scan->conmons);
		return;
	}
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		walk(scan, fd, length, depth + 1);
}

/* Takes `directory_fd` over. */
static void walk(struct scan *scan, int directory_fd, size_t length, int depth)
{
	DIR *stream = fdopendir(directory_fd);
	struct dirent *entry;

	if (!stream) {
		close(directory_fd);
		return;
	}
	while (depth < CGROUP_DEPTH_MAX && (entry = readdir(stream)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			enter(scan, directory_fd, entry->d_name, length, depth);
	closedir(stream);
}

void scan_all(struct registration *registration)
{
	struct scan scan = {.registration = registration};
	int fd;

	if (!*registration->mount_point)
		return;
	fd = open(registration->mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		log_error("cannot read the cgroup tree: %s", strerror(errno));
		return;
	}
	walk(&scan, fd, 0, 0);
	if (scan.looked_at >= SCAN_CGROUPS_MAX)
		log_warning("more than %d cgroups: only these were looked through for containers",
			SCAN_CGROUPS_MAX);
	conmon_table_done(&scan.conmons);
}

void scan_one(struct registration *registration, uint64_t cgroup_id, const char *cgroup_path,
	struct conmon_table *conmons)
{
	struct cgroup_container shape;
	char path[PROC_CGROUP_MAX];

	if (!*registration->mount_point || !cgroup_path_container(cgroup_path, &shape) ||
		shape.component_end >= sizeof(path))
		return;
	memcpy(path, cgroup_path, shape.component_end);
	path[shape.component_end] = '\0';
	register_cgroup(registration, path, &shape, conmons);
}
