/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/metadata_lane.h"

#include "lib/util.h"

/* A source said that the labels are on their way: looked at again before the first result. */
static const unsigned soon_ms[] = {5, 10, 20, 40, 80};
/* Later, after the first result. */
static const unsigned later_ms[METADATA_RETRIES] = {1000, 4000};

bool metadata_lane_has_room(const struct metadata_lane *lane, const struct metadata_task *task)
{
	return lane->count < METADATA_QUEUE_MAX &&
	       task->bytes <= METADATA_QUEUE_BYTES - MIN(lane->bytes, METADATA_QUEUE_BYTES);
}

void metadata_lane_append(struct metadata_lane *lane, struct metadata_task *task)
{
	struct metadata_task **end = &lane->tasks;

	while (*end)
		end = &(*end)->next;
	task->next = NULL;
	*end = task;
	lane->count++;
	lane->bytes += task->bytes;
}

static struct metadata_task *unlink_task(struct metadata_lane *lane, struct metadata_task **link)
{
	struct metadata_task *task = *link;

	*link = task->next;
	task->next = NULL;
	lane->count--;
	lane->bytes -= task->bytes;
	return task;
}

struct metadata_task *metadata_lane_next(
	struct metadata_lane *lane, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct metadata_task **chosen = NULL;

	*ret_due_ns = METADATA_NEVER;
	for (struct metadata_task **link = &lane->tasks; *link; link = &(*link)->next) {
		if ((*link)->due_ns > now_ns)
			*ret_due_ns = MIN(*ret_due_ns, (*link)->due_ns);
		else if (!chosen || ((*chosen)->answered && !(*link)->answered))
			chosen = link;
	}
	if (!chosen)
		return NULL;
	lane->running = unlink_task(lane, chosen);
	lane->count++;
	lane->bytes += lane->running->bytes;
	return lane->running;
}

void metadata_lane_done(struct metadata_lane *lane)
{
	lane->bytes -= lane->running->bytes;
	lane->running = NULL;
	lane->count--;
}

void metadata_lane_cancel(struct metadata_lane *lane, uint64_t container_id, uint64_t generation)
{
	struct metadata_task **link = &lane->tasks;

	while (*link) {
		if ((*link)->container_id == container_id && (*link)->generation == generation)
			metadata_task_free(unlink_task(lane, link));
		else
			link = &(*link)->next;
	}
	if (lane->running && lane->running->container_id == container_id &&
		lane->running->generation == generation)
		lane->running->cancelled = true;
}

void metadata_lane_free_tasks(struct metadata_lane *lane)
{
	while (lane->tasks)
		metadata_task_free(unlink_task(lane, &lane->tasks));
}

uint64_t metadata_task_next_try(struct metadata_task *task, enum metadata_completeness completeness,
	uint64_t now_ns, bool *ret_before_answer)
{
	*ret_before_answer = false;
	if (completeness == METADATA_COMPLETE)
		return METADATA_NEVER;
	if (completeness == METADATA_PENDING && !task->answered &&
		task->soon_tries < ARRAY_SIZE(soon_ms)) {
		uint64_t due = now_ns + soon_ms[task->soon_tries] * NSEC_PER_MSEC;

		if (due < task->deadline_ns) {
			task->soon_tries++;
			*ret_before_answer = true;
			return due;
		}
	}
	if (task->later_tries >= METADATA_RETRIES)
		return METADATA_NEVER;
	return now_ns + later_ms[task->later_tries++] * NSEC_PER_MSEC;
}
