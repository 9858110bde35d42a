/* SPDX-License-Identifier: Apache-2.0 */
/* podman's events in the journal (events_logger=journald, the default where systemd runs). An entry
 * arrives a few milliseconds after podman has sent it, so that a hook may look too early. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"
#include "oci/metadata.h"

#define PODMAN_JOURNAL_ENTRIES_MAX                                                                 \
	64 /* entries looked at; more match only if somebody forges them */

/* Add what the newest journal entry about container `id` says to `metadata`; fields that have a
 * value keep it. Only entries that journald itself saw a process of uid `owner` send count, and not
 * from within a container's cgroup: anybody can send PODMAN_ID=. `directory`: journal files to read
 * instead of the system's, or NULL. 0: found, source noted. -EAGAIN: none
 * yet. -ENOENT: there is no journal. -ETIMEDOUT, other negative errno with `error` set. */
int podman_journal_read(const char *directory, uid_t owner, const char *id, uint64_t deadline_ns,
	struct container_metadata *metadata, struct error *error);
