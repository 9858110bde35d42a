/* SPDX-License-Identifier: Apache-2.0 */
/* The containers, as the main thread knows them. A container that ended stays for some seconds, so
 * that late events still find it, and as long as a kept process refers to it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/enrich/container.h"

struct registry;

struct registry *registry_new(void);
struct registry *registry_free(struct registry *registry);

struct container *container_ref(struct container *container);
void container_unref(struct container *container); /* accepts NULL */

/* Takes over `container`. One with the same cgroup id is replaced if the generation differs, and
 * handed out in *ret_replaced (untouched otherwise; NULL: let go) with its reference, for its stop
 * event. -EEXIST (freed): the same registration again. */
int registry_add(
	struct registry *registry, struct container *container, struct container **ret_replaced);
/* By the id in records. `generation` 0: any. Ended ones are found while they are kept. */
struct container *registry_find(struct registry *registry, uint64_t cgroup_id, uint64_t generation);
/* By container id (whole, or an unambiguous prefix of at least 12) or name. */
struct container *registry_find_name(struct registry *registry, const char *name);
/* Better metadata: takes over what `metadata` holds. */
void registry_update(struct registry *registry, struct container *container,
	struct container_metadata *metadata);
void registry_end(struct registry *registry, struct container *container, uint64_t now_boottime_ns);
/* Forget ended ones that are older than `keep_ns`. */
void registry_expire(struct registry *registry, uint64_t now_boottime_ns, uint64_t keep_ns);
size_t registry_count(const struct registry *registry);
void registry_visit(struct registry *registry,
	void (*visit)(void *data, struct container *container), void *data);
/* The same in pieces: *cursor is 0 at first; returns 1 while there is more, 0 at the end. `visit`
 * returns false to stop after this one. */
int registry_visit_some(struct registry *registry, uint64_t *cursor,
	bool (*visit)(void *data, struct container *container), void *data);
