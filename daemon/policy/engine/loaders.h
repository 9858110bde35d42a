/* SPDX-License-Identifier: Apache-2.0 */
/* Policies with `loader: true`: they have no program, and see what is mapped for running. Added by
 * the policy thread, asked by the main thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bpf/include/policy.h"
#include "daemon/source/mappings.h"
#include "lib/error.h"

#define LOADERS_MAX 64 /* of all policies; one more is refused */

struct loaders;

struct loaders *loaders_new(void);
struct loaders *loaders_free(struct loaders *loaders);
/* `scopes_fd`: the map of containers' scopes; `scope` is a bit of it, or -1. The first one opens
 * the rings, the last one closes them. */
int loaders_add(
	struct loaders *loaders, uint32_t hook_id, int scope, int scopes_fd, struct error *error);
void loaders_remove(struct loaders *loaders, uint32_t hook_id);
void loaders_counters_add(struct loaders *loaders, uint32_t hook_id, struct hook_counters *ret);

struct mappings *loaders_mappings(struct loaders *loaders);
/* The hooks that look at this container (0: the host): how many. Each is counted as a hit. */
size_t loaders_in_scope(
	struct loaders *loaders, uint64_t container_id, uint32_t ret_hook_ids[LOADERS_MAX]);
