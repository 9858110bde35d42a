/* SPDX-License-Identifier: Apache-2.0 */
/* One metadata job inside the worker: its own copy of what was asked, and what was found so far. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/registration/metadata_worker.h"
#include "oci/engine_metadata.h"

struct metadata_task {
	struct metadata_task *next;
	uint64_t container_id, generation;
	char *id, *bundle, *state, *conmon, *runtime;
	size_t state_length, conmon_length;
	size_t bytes; /* of memory, roughly */
	uid_t owner;
	enum cgroup_engine engine;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC, for the first result */
	uint64_t due_ns;      /* not to be read before */
	unsigned soon_tries, later_tries;
	bool answered; /* the first result went out */
	bool cancelled;
	unsigned quality; /* of what was handed out: see metadata_quality() */
	/* Made at once, so that a first result needs no memory; holds what earlier tries found. */
	struct metadata_result *result;
};

/* -ENOMEM, -EINVAL (no id), -E2BIG (conmon's command line). */
int metadata_task_new(const struct metadata_job *job, struct metadata_task **ret_task);
struct metadata_task *metadata_task_free(struct metadata_task *task);
static inline void metadata_task_free_p(struct metadata_task **task)
{
	metadata_task_free(*task);
}
/* Read. Touches nothing of the task but what never changes. */
int metadata_task_read(const struct metadata_task *task, const char *const *event_files,
	size_t event_file_count, uint64_t deadline_ns, struct container_metadata *ret_metadata,
	enum metadata_completeness *ret_completeness, struct error *error);
/* A number that grows with what is known; 0: nothing. */
unsigned metadata_quality(const struct container_metadata *metadata);
