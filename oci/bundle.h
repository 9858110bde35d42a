/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI bundle's config.json, and what a container that no engine manages says of itself in it. */
#pragma once

#include <sys/types.h>

#include "lib/error.h"
#include "lib/json.h"
#include "oci/metadata.h"

#define BUNDLE_CONFIG_MAX (4 << 20) /* bytes of config.json */

/* Parse BUNDLE/config.json, which must belong to `owner` or root. */
int bundle_read_config(
	const char *bundle, uid_t owner, struct json_document **ret_document, struct error *error);
/* A plain runtime's annotations: they are the labels, the id is the name, and the keys that image
 * tools and containerd's CRI plugin define fill image and pod. Fields that have a value keep it. 0
 * (source noted) or -ENOMEM. */
int bundle_use_annotations(
	const struct json_value *annotations, const char *id, struct container_metadata *metadata);
