/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/registration/container_map.h"
#include "lib/cleanup.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

uid_t peer_uid(int socket_fd)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return (uid_t)-1;
	return credentials.uid;
}

/* Since 6.5 the socket itself holds on to its peer. Before, the number could be another's by now;
 * the hook is waiting for its answer, so one that has ended is refused anyway. */
static int peer_pidfd(int socket_fd, pid_t pid)
{
	int pidfd;
	socklen_t size = sizeof(pidfd);

	if (!getsockopt(socket_fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size))
		return pidfd;
	if (errno != ENOPROTOOPT)
		return -errno;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return pidfd < 0 ? -errno : pidfd;
}

/* Root in a container may have had the socket mounted into it. Its cgroup says so, and its descent
 * does when it has moved itself out of that. */
static int refuse_container(const struct peer *peer, int pidfd,
	const struct known_containers *known, const struct registration_maps *maps,
	const char *mount_point, struct error *error)
{
	const struct known_container *container;
	struct task_container task;

	container =
		peer->cgroup_path[0] ? known_ancestor(known, mount_point, peer->cgroup_path) : NULL;
	if (container)
		return error_set(error, -EPERM, "process %d is inside container %s", (int)peer->pid,
			container->record->id);
	if (!task_map_get(maps, pidfd, peer->pid, &task) && known_get(known, task.container_id))
		return error_set(
			error, -EPERM, "process %d descends from a container", (int)peer->pid);
	return 0;
}

int peer_examine(int socket_fd, const struct known_containers *known,
	const struct registration_maps *maps, const char *mount_point, struct peer *ret_peer,
	struct error *error)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);
	_cleanup_close_ int pidfd = -1;
	int r;

	if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return error_set(error, -errno, "cannot tell who asks: %s", strerror(errno));
	if (credentials.pid <= 0)
		return error_set(
			error, -EPERM, "the peer is in a pid namespace that is not visible here");
	ret_peer->pid = credentials.pid;
	ret_peer->uid = credentials.uid;
	pidfd = peer_pidfd(socket_fd, credentials.pid);
	if (pidfd < 0)
		return error_set(
			error, pidfd, "process %d: %s", (int)credentials.pid, strerror(-pidfd));
	r = proc_cgroup_path(credentials.pid, ret_peer->cgroup_path, sizeof(ret_peer->cgroup_path));
	if (r == -ENODATA)
		ret_peer->cgroup_path[0] = '\0';
	else if (r < 0)
		return error_set(error, r, "cannot read the cgroup of process %d: %s",
			(int)credentials.pid, strerror(-r));
	r = uid_map_read(credentials.pid, &ret_peer->uid_map);
	if (r < 0)
		return error_set(error, r, "cannot read uid_map of process %d: %s",
			(int)credentials.pid, strerror(-r));
	if (!credentials.uid && !ret_peer->uid_map.initial)
		return error_set(error, -EPERM, "process %d is root of a user namespace of its own",
			(int)credentials.pid);
	r = refuse_container(ret_peer, pidfd, known, maps, mount_point, error);
	if (r < 0)
		return r;
	/* Everything above was read by number. */
	if (!pidfd_alive(pidfd))
		return error_set(error, -ESRCH, "process %d has ended", (int)credentials.pid);
	ret_peer->full_trust = !credentials.uid;
	return 0;
}
