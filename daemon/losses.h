/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel side could not tell us: counted there, announced in the stream, and the process
 * tree made right again from the iterator. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/include/event.h"

#define REPAIR_INTERVAL_NS 2000000000ULL /* between two readings of all processes */
#define THROTTLE_QUIET_NS  5000000000ULL /* without a drop: then THROTTLE_STOP */

struct pipeline;

struct losses {
	struct cpu_state last;
	uint64_t last_recursion, last_decode_errors;
	uint64_t last_tree[RECORD_KIND_MAX];
	uint64_t last_check;  /* CLOCK_REALTIME ns */
	uint64_t last_repair; /* CLOCK_BOOTTIME ns */
	bool repair_due;
	uint64_t throttled, repairs, repaired;
};

void losses_init(struct losses *losses);
/* Compare the kernel's counters with those of the last time; event_loss for the difference. */
void losses_check(struct pipeline *pipeline);
