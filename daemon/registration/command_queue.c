/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/command_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/cleanup.h"

void command_free(struct command *command)
{
	if (!command)
		return;
	free(command->cgroup_path);
	free(command);
}

DEFINE_CLEANUP(struct command *, command_free)

int command_queue_init(struct command_queue *queue)
{
	*queue = (struct command_queue){.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	return queue->event_fd < 0 ? -errno : 0;
}

void command_queue_done(struct command_queue *queue)
{
	struct command *command, *next;

	if (queue->event_fd < 0)
		return;
	for (command = command_queue_take_all(queue); command; command = next) {
		next = command->next;
		command_free(command);
	}
	close(queue->event_fd);
	queue->event_fd = -1;
}

int command_queue_push(struct command_queue *queue, enum command_kind kind, uint64_t container_id,
	uint64_t generation, const char *cgroup_path)
{
	_cleanup_(command_free_p) struct command *command = calloc(1, sizeof(*command));

	if (!command)
		return -ENOMEM;
	command->kind = kind;
	command->container_id = container_id;
	command->generation = generation;
	if (cgroup_path) {
		command->cgroup_path = strdup(cgroup_path);
		if (!command->cgroup_path)
			return -ENOMEM;
	}
	if (kind == COMMAND_DISCOVER && __atomic_fetch_add(&queue->discover_count, 1,
						__ATOMIC_RELAXED) >= COMMAND_DISCOVER_MAX) {
		__atomic_fetch_sub(&queue->discover_count, 1, __ATOMIC_RELAXED);
		return -ENOBUFS;
	}
	command->next = __atomic_load_n(&queue->stack, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(
		&queue->stack, &command->next, command, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	TAKE_PTR(command);
	eventfd_write(queue->event_fd, 1);
	return 0;
}

struct command *command_queue_take_all(struct command_queue *queue)
{
	struct command *stack, *oldest_first = NULL;
	eventfd_t value;

	eventfd_read(
		queue->event_fd, &value); /* before the exchange: what comes after it wakes again */
	stack = __atomic_exchange_n(&queue->stack, NULL, __ATOMIC_ACQUIRE);
	while (stack) {
		struct command *next = stack->next;

		if (stack->kind == COMMAND_DISCOVER)
			__atomic_fetch_sub(&queue->discover_count, 1, __ATOMIC_RELAXED);
		stack->next = oldest_first;
		oldest_first = stack;
		stack = next;
	}
	return oldest_first;
}
