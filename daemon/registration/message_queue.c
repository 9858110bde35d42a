/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/message_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bpf/include/limits.h"

void registration_message_free(struct registration_message *message)
{
	if (!message)
		return;
	container_free(message->container);
	container_metadata_done(&message->metadata);
	free(message);
}

int message_queue_init(struct message_queue *queue)
{
	*queue = (struct message_queue){.tail = &queue->first};
	queue->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->event_fd < 0)
		return -errno;
	pthread_mutex_init(&queue->lock, NULL);
	return 0;
}

void message_queue_done(struct message_queue *queue)
{
	struct registration_message *message;

	if (queue->event_fd < 0)
		return;
	while ((message = message_queue_take(queue)))
		registration_message_free(message);
	close(queue->event_fd);
	queue->event_fd = -1;
	pthread_mutex_destroy(&queue->lock);
}

bool message_queue_pending(const struct message_queue *queue)
{
	return __atomic_load_n(&queue->length, __ATOMIC_ACQUIRE) > 0;
}

bool message_queue_has_room(const struct message_queue *queue)
{
	return __atomic_load_n(&queue->length, __ATOMIC_RELAXED) < MESSAGE_QUEUE_ADDED_MAX;
}

void message_queue_push(struct message_queue *queue, struct registration_message *message)
{
	bool was_empty;

	message->next = NULL;
	pthread_mutex_lock(&queue->lock);
	was_empty = !queue->first;
	*queue->tail = message;
	queue->tail = &message->next;
	__atomic_store_n(&queue->length, queue->length + 1, __ATOMIC_RELEASE);
	if (was_empty)
		eventfd_write(queue->event_fd, 1);
	pthread_mutex_unlock(&queue->lock);
}

struct registration_message *message_queue_take(struct message_queue *queue)
{
	struct registration_message *message;
	eventfd_t value;

	pthread_mutex_lock(&queue->lock);
	message = queue->first;
	if (message) {
		queue->first = message->next;
		__atomic_store_n(&queue->length, queue->length - 1, __ATOMIC_RELEASE);
		if (!queue->first) {
			queue->tail = &queue->first;
			eventfd_read(queue->event_fd, &value);
		}
		message->next = NULL;
	}
	pthread_mutex_unlock(&queue->lock);
	return message;
}
