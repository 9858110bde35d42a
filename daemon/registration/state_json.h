/* SPDX-License-Identifier: Apache-2.0 */
/* A container as the JSON of its file in RUNTIME_DIR/containers. */
#pragma once

#include <stddef.h>

#include "daemon/enrich/container.h"
#include "lib/buf.h"
#include "lib/error.h"
#include "oci/metadata.h"

/* `container` with `metadata` in the place of its own. */
void state_json_write(struct buf *buf, const char *boot_id, const struct container *container,
	const struct container_metadata *metadata);
/* -ESTALE: written under another boot id. -EINVAL: not what state_json_write() writes. */
int state_json_parse(const char *text, size_t length, const char *boot_id,
	struct container **ret_container, struct error *error);
