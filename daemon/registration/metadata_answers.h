/* SPDX-License-Identifier: Apache-2.0 */
/* What goes back from the metadata threads to the registration thread: one first result for each
 * task, and later ones only if they say more. Not locked: the worker's lock is held around every
 * call. */
#pragma once

#include <stdint.h>

#include "daemon/registration/metadata_task.h"

struct metadata_answers {
	int event_fd; /* made readable by each result; -1: nobody listens any more */
	struct metadata_result *first, **end;
	struct metadata_worker_counters *counters;
};

void metadata_answers_init(
	struct metadata_answers *answers, int event_fd, struct metadata_worker_counters *counters);
/* A try has ended with `metadata` (taken over). `before_answer`: keep it, another try comes before
 * the first result is due. `last`: no further try. */
void metadata_answers_try_ended(struct metadata_answers *answers, struct metadata_task *task,
	struct container_metadata *metadata, enum metadata_completeness completeness,
	const struct error *error, bool before_answer, bool last);
/* Give the first result if its deadline has passed. `task` may be NULL. */
void metadata_answers_deadline(
	struct metadata_answers *answers, struct metadata_task *task, uint64_t now_ns);
/* NULL when there is none. */
struct metadata_result *metadata_answers_take(struct metadata_answers *answers);
/* Drop what was not taken yet for this container, or for all when container_id is 0. */
void metadata_answers_drop(
	struct metadata_answers *answers, uint64_t container_id, uint64_t generation);
