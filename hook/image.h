/* SPDX-License-Identifier: Apache-2.0 */
/* The image of a container for the rules of hook.conf. podman's state does not name it: it stands
 * in the storage's containers.json, which is read only when there is a rule about images. */
#pragma once

#include <stdbool.h>

#include "lib/json.h"
#include "oci/state.h"

#define STORAGE_BYTES_MAX (16u << 20) /* of containers.json */

/* Whether one of the names the container's image is known by begins with `prefix`; true as well
 * when the engine ought to know an image and its files cannot be read. */
bool image_has_prefix(const struct oci_state *state, const char *prefix);
/* The same for one containers.json: 1 found, 0 found with another image, -ENOENT not in there. */
int storage_image_has_prefix(
	const struct json_value *containers, const char *id, const char *prefix);
