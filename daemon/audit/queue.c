/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/queue.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

int audit_queue_init(struct audit_queue *queue, size_t size)
{
	*queue = (struct audit_queue){.size = size};
	/* Fresh pages: what is never queued costs no memory. */
	queue->data = malloc(size);
	if (!queue->data)
		return -ENOMEM;
	pthread_mutex_init(&queue->mutex, NULL);
	return 0;
}

void audit_queue_done(struct audit_queue *queue)
{
	if (!queue->data)
		return;
	pthread_mutex_destroy(&queue->mutex);
	free(queue->data);
	queue->data = NULL;
}

static void ring_write(struct audit_queue *queue, const char *from, size_t length)
{
	size_t tail = (queue->head + queue->used) % queue->size;
	size_t first = MIN(length, queue->size - tail);

	memcpy(queue->data + tail, from, first);
	memcpy(queue->data, from + first, length - first);
	queue->used += length;
}

static void ring_peek(const struct audit_queue *queue, char *to, size_t length)
{
	size_t first = MIN(length, queue->size - queue->head);

	memcpy(to, queue->data + queue->head, first);
	memcpy(to + first, queue->data, length - first);
}

bool audit_queue_put(struct audit_queue *queue, const void *message, size_t length,
	uint64_t realtime_ns, bool *ret_was_empty)
{
	bool fits;

	pthread_mutex_lock(&queue->mutex);
	*ret_was_empty = !queue->used;
	fits = length <= queue->size - queue->used;
	if (fits) {
		ring_write(queue, message, length);
		queue->records++;
	} else {
		if (!queue->lost++)
			queue->lost_since_ns = realtime_ns;
		queue->lost_total++;
	}
	pthread_mutex_unlock(&queue->mutex);
	return fits;
}

size_t audit_queue_take(struct audit_queue *queue, void *to, size_t size, unsigned count)
{
	size_t taken = 0;

	pthread_mutex_lock(&queue->mutex);
	while (count-- && queue->used) {
		struct nlmsghdr header;
		size_t length;

		ring_peek(queue, (char *)&header, sizeof(header));
		length = NLMSG_ALIGN(header.nlmsg_len);
		if (length > size - taken)
			break;
		ring_peek(queue, (char *)to + taken, length);
		queue->head = (queue->head + length) % queue->size;
		queue->used -= length;
		queue->records--;
		taken += length;
	}
	/* From the beginning again, so that a queue that never fills never touches its other pages.
	 */
	if (!queue->used)
		queue->head = 0;
	pthread_mutex_unlock(&queue->mutex);
	return taken;
}

bool audit_queue_take_lost(struct audit_queue *queue, uint64_t *ret_count, uint64_t *ret_since_ns)
{
	bool any;

	pthread_mutex_lock(&queue->mutex);
	any = queue->lost;
	if (any) {
		*ret_count = queue->lost;
		*ret_since_ns = queue->lost_since_ns;
		queue->lost = 0;
	}
	pthread_mutex_unlock(&queue->mutex);
	return any;
}

void audit_queue_counts(struct audit_queue *queue, uint64_t *ret_records, uint64_t *ret_lost_total)
{
	pthread_mutex_lock(&queue->mutex);
	*ret_records = queue->records;
	*ret_lost_total = queue->lost_total;
	pthread_mutex_unlock(&queue->mutex);
}
