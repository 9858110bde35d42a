/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine says of a container: name, image, labels, pod. Plain data, each string on the
 * heap. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/cleanup.h"

#define METADATA_NAME_MAX   1024       /* bytes; longer strings are refused and counted */
#define METADATA_LABELS_MAX 256	       /* labels per container; more are left out */
#define METADATA_LABEL_MAX  4096       /* bytes of one key or value */
#define METADATA_TOTAL_MAX  (64 << 10) /* bytes of all strings of one container: */
/* the container's labels, the pod's labels, and ten names */
#define METADATA_LABELS_BYTES ((METADATA_TOTAL_MAX - 10 * METADATA_NAME_MAX) / 2)

enum labels_source {		/* where the metadata came from, best first; JSON "labels_source" */
	LABELS_SOURCE_NONE,	/* "none": nothing found */
	LABELS_SOURCE_DATABASE, /* "database": podman's db.sql or bolt_state.db */
	LABELS_SOURCE_EVENT,	/* "event": podman's create event in events.log */
	LABELS_SOURCE_JOURNAL,	/* "journal": the same in the journal */
	LABELS_SOURCE_ANNOTATION, /* "annotation": CRI-O, or a runtime's own annotations */
	LABELS_SOURCE_STORAGE,	  /* "storage": containers.json, no labels in there */
	LABELS_SOURCE_CONMON,	  /* "conmon": only the name, from conmon's command line */
	LABELS_SOURCE_MAX,
};
const char *labels_source_name(enum labels_source source);

struct label {
	char *key, *value;
};

struct container_metadata {
	char *name;
	char *image_name, *image_id, *image_digest;
	struct label *labels; /* sorted by key */
	size_t label_count;
	char *pod_id, *pod_name;
	struct label *pod_labels; /* sorted by key */
	size_t pod_label_count;
	/* CRI-O only: Kubernetes' pod */
	char *pod_namespace, *pod_uid, *pod_container; /* container's name in the pod */
	char *runtime; /* engine: "podman", "cri-o", "buildah", "runc" … */
	enum labels_source source;
	bool truncated; /* something was left out because of a limit above */
};

void container_metadata_done(struct container_metadata *metadata);
#define _cleanup_metadata_ _cleanup_(container_metadata_done)
/* -ENOMEM. */
int container_metadata_copy(
	const struct container_metadata *metadata, struct container_metadata *ret_copy);
void labels_free(struct label *labels, size_t count);
/* Give `field`, a string of this metadata, a copy of `value`, unless it has a value already (the
 * best source comes first) or `value` is NULL or empty. A value over METADATA_NAME_MAX is left out
 * and sets `truncated`. 0 or -ENOMEM. */
int container_metadata_set(struct container_metadata *metadata, char **field, const char *value);
/* A key that is there already keeps its value. 0, -ENOMEM, or -E2BIG (left out: the caller sets
 * `truncated`). */
int container_metadata_add_label(
	struct label **labels, size_t *count, const char *key, const char *value);
/* Note that `source` gave something; the best of all stays. */
void container_metadata_add_source(struct container_metadata *metadata, enum labels_source source);
void container_metadata_sort(struct container_metadata *metadata);
