/* SPDX-License-Identifier: Apache-2.0 */
/* From parsed JSON into struct container_metadata. Values of the wrong type are left out. */
#pragma once

#include "lib/json.h"
#include "oci/metadata.h"

/* Add each string member of `object` as a label; anything else in it, and what is over a limit,
 * sets *truncated. 0 or -ENOMEM. */
int container_metadata_add_json_labels(
	struct label **labels, size_t *count, const struct json_value *object, bool *truncated);
/* The same for an object that is itself the text of a JSON string. -EINVAL if it is none. */
int container_metadata_add_text_labels(
	struct label **labels, size_t *count, const char *text, size_t length, bool *truncated);

/* The text `value` holds, if it is a string. See container_metadata_set(). */
int container_metadata_set_json(
	struct container_metadata *metadata, char **field, const struct json_value *value);

/* podman's container config (db.sql, bolt_state.db): labels, image. */
int container_metadata_from_podman_config(
	struct container_metadata *metadata, const char *text, size_t length, struct error *error);
/* podman's config of the pod that the container is in: its name and labels. */
int container_metadata_from_podman_pod(
	struct container_metadata *metadata, const char *text, size_t length);
