/* SPDX-License-Identifier: Apache-2.0 */
/* podman's events file (events_logger=file): one JSON object per line, appended. Each event of a
 * container carries its labels, so that with podman 4 this is where they are. Gone after a reboot,
 * and shortened by podman when it grows. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"
#include "oci/metadata.h"

#define PODMAN_EVENTS_NAME	 "events.log"
#define PODMAN_EVENTS_SEARCH_MAX (32 << 20)  /* bytes from the end that are searched */
#define PODMAN_EVENT_LINE_MAX	 (256 << 10) /* a longer line is skipped */

/* Add what the newest event of container `id` in DIRECTORY/name says to `metadata`; fields that
 * have a value keep it. The name of its pod is in the pod's own event, which may be older than the
 * file. 0: found, source noted. -ENOENT: no such file, or no event in it. -ETIMEDOUT, -EPERM … with
 * `error` set. */
int podman_events_read(const char *directory, const char *name, uid_t owner, const char *id,
	uint64_t deadline_ns, struct container_metadata *metadata, struct error *error);

/* One line: 1 if it is an event that tells about container `id`, and then `metadata` has what it
 * says; 0 if it is something else; -ENOMEM. */
int podman_event_line(
	const char *line, size_t length, const char *id, struct container_metadata *metadata);
/* One line: 1 if it names the pod `id`, in *ret_name (which the caller frees). */
int podman_event_pod_line(const char *line, size_t length, const char *id, char **ret_name);
