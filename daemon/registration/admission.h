/* SPDX-License-Identifier: Apache-2.0 */
/* Making a verified container known: to the kernel side, to the main thread, on disk. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/registration/registration_internal.h"
#include "oci/state.h"

struct admission {
	const char *id;
	const struct verified_init *init;
	int pidfd;
	enum container_source source;
	uid_t owner;		       /* 0, or the user it is registered for */
	bool verified;		       /* cgroup, process and claimant were all checked */
	bool existing;		       /* it was running before anybody told us */
	const char *bundle;	       /* may be NULL */
	const struct oci_state *state; /* may be NULL */
	const char *conmon;	       /* command line, a NUL after each argument; may be NULL */
	size_t conmon_length;
	uint32_t deadline_ms; /* for the first metadata */
};

/* The map entry is written and ADDED stands in the queue when this returns 0; the metadata is on
 * its way. Idempotent: for a container that is known already, *ret_container is that one. -ENOSPC:
 * the map is full; -EDQUOT: the user has as many as he may; -EEXIST: the id is somebody else's. */
int admission_admit(struct registration *registration, const struct admission *admission,
	struct known_container **ret_container, struct error *error);

/* A container from its kept state, taken over. `alive`: still running; else it is made known to the
 * main thread and ended at once, so that its stop is on record. */
int admission_restore(struct registration *registration, struct container *container, bool alive,
	struct error *error);

/* The main thread has done with it. */
void admission_forget(
	struct registration *registration, uint64_t container_id, uint64_t generation);

/* Whether a container's processes still run, by its cgroup or, without one, by its init. */
bool admission_is_alive(const struct registration *registration, const struct container *container);
