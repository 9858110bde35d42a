/* SPDX-License-Identifier: Apache-2.0 */
/* Registering a container that the daemon found by itself, from its cgroup. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/registration/registration_internal.h"

struct found_container {
	const char *id;
	const char *cgroup_path; /* its own component, not a process's deeper cgroup */
	const char *bundle;	 /* may be NULL */
	const char *conmon;	 /* command line of its monitor; may be NULL */
	size_t conmon_length;
	enum container_source source;
	uid_t owner;   /* 0, or the user in whose subtree the cgroup is */
	bool verified; /* somebody we believe names it */
};

/* Takes the oldest process in the cgroup for the container's init. -ESRCH when there is none. */
int found_container_register(struct registration *registration, const struct found_container *found,
	struct error *error);
