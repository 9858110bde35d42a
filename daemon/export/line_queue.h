/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue of lines, each with its sequence number, in one block of address space. Pages are
 * only touched as far as the queue fills: it starts at the front again each time it is empty, and
 * line_queue_trim() gives the rest back. Not locked: the owner does that; but the bytes that
 * line_queue_vector() names stay where they are until line_queue_drop(), whatever is put meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum line_begins { /* what is to be done with the file before this line */
	LINE_BEGINS_NOTHING,
	LINE_BEGINS_FILE,   /* rotate */
	LINE_BEGINS_REOPEN, /* close, and open the path again */
};

struct line_entry {
	uint64_t sequence;
	uint32_t length;
	enum line_begins begins;
};

struct line_queue {
	char *bytes;
	struct line_entry *entries;
	size_t size, capacity;	      /* of bytes, of entries */
	size_t start, used;	      /* bytes: a ring */
	size_t first, count;	      /* entries: a ring */
	size_t byte_peak, entry_peak; /* touched up to here since the last trim */
};

/* Smallest line the entry ring is dimensioned for; a queue of shorter ones is full earlier. */
#define LINE_QUEUE_SHORT_LINE 64
/* What a trim leaves in place, so that a quiet daemon does not fault the same pages in again. */
#define LINE_QUEUE_KEEP ((size_t)64 << 10)

/* 0, -EINVAL for a size of 0, -ENOMEM. */
int line_queue_init(struct line_queue *queue, size_t size);
void line_queue_done(struct line_queue *queue);
/* Copy one line in; false when it does not fit. */
bool line_queue_put(struct line_queue *queue, const void *line, size_t length, uint64_t sequence,
	enum line_begins begins);
/* The index-th waiting line; index < count. */
const struct line_entry *line_queue_at(const struct line_queue *queue, size_t index);
/* The first `length` bytes after skipping `offset`, in one or two pieces; how many. */
int line_queue_vector(
	const struct line_queue *queue, size_t offset, size_t length, struct iovec ret_vector[2]);
/* Forget the first `count` lines. */
void line_queue_drop(struct line_queue *queue, size_t count);
/* Whether a trim would give memory back. */
bool line_queue_bloated(const struct line_queue *queue);
/* Give the pages back to the kernel. Only of an empty queue; else does nothing. */
void line_queue_trim(struct line_queue *queue);

static inline size_t line_queue_free_bytes(const struct line_queue *queue)
{
	return queue->count == queue->capacity ? 0 : queue->size - queue->used;
}
