/* SPDX-License-Identifier: Apache-2.0 */
/* An engine without a kernel: it keeps count of what is in force, writes down what is asked of it,
 * and refuses what the test wants it to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policy/engine/engine.h"

#define STUB_CONTAINERS_MAX 64
#define STUB_LOG_MAX	    8192

struct stub_engine {
	char log[STUB_LOG_MAX]; /* "+NAME" loaded, "-NAME" unloaded, "~NAME" in monitor mode loaded
				 */
	size_t in_force;
	const char *refuse; /* policies of this name */
	int refuse_scopes;  /* an errno */
	struct {
		uint64_t id;
		struct container_scopes scopes;
	} containers[STUB_CONTAINERS_MAX];
	size_t container_count;
	int last_scope, last_workload_scope;
};
extern struct stub_engine stub;

/* Whether the last bits written for this container have this one. */
bool stub_has(uint64_t container_id, int bit);
/* The log since the last call. */
const char *stub_log(void);
