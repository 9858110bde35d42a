/* SPDX-License-Identifier: Apache-2.0 */
/* Living containers as files in RUNTIME_DIR/containers, one each, so that a daemon that starts
 * again knows what runs. The directory is on a tmpfs; the boot id guards against one that is not.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/enrich/container.h"
#include "lib/error.h"
#include "oci/metadata.h"

#define KEPT_STATE_BYTES_MAX (512u << 10) /* of one file; a larger one is passed over */
#define KEPT_STATE_FILES_MAX 8192	  /* CONTAINERS_MAX; more are passed over */

struct kept_state {
	int directory_fd;
	char boot_id[33];
};

/* `directory` is made if it is missing; it must be root's or the daemon's own, and closed to
 * others. */
int kept_state_open(const char *directory, struct kept_state *ret_state, struct error *error);
void kept_state_close(struct kept_state *state);

int kept_state_write(const struct kept_state *state, const struct container *container,
	const struct container_metadata *metadata);
void kept_state_remove(const struct kept_state *state, uint64_t container_id);
/* Call `restore` for each file of this boot; it takes the container (with metadata) over. Files of
 * another boot and such that cannot be read are removed. */
int kept_state_read_all(const struct kept_state *state,
	void (*restore)(void *data, struct container *container), void *data, struct error *error);
