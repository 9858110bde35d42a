/* SPDX-License-Identifier: Apache-2.0 */
/* The registration thread's own list of living containers. The main thread has its own records;
 * these two never share memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/enrich/container.h"
#include "lib/cgroup_path.h"

struct known_container {
	struct container
		*record; /* what was told to the main thread; its metadata stays empty here */
	enum cgroup_engine engine;
	uid_t owner;	     /* 0, or the user whose container it is */
	bool ready;	     /* READY went out */
	bool metadata_found; /* with labels, or a proof that there are none */
	UT_hash_handle hh;
};

struct known_containers {
	struct known_container *by_container_id;
};

/* Takes `record` over, also on failure (-ENOMEM). */
int known_add(struct known_containers *known, struct container *record,
	struct known_container **ret_container);
void known_remove(struct known_containers *known, struct known_container *container);
void known_done(struct known_containers *known);
struct known_container *known_get(const struct known_containers *known, uint64_t container_id);
/* The next one with this id after `previous` (NULL: the first), or NULL. Engines and users give ids
 * independently of each other: there can be several. */
struct known_container *known_find_id(
	const struct known_containers *known, const char *id, struct known_container *previous);
size_t known_count_owner(const struct known_containers *known, uid_t owner);
/* The outermost known container that has `cgroup_path` below it or is it; NULL: none. By inode, so
 * that a directory's name proves nothing. */
struct known_container *known_ancestor(
	const struct known_containers *known, const char *mount_point, const char *cgroup_path);
