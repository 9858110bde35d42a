/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/metadata_answers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void metadata_answers_init(
	struct metadata_answers *answers, int event_fd, struct metadata_worker_counters *counters)
{
	*answers = (struct metadata_answers){.event_fd = event_fd, .counters = counters};
	answers->end = &answers->first;
}

static void add_result(struct metadata_answers *answers, struct metadata_result *result)
{
	const uint64_t one = 1;

	result->next = NULL;
	*answers->end = result;
	answers->end = &result->next;
	/* EAGAIN would mean that the event counter is full, so that the reader is woken anyway. */
	if (answers->event_fd >= 0 && write(answers->event_fd, &one, sizeof(one)) < 0)
		return;
}

/* The first result was made with the task, so that it cannot fail for want of memory. */
static void add_first(struct metadata_answers *answers, struct metadata_task *task,
	enum metadata_outcome outcome, bool last)
{
	struct metadata_result *result = TAKE_PTR(task->result);
	uint64_t *const counters[] = {
		[METADATA_FOUND] = &answers->counters->found,
		[METADATA_PARTIAL] = &answers->counters->partial,
		[METADATA_NOT_FOUND] = &answers->counters->not_found,
		[METADATA_TIMED_OUT] = &answers->counters->timed_out,
	};

	result->outcome = outcome;
	result->last = last;
	task->answered = true;
	task->quality = metadata_quality(&result->metadata);
	(*counters[outcome])++;
	add_result(answers, result);
}

static void add_update(struct metadata_answers *answers, struct metadata_task *task,
	struct container_metadata *metadata, enum metadata_outcome outcome, bool last,
	const struct error *error)
{
	struct metadata_result *result;

	if (metadata_quality(metadata) <= task->quality)
		return;
	result = calloc(1, sizeof(*result));
	if (!result)
		return; /* the first result stands */
	result->container_id = task->container_id;
	result->generation = task->generation;
	result->outcome = outcome;
	result->update = true;
	result->last = last;
	result->error = *error;
	result->metadata = *metadata;
	memset(metadata, 0, sizeof(*metadata));
	task->quality = metadata_quality(&result->metadata);
	answers->counters->updates++;
	add_result(answers, result);
}

static enum metadata_outcome outcome_of(
	const struct container_metadata *metadata, enum metadata_completeness completeness)
{
	if (completeness == METADATA_COMPLETE)
		return METADATA_FOUND;
	return metadata->source == LABELS_SOURCE_NONE ? METADATA_NOT_FOUND : METADATA_PARTIAL;
}

void metadata_answers_try_ended(struct metadata_answers *answers, struct metadata_task *task,
	struct container_metadata *metadata, enum metadata_completeness completeness,
	const struct error *error, bool before_answer, bool last)
{
	enum metadata_outcome outcome = outcome_of(metadata, completeness);

	if (task->answered) {
		add_update(answers, task, metadata, outcome, last, error);
		return;
	}
	container_metadata_done(&task->result->metadata);
	task->result->metadata = *metadata;
	task->result->error = *error;
	memset(metadata, 0, sizeof(*metadata));
	if (!before_answer)
		add_first(answers, task, outcome, last);
}

void metadata_answers_deadline(
	struct metadata_answers *answers, struct metadata_task *task, uint64_t now_ns)
{
	if (!task || task->answered || task->cancelled || task->deadline_ns > now_ns)
		return;
	if (task->result->metadata.runtime) { /* there was a try, which is better than nothing */
		add_first(answers, task, outcome_of(&task->result->metadata, METADATA_INCOMPLETE),
			false);
		return;
	}
	error_set(&task->result->error, -ETIMEDOUT, "metadata was not read in time");
	add_first(answers, task, METADATA_TIMED_OUT, false);
}

struct metadata_result *metadata_answers_take(struct metadata_answers *answers)
{
	struct metadata_result *result = answers->first;

	if (!result)
		return NULL;
	answers->first = result->next;
	if (!answers->first)
		answers->end = &answers->first;
	result->next = NULL;
	return result;
}

void metadata_answers_drop(
	struct metadata_answers *answers, uint64_t container_id, uint64_t generation)
{
	struct metadata_result **link = &answers->first;

	while (*link) {
		struct metadata_result *result = *link;

		if (container_id == 0 || (result->container_id == container_id &&
						 result->generation == generation)) {
			*link = result->next;
			metadata_result_free(result);
		} else {
			link = &result->next;
		}
	}
	answers->end = link;
}
