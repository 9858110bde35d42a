/* SPDX-License-Identifier: Apache-2.0 */
/* Records on their way from the main thread to the sender: whole netlink messages in a ring of
 * bytes of fixed size. One thread puts, one takes; neither waits for the other longer than a
 * memcpy. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* About 2,500 exec records. When it is full, a record is counted lost and becomes an event_loss. */
#define AUDIT_QUEUE_SIZE ((size_t)1 << 20)

struct audit_queue {
	pthread_mutex_t mutex;
	char *data;
	size_t size, head, used; /* bytes */
	uint64_t records;
	uint64_t lost, lost_since_ns; /* since the last audit_queue_take_lost() */
	uint64_t lost_total;
};

int audit_queue_init(struct audit_queue *queue, size_t size);
void audit_queue_done(struct audit_queue *queue);
/* Copy one message. False: no room, counted, `realtime_ns` is when. *ret_was_empty: the sender may
 * sleep. */
bool audit_queue_put(struct audit_queue *queue, const void *message, size_t length,
	uint64_t realtime_ns, bool *ret_was_empty);
/* Move up to `count` whole messages of together at most `size` bytes to `to`; returns their bytes.
 */
size_t audit_queue_take(struct audit_queue *queue, void *to, size_t size, unsigned count);
/* What was lost since the last call; false when nothing. */
bool audit_queue_take_lost(struct audit_queue *queue, uint64_t *ret_count, uint64_t *ret_since_ns);
void audit_queue_counts(struct audit_queue *queue, uint64_t *ret_records, uint64_t *ret_lost_total);
