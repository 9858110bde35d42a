/* SPDX-License-Identifier: Apache-2.0 */
/* podman's own state in db.sql: the default since 4.8, the only one since 6. It has everything, and
 * a container's row stands in it before the hook runs. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"
#include "oci/metadata.h"

#define PODMAN_DATABASE_NAME "db.sql"

/* Add what the database below graph_root says of `id` to `metadata`; fields that have a value keep
 * it. 0: found, source noted. -ENOENT: no such file or container. -EBUSY: a writer has locked it,
 * or a crashed one left it to be rolled back. -ETIMEDOUT, -EPERM (another's file), -EINVAL (not
 * podman's database) … with `error` set. */
int podman_database_read(const char *graph_root, uid_t owner, const char *id, uint64_t deadline_ns,
	struct container_metadata *metadata, struct error *error);
