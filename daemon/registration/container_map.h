/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel side's maps of containers, as the registration thread writes them. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "bpf/include/event.h"
#include "daemon/registration/registration.h"

/* Ids of containers without a cgroup of their own; a cgroup id never has this bit. */
#define CONTAINER_ID_NO_CGROUP (1ULL << 63)

/* -ENOSPC when the map is full. */
int container_map_add(const struct registration_maps *maps, uint64_t container_id,
	uint64_t generation, pid_t init_pid);
/* Only if the entry is of this generation. Its scopes go too. */
void container_map_remove(
	const struct registration_maps *maps, uint64_t container_id, uint64_t generation);
/* Which policies look at it. `metadata` is NULL until its engine has been asked. A failure is
 * logged: the container runs, and policies that choose containers may not see it. */
void container_map_set_scopes(const struct registration_maps *maps, const struct container *record,
	const struct container_metadata *metadata);

/* Attribute the process of `pidfd`, and what it will fork, to the container. -ENOTSUP without such
 * a map. */
int task_map_add(const struct registration_maps *maps, int pidfd, pid_t pid, uint64_t container_id,
	uint64_t generation);
/* The container the process belongs to by descent: -ENOENT when to none, -ENOTSUP. */
int task_map_get(
	const struct registration_maps *maps, int pidfd, pid_t pid, struct task_container *ret);
