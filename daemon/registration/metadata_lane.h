/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of one metadata thread: which is next, and when to try again. Not locked: the worker's
 * lock is held around every call. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/registration/metadata_task.h"

#define METADATA_NEVER UINT64_MAX

struct metadata_lane {
	pthread_t thread;
	bool started;
	pthread_cond_t wake;
	struct metadata_task *tasks; /* oldest first */
	size_t count, bytes;	     /* with the running one */
	struct metadata_task *running;
	uint64_t read_deadline_ns; /* of the running one */
};

/* Whether one more task may wait. */
bool metadata_lane_has_room(const struct metadata_lane *lane, const struct metadata_task *task);
void metadata_lane_append(struct metadata_lane *lane, struct metadata_task *task);
/* The oldest task that is due, those whose first result is still waited for before all others; it
 * becomes `running`. Or NULL, and when the next one will be due. */
struct metadata_task *metadata_lane_next(
	struct metadata_lane *lane, uint64_t now_ns, uint64_t *ret_due_ns);
/* The running task's try is over: NULL as `running`. */
void metadata_lane_done(struct metadata_lane *lane);
/* Remove and free what waits for this container; a running one is only marked. */
void metadata_lane_cancel(struct metadata_lane *lane, uint64_t container_id, uint64_t generation);
void metadata_lane_free_tasks(struct metadata_lane *lane);

/* When to look again after a try: METADATA_NEVER, or a time, and in *ret_before_answer whether the
 * first result should wait for it. Counts the tries. */
uint64_t metadata_task_next_try(struct metadata_task *task, enum metadata_completeness completeness,
	uint64_t now_ns, bool *ret_before_answer);
