/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of the hook socket, and how far to believe it. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/registration/known.h"
#include "daemon/registration/registration.h"
#include "daemon/registration/user_namespace.h"
#include "lib/error.h"
#include "lib/proc.h"

struct peer {
	pid_t pid;
	uid_t uid;
	bool full_trust; /* root of the host, outside of every container */
	struct uid_map uid_map;
	char cgroup_path[PROC_CGROUP_MAX]; /* "" where there is no cgroup v2 */
};

/* Examine the peer of a connected socket. -EPERM: not to be believed at all (a container's process,
 * root of another user namespace); -ESRCH: it has ended, so nothing can be said about it. */
int peer_examine(int socket_fd, const struct known_containers *known,
	const struct registration_maps *maps, const char *mount_point, struct peer *ret_peer,
	struct error *error);
/* uid of the peer alone, for limits; (uid_t)-1 when it cannot be told. */
uid_t peer_uid(int socket_fd);
