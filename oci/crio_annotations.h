/* SPDX-License-Identifier: Apache-2.0 */
/* CRI-O writes all it knows of a container into annotations, those of the pod into the sandbox
 * container's. It adds its io.kubernetes.cri-o.* keys last, so that they cannot be overwritten by
 * what a pod's author asked for; the flat io.kubernetes.pod.* keys are labels, which can. */
#pragma once

#include <stdbool.h>

#include "lib/error.h"
#include "lib/json.h"
#include "oci/metadata.h"

#define CRIO_PREFIX "io.kubernetes.cri-o."

/* Whether these annotations say they are CRI-O's. */
bool crio_annotations_match(const struct json_value *annotations);
/* The sandbox's id, or NULL; its bundle is the sibling of the container's. */
const char *crio_sandbox_id(const struct json_value *annotations);
/* Add what a container's (or sandbox's own) annotations say to `metadata`; fields that have a value
 * keep it. 0 (source noted) or -ENOMEM. */
int crio_annotations_read(
	const struct json_value *annotations, struct container_metadata *metadata);
/* Add pod name, namespace, uid and labels from the sandbox's annotations. To be called before
 * crio_annotations_read(), which only infers the pod from names. 0 or -ENOMEM. */
int crio_sandbox_annotations_read(
	const struct json_value *annotations, struct container_metadata *metadata);
/* The graph root and storage driver, out of the path the root file system is mounted at
 * (MountPoint is GRAPHROOT/<driver>/LAYER/merged). -EINVAL when it says nothing of that form. */
int crio_graph_root(const struct json_value *annotations, char **ret_graph_root, char **ret_driver);
