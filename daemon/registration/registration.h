/* SPDX-License-Identifier: Apache-2.0 */
/* The registration thread: hook socket, checks, container map, kept state, spool, scan. It talks
 * to the main thread through one queue, which the main thread empties before each ring record, so
 * that a container is known before the first event that its registration allowed to happen. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/enrich/container.h"
#include "lib/error.h"

enum registration_message_kind {
	REGISTRATION_ADDED, /* container: a new one; comes before the hook is answered */
	REGISTRATION_READY, /* container_id, generation: metadata complete or given up: announce it
			     */
	REGISTRATION_UPDATED, /* container_id, generation, metadata: better metadata than before */
	REGISTRATION_ENDED, /* container_id: the thread found it gone (replay, scan, poststop hint)
			     */
};

struct registration_message {
	struct registration_message *next;
	enum registration_message_kind kind;
	uint64_t container_id, generation;
	struct container *container;	    /* ADDED: the receiver owns it */
	struct container_metadata metadata; /* UPDATED: the receiver owns it */
	bool existing; /* ADDED by state, spool or scan: was running before this daemon */
};
void registration_message_free(struct registration_message *message);

struct registration_counters { /* all since start, for `status` */
	uint64_t accepted, refused, malformed, timeouts, spooled_replayed, spooled_stale, map_full,
		quota_refused, metadata_late, metadata_failed, scanned;
};

struct scope_table;
struct registration_maps {
	int containers_fd;  /* struct container_entry by cgroup id */
	int tasks_fd;	    /* task storage (key: pidfd) or -1: for containers without a cgroup */
	bool tasks_is_hash; /* 5.10: key is the tid */
	struct scope_table *scopes; /* which policies look at a container; NULL: nobody asks */
};

struct registration;

/* Restore state, replay the spool, scan; then listen. All of that before it returns, so that the
 * messages for what runs already stand in the queue first. `listen_fd`: from systemd, or -1. */
int registration_start(const struct config *config, const struct registration_maps *maps,
	int listen_fd, struct registration **ret_registration, struct error *error);
/* Readable while messages wait. */
int registration_fd(const struct registration *registration);
/* Cheap: one atomic load. */
bool registration_pending(const struct registration *registration);
/* The oldest message or NULL; the caller frees it. Main thread only. */
struct registration_message *registration_take(struct registration *registration);
/* Main thread: this container has ended: remove its map entry (if the generation still is this one)
 * and its kept state. Does not block. */
void registration_forget(struct registration *registration, uint64_t container_id,
	uint64_t generation, const char *id);
/* Main thread: a container-shaped cgroup runs without registration: try to find out what it is
 * (conmon's command line, storage) and register it with source "scan". Does not block. */
void registration_discover(
	struct registration *registration, uint64_t cgroup_id, const char *cgroup_path);
void registration_counters_get(
	const struct registration *registration, struct registration_counters *ret);
/* Stop the thread, keep state on disk. Accepts NULL. */
struct registration *registration_stop(struct registration *registration);
