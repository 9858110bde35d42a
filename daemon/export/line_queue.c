/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/line_queue.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/util.h"

#define PAGE_ROUND ((size_t)65536) /* the largest page size of the architectures we build for */

static size_t round_up(size_t value)
{
	return (value + PAGE_ROUND - 1) & ~(PAGE_ROUND - 1);
}

static size_t entries_bytes(const struct line_queue *queue)
{
	return round_up(queue->capacity * sizeof(struct line_entry));
}

int line_queue_init(struct line_queue *queue, size_t size)
{
	struct line_queue new = {.size = size, .capacity = size / LINE_QUEUE_SHORT_LINE + 1};
	void *map;

	if (!size || size > UINT32_MAX)
		return -EINVAL;
	/* Not malloc(): its pages must come untouched and be given back one by one. */
	map = mmap(NULL, entries_bytes(&new) + round_up(size), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -ENOMEM;
	/* A huge page would make the first line cost 2 MiB. */
	madvise(map, entries_bytes(&new) + round_up(size), MADV_NOHUGEPAGE);
	new.entries = map;
	new.bytes = (char *)map + entries_bytes(&new);
	*queue = new;
	return 0;
}

void line_queue_done(struct line_queue *queue)
{
	if (queue->entries)
		munmap(queue->entries, entries_bytes(queue) + round_up(queue->size));
	*queue = (struct line_queue){0};
}

bool line_queue_put(struct line_queue *queue, const void *line, size_t length, uint64_t sequence,
	enum line_begins begins)
{
	size_t at, entry, piece;

	if (length > queue->size - queue->used || queue->count == queue->capacity)
		return false;
	at = queue->start + queue->used;
	if (at >= queue->size)
		at -= queue->size;
	piece = MIN(length, queue->size - at);
	memcpy(queue->bytes + at, line, piece);
	memcpy(queue->bytes, (const char *)line + piece, length - piece);
	entry = queue->first + queue->count;
	if (entry >= queue->capacity)
		entry -= queue->capacity;
	queue->entries[entry] = (struct line_entry){
		.sequence = sequence, .length = (uint32_t)length, .begins = begins};
	queue->used += length;
	queue->count++;
	if (at + piece > queue->byte_peak)
		queue->byte_peak = at + piece;
	if (entry >= queue->entry_peak)
		queue->entry_peak = entry + 1;
	return true;
}

const struct line_entry *line_queue_at(const struct line_queue *queue, size_t index)
{
	size_t entry = queue->first + index;

	return &queue->entries[entry >= queue->capacity ? entry - queue->capacity : entry];
}

int line_queue_vector(
	const struct line_queue *queue, size_t offset, size_t length, struct iovec ret_vector[2])
{
	size_t at = queue->start + offset, piece;

	if (at >= queue->size)
		at -= queue->size;
	piece = MIN(length, queue->size - at);
	ret_vector[0] = (struct iovec){.iov_base = queue->bytes + at, .iov_len = piece};
	if (piece == length)
		return 1;
	ret_vector[1] = (struct iovec){.iov_base = queue->bytes, .iov_len = length - piece};
	return 2;
}

void line_queue_drop(struct line_queue *queue, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += line_queue_at(queue, i)->length;
	queue->used -= bytes;
	queue->count -= count;
	queue->start = queue->count ? (queue->start + bytes) % queue->size : 0;
	queue->first = queue->count ? (queue->first + count) % queue->capacity : 0;
}

bool line_queue_bloated(const struct line_queue *queue)
{
	return queue->byte_peak > LINE_QUEUE_KEEP ||
	       queue->entry_peak * sizeof(struct line_entry) > LINE_QUEUE_KEEP;
}

static void release(char *start, size_t peak)
{
	if (peak > LINE_QUEUE_KEEP)
		madvise(start + LINE_QUEUE_KEEP, round_up(peak) - LINE_QUEUE_KEEP, MADV_DONTNEED);
}

void line_queue_trim(struct line_queue *queue)
{
	if (queue->count)
		return;
	release(queue->bytes, queue->byte_peak);
	release((char *)queue->entries, queue->entry_peak * sizeof(struct line_entry));
	queue->byte_peak = queue->entry_peak = 0;
}
