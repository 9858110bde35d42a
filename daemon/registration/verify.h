/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon finds out by itself about the process it was handed, and whether that fits what
 * was claimed of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/registration/known.h"
#include "daemon/registration/peer.h"
#include "daemon/registration/registration.h"
#include "lib/cgroup_path.h"
#include "lib/error.h"
#include "lib/proc.h"

struct verify_environment {
	const struct known_containers *known;
	const struct registration_maps *maps;
	const char *mount_point; /* of cgroup v2; "" when there is none */
};

struct verified_init {
	pid_t pid;
	uint64_t start_ticks;
	uint32_t auid, session;
	bool has_cgroup;
	char cgroup_path[PROC_CGROUP_MAX]; /* up to the component with the id; "" without a cgroup
					    */
	uint64_t container_id;
	enum cgroup_engine engine;
	/* Registered already, with the same id: the same init is no new container. */
	struct known_container *known;
};

/* The part of `cgroup_path` that is the container's own: *ret_length bytes of it, 0 when the
 * container has none and can only be known by descent. -EPERM when the process is in another
 * container's cgroup. `peer_path`: the hook's own cgroup or "". */
int verify_cgroup_path(const char *cgroup_path, const char *id, const char *peer_path,
	size_t *ret_length, enum cgroup_engine *ret_engine, struct error *error);

/* `pidfd`: as received. `claimed_pid`: from the state. `peer`: who claims it, NULL for the daemon's
 * own finds, which are trusted as root. -EPERM, -ESRCH (it has ended) or another error with the
 * reason; nothing has been changed then. */
int verify_init(const struct verify_environment *environment, const char *id, pid_t claimed_pid,
	int pidfd, const struct peer *peer, struct verified_init *ret_init, struct error *error);
