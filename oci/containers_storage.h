/* SPDX-License-Identifier: Apache-2.0 */
/* containers/storage, the library under podman, CRI-O and buildah: JSON lists of containers and
 * images below the graph root. They are replaced by rename, so that reading needs no lock. No
 * labels in there, but names and the image's digest. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"
#include "oci/metadata.h"

#define CONTAINERS_STORAGE_LIST_MAX (8 << 20) /* bytes of one list */

/* Add the name and image of container `id` from containers.json or volatile-containers.json
 * (containers made with --rm; CRI-O's) below `root`, a graph root or run root. 0: found, source set
 * unless it is set. -ENOENT: not there. Other negative errno with `error` set. */
int containers_storage_read_container(const char *root, const char *driver, uid_t owner,
	const char *id, struct container_metadata *metadata, struct error *error);
/* Add the digest of the image metadata->image_id, and its name if there is none yet, from
 * images.json below graph_root. */
int containers_storage_read_image(const char *graph_root, const char *driver, uid_t owner,
	struct container_metadata *metadata, struct error *error);
