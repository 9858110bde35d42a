/* SPDX-License-Identifier: Apache-2.0 */
/* Finding containers that no hook announced to this daemon, by their cgroups. */
#pragma once

#include <stdint.h>

#include "daemon/registration/conmon_table.h"
#include "daemon/registration/registration_internal.h"

#define SCAN_CGROUPS_MAX                                                                           \
	65536 /* directories looked at; the rest is left to registration_discover() */

/* Walk the cgroup tree and register each populated, container-shaped cgroup that is not known. */
void scan_all(struct registration *registration);
/* One cgroup that the main thread has seen at work. `conmons` is filled when it is needed. */
void scan_one(struct registration *registration, uint64_t cgroup_id, const char *cgroup_path,
	struct conmon_table *conmons);
