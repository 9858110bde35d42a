/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/verify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/registration/cgroup_processes.h"
#include "daemon/registration/container_map.h"
#include "daemon/registration/user_namespace.h"
#include "lib/cgroup_fs.h"

#define KTHREADD_PID 2

/* Start time and pid make a number that is the same after a restart of the daemon. */
#define NO_CGROUP_PID_BITS 22 /* PID_MAX_LIMIT */

static bool is_within(const char *path, const char *component, size_t length)
{
	return !strncmp(path, component, length) && (!path[length] || path[length] == '/');
}

int verify_cgroup_path(const char *cgroup_path, const char *id, const char *peer_path,
	size_t *ret_length, enum cgroup_engine *ret_engine, struct error *error)
{
	struct cgroup_container found = {.engine = CGROUP_ENGINE_NONE};
	bool is_container = cgroup_path_container(cgroup_path, &found);
	size_t length = cgroup_path_find_id(cgroup_path, id);

	/* With --cgroups=disabled a container may stay in its monitor's scope. */
	if (is_container && found.engine == CGROUP_ENGINE_CONMON) {
		*ret_length = 0;
		*ret_engine = CGROUP_ENGINE_NONE;
		return 0;
	}
	if (is_container && strcmp(found.id, id) && (!length || found.component_end <= length))
		return error_set(
			error, -EPERM, "the process is in the cgroup of container %s", found.id);
	/* An id like "user" is a word of /user.slice too. A container's own cgroup does not hold
	 * whoever creates it. */
	if (length && *peer_path && is_within(peer_path, cgroup_path, length))
		length = 0;
	*ret_length = length;
	*ret_engine = length && is_container ? found.engine : CGROUP_ENGINE_NONE;
	return 0;
}

static int check_process(pid_t pid, pid_t claimed_pid, const struct peer *peer, struct error *error)
{
	struct proc_status status;
	int r;

	if (pid != claimed_pid)
		return error_set(error, -EPERM, "the state says process %d, the descriptor %d",
			(int)claimed_pid, (int)pid);
	if (pid <= 1)
		return error_set(error, -EPERM, "process %d is the host's init", (int)pid);
	if (pid == getpid() || (peer && pid == peer->pid))
		return error_set(error, -EPERM, "process %d asks for itself", (int)pid);
	r = proc_read_status(pid, &status);
	if (r < 0)
		return error_set(
			error, r == -ENOENT ? -ESRCH : r, "process %d: %s", (int)pid, strerror(-r));
	if (pid == KTHREADD_PID || status.ppid == KTHREADD_PID)
		return error_set(error, -EPERM, "process %d is a kernel thread", (int)pid);
	return 0;
}

/* Another user may only bring a process of his own. */
static int check_user(const struct verify_environment *environment,
	const struct verified_init *init, const struct peer *peer, struct error *error)
{
	struct uid_map map;
	uid_t owner;
	int r;

	r = uid_map_read(init->pid, &map);
	if (r < 0)
		return error_set(error, r, "cannot read uid_map of process %d: %s", (int)init->pid,
			strerror(-r));
	if (map.initial)
		return error_set(error, -EPERM, "process %d is in no user namespace of uid %u",
			(int)init->pid, (unsigned)peer->uid);
	r = user_namespace_owner(init->pid, &owner);
	if (!r && owner != peer->uid)
		return error_set(error, -EPERM,
			"the user namespace of process %d belongs to uid %u", (int)init->pid,
			(unsigned)owner);
	/* Not allowed to ask the kernel: its ids must be such as the peer himself was given. */
	if (r < 0 && !uid_map_contains(&map, peer->uid) &&
		(peer->uid_map.initial || !uid_map_is_within(&map, &peer->uid_map)))
		return error_set(error, -EPERM, "the ids of process %d are not those of uid %u",
			(int)init->pid, (unsigned)peer->uid);
	if (!init->has_cgroup)
		return 0;
	/* Not the cgroup's own owner: runtimes give that to root of the container. */
	r = cgroup_parent_owner(environment->mount_point, init->cgroup_path, &owner);
	if (r < 0)
		return error_set(error, r, "%s: %s", init->cgroup_path, strerror(-r));
	if (owner != peer->uid)
		return error_set(error, -EPERM, "cgroup %s was made by uid %u", init->cgroup_path,
			(unsigned)owner);
	return 0;
}

static int find_cgroup(const struct verify_environment *environment, const char *id,
	const struct peer *peer, struct verified_init *init, struct error *error)
{
	char path[PROC_CGROUP_MAX];
	size_t length = 0;
	int r;

	r = proc_cgroup_path(init->pid, path, sizeof(path));
	if (r == -ENODATA || !*environment->mount_point)
		return 0; /* no cgroup v2 on this host: by descent */
	if (r < 0)
		return error_set(error, r == -ENOENT ? -ESRCH : r,
			"cannot read the cgroup of process %d: %s", (int)init->pid, strerror(-r));
	init->known = known_ancestor(environment->known, environment->mount_point, path);
	if (init->known && strcmp(init->known->record->id, id))
		return error_set(
			error, -EPERM, "the process is in container %s", init->known->record->id);
	r = verify_cgroup_path(
		path, id, peer ? peer->cgroup_path : "", &length, &init->engine, error);
	if (r < 0 || !length)
		return r;
	memcpy(init->cgroup_path, path, length);
	init->cgroup_path[length] = '\0';
	r = cgroup_id_of_path(environment->mount_point, init->cgroup_path, &init->container_id);
	if (r < 0)
		return error_set(error, r, "cgroup %s: %s", init->cgroup_path, strerror(-r));
	init->has_cgroup = true;
	return 0;
}

/* Descent tells more than the cgroup: a process may have moved itself out of its container's. */
static int check_descent(const struct verify_environment *environment, const char *id, int pidfd,
	struct verified_init *init, struct error *error)
{
	struct known_container *container;
	struct task_container task;

	if (task_map_get(environment->maps, pidfd, init->pid, &task) < 0 || !task.container_id)
		return 0;
	container = known_get(environment->known, task.container_id);
	if (!container || container->record->generation != task.generation)
		return 0;
	if (strcmp(container->record->id, id))
		return error_set(error, -EPERM, "the process descends from container %s",
			container->record->id);
	return 0;
}

int verify_init(const struct verify_environment *environment, const char *id, pid_t claimed_pid,
	int pidfd, const struct peer *peer, struct verified_init *ret_init, struct error *error)
{
	struct verified_init *init = ret_init;
	int r;

	memset(init, 0, sizeof(*init));
	r = pidfd_pid(pidfd, &init->pid);
	if (r == -ESRCH)
		return error_set(error, r, "the process has ended");
	if (r < 0)
		return error_set(error, -EBADF, "the descriptor is no pidfd");
	r = check_process(init->pid, claimed_pid, peer, error);
	if (r < 0)
		return r;
	r = proc_start_ticks(init->pid, &init->start_ticks);
	if (r < 0)
		return error_set(error, -ESRCH, "process %d has ended", (int)init->pid);
	r = find_cgroup(environment, id, peer, init, error);
	if (r < 0)
		return r;
	r = check_descent(environment, id, pidfd, init, error);
	if (r < 0)
		return r;
	if (!init->has_cgroup) {
		init->container_id = CONTAINER_ID_NO_CGROUP |
				     init->start_ticks << NO_CGROUP_PID_BITS | (uint64_t)init->pid;
		init->known = known_get(environment->known, init->container_id);
	}
	if (peer && !peer->full_trust) {
		r = check_user(environment, init, peer, error);
		if (r < 0)
			return r;
	}
	if (proc_login(init->pid, &init->auid, &init->session) < 0)
		init->auid = init->session = UINT32_MAX; /* a kernel without audit */
	/* All was read by number: it is of this process only if that still runs. */
	if (!pidfd_alive(pidfd))
		return error_set(error, -ESRCH, "process %d has ended", (int)init->pid);
	return 0;
}
