/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the engine share: engine.c, engine_load.c. */
#pragma once

#include <pthread.h>

#include "daemon/policy/engine/binaries.h"
#include "daemon/policy/engine/description.h"
#include "daemon/policy/engine/engine.h"
#include "daemon/policy/engine/hook.h"

struct known_hook {
	struct hook_description *description;
	uint64_t forget_at; /* CLOCK_BOOTTIME, ns; 0: in force */
};

struct policy_engine {
	struct base_sensor *sensor;
	struct binaries *binaries;
	struct hook_environment environment;
	bool ready; /* the shared maps are there */
	uint32_t last_hook_id;
	uint32_t host_namespaces[NAMESPACE_KINDS];

	/* The loader adds, the pipeline reads. By id, ascending. */
	pthread_mutex_t lock;
	struct known_hook *hooks;
	size_t hook_count, hooks_allocated;
	char **functions; /* by system call number */
	struct loaders *loaders;
};

struct loaded_hook {
	struct hook *hook;
	uint32_t id;
	int *binary_bits;
	size_t binary_bit_count;
};

struct loaded_policy {
	struct policy_engine *engine;
	struct loaded_hook *hooks;
	size_t count;
	uint32_t loader; /* hook of `loader: true`; 0: none */
};

/* Keep a hook's description, which becomes the engine's; -ENOMEM. */
int engine_know_hook(struct policy_engine *engine, struct hook_description *description);
/* What it saw may still be in the ring. */
void engine_forget_hook_later(struct policy_engine *engine, uint32_t id);
