/* SPDX-License-Identifier: Apache-2.0 */
/* The state a runtime hands to a hook (runtime-spec, runtime.md "State"). Hostile input: the
 * annotations are the container author's, and anybody may call the hook by hand. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/cgroup_path.h"
#include "lib/cleanup.h"
#include "lib/error.h"
#include "lib/json.h"

#define OCI_STATE_BYTES_MAX	  (4u << 20) /* of JSON on the hook's stdin; more is refused */
#define OCI_STATE_DEPTH_MAX	  8
#define OCI_STATE_ANNOTATIONS_MAX 4096 /* more are refused */
#define OCI_STATE_PATH_MAX	  4096

enum oci_status {
	OCI_STATUS_CREATING,
	OCI_STATUS_CREATED,
	OCI_STATUS_RUNNING,
	OCI_STATUS_STOPPED
};
const char *oci_status_name(enum oci_status status);

struct oci_annotation {
	char *key, *value;
};

struct oci_state {
	char id[CONTAINER_ID_MAX];
	enum oci_status status;
	pid_t pid;     /* 0: none. 1 or 0 in hooks that run inside the container's namespaces */
	char *version; /* ociVersion */
	char *bundle;  /* absolute path */
	struct oci_annotation *annotations; /* sorted by key */
	size_t annotation_count;
};

/* 1 to CONTAINER_ID_MAX - 1 of [A-Za-z0-9_.+-], not "." or "..": what runc accepts. */
bool oci_id_valid(const char *id);

/* Checks every type and range; keys that are not of the specification are passed over. */
int oci_state_parse(
	const char *text, size_t length, struct oci_state **ret_state, struct error *error);
/* The same from a value inside a larger document. */
int oci_state_from_json(
	const struct json_value *value, struct oci_state **ret_state, struct error *error);
struct oci_state *oci_state_free(struct oci_state *state);
static inline void oci_state_free_p(struct oci_state **state)
{
	oci_state_free(*state);
}
#define _cleanup_oci_state_ _cleanup_(oci_state_free_p)

/* NULL when there is no such annotation. */
const char *oci_state_annotation(const struct oci_state *state, const char *key);
