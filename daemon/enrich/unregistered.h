/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that no hook announced: a cgroup shaped like one, in which something runs. */
#pragma once

#include "daemon/enrich/enrich.h"

#define UNREGISTERED_AFTER_NS 10000000000ULL /* populated this long without registration */

/* A process without a container made an exec: look at its cgroup. */
void unregistered_on_exec(
	struct enrichment *enrichment, struct process *process, uint64_t realtime_ns);
