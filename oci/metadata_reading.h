/* SPDX-License-Identifier: Apache-2.0 */
/* What engine_metadata_read() and the readers of each engine share while one container is read. */
#pragma once

#include <stdbool.h>

#include "oci/conmon.h"
#include "oci/engine_metadata.h"

#define METADATA_DEFAULT_DRIVER "overlay" /* of containers/storage, where nothing says another */

struct metadata_reading {
	const struct metadata_request *request;
	const struct json_value *annotations;
	struct conmon_arguments conmon; /* all NULL when it is not this container's */
	struct container_metadata metadata;
	enum metadata_completeness completeness;
	bool pending;	     /* a source that may have the labels in a moment */
	struct error *error; /* the first thing that failed, unless it was only not there */
};

bool metadata_deadline_passed(const struct metadata_reading *reading);
/* A source that failed is passed over (0), but for want of memory. */
int metadata_pass_over(struct metadata_reading *reading, int r, const struct error *failure);
/* Digest (and name) of the image found. `driver` may be NULL. */
int metadata_read_image(
	struct metadata_reading *reading, const char *graph_root, const char *driver);
int metadata_use_conmon_name(struct metadata_reading *reading);

/* One engine each: fill reading->metadata and completeness. 0 or -ENOMEM. */
int metadata_read_podman(struct metadata_reading *reading);
int metadata_read_crio(struct metadata_reading *reading);
