/* SPDX-License-Identifier: Apache-2.0 */
/* podman's state in bolt_state.db: the default before podman 4.8, kept until the store is made
 * anew, and gone in 6. Like db.sql it has everything before the hook runs, and unlike the events it
 * still has it when a container is started again after a reboot. */
#pragma once

#include <sys/types.h>

#include "lib/error.h"
#include "oci/metadata.h"

#define PODMAN_BOLT_NAME "bolt_state.db" /* in GRAPHROOT/libpod */

/* As podman_database_read(). -EAGAIN: podman was writing all the time. */
int podman_bolt_read(const char *graph_root, uid_t owner, const char *id,
	struct container_metadata *metadata, struct error *error);
