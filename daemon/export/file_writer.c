/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/file_sink_internal.h"

#include <stdio.h>
#include <string.h>

#include "lib/thread.h"

#define WRITE_MAX	((size_t)256 << 10) /* bytes of one write, unless a single line is longer */
#define RETRY_NS	NSEC_PER_SEC	    /* between attempts while writing fails */
#define ROTATE_RETRY_NS (10 * NSEC_PER_SEC) /* the file goes on growing meanwhile */
#define TRIM_NS		NSEC_PER_SEC	    /* the queue was empty this long: give its pages back */

static void plan_rotation(struct file_sink *sink)
{
	uint64_t age, now = clock_ns(CLOCK_REALTIME);

	if (!sink->rotate_ns) {
		sink->rotate_at_ns = NEVER;
		return;
	}
	age = now > sink->file.born_ns ? now - sink->file.born_ns : 0;
	sink->rotate_at_ns =
		clock_ns(CLOCK_MONOTONIC) + (age < sink->rotate_ns ? sink->rotate_ns - age : 0);
}

int file_writer_open(struct file_sink *sink, struct error *error)
{
	int rc = log_file_open(&sink->file, error);

	/* The half of a line that could not be cut is in another file now; this one gets all of it.
	 */
	sink->partial = 0;
	if (!rc)
		plan_rotation(sink);
	return rc;
}

static bool rotation_due(const struct file_sink *sink, size_t next_line)
{
	uint64_t now;

	/* A line that could only be written half must be completed where it was begun. */
	if (!sink->file.size || sink->partial || sink->caller_begins_files)
		return false;
	now = clock_ns(CLOCK_MONOTONIC);
	if (now < sink->rotate_retry_ns)
		return false;
	return now >= sink->rotate_at_ns ||
	       (sink->max_size && next_line && sink->file.size + next_line > sink->max_size);
}

/* Make sure that there is a file and that it has room; `next_line` 0: no line waits. */
static int prepare_file(
	struct file_sink *sink, bool reopen, bool begins, size_t next_line, bool *ret_rotated)
{
	int rc;

	if (reopen || !log_file_refresh(&sink->file)) {
		/* Whoever asked may have moved the file to where it is packed and deleted: when the
		 * path cannot be opened, going on with the old one would lose lines unnoticed. */
		if (reopen)
			log_file_close(&sink->file);
		rc = file_writer_open(sink, NULL);
		if (rc)
			return rc;
	}
	if (rotation_due(sink, next_line) || (begins && sink->file.size && !sink->partial)) {
		rc = log_file_rotate(&sink->file);
		if (sink->file.fd < 0)
			return rc;
		*ret_rotated = !rc;
		sink->rotate_retry_ns = rc ? clock_ns(CLOCK_MONOTONIC) + ROTATE_RETRY_NS : 0;
		plan_rotation(sink);
	}
	if (!sink->file.size && next_line) {
		sink->partial = 0;
		sink->file.born_ns =
			clock_ns(CLOCK_REALTIME); /* its time begins with its first line */
		plan_rotation(sink);
	}
	return 0;
}

struct batch {
	size_t lines, bytes; /* taken from the queue; bytes without what is in the file already */
	size_t partial;
	bool end_line;		/* half a line of another stream stands at the end of the file */
	struct iovec vector[3]; /* the end of a line, and the queue's ring in two pieces */
	int count;
};

/* Under the lock. What goes into the file with the next write. */
static void batch_choose(struct file_sink *sink, struct batch *batch)
{
	size_t limit =
		sink->counters.failing ? 1 : WRITE_MAX; /* one line, to see whether it goes */
	size_t available =
		sink->counters.failing || sink->stopping ? sink->queue.count : sink->flushed;
	uint64_t room = NEVER;
	size_t bytes = 0;

	if (sink->max_size && !sink->caller_begins_files &&
		clock_ns(CLOCK_MONOTONIC) >= sink->rotate_retry_ns)
		room = sink->max_size > sink->file.size ? sink->max_size - sink->file.size : 0;
	for (batch->lines = 0; batch->lines < available; batch->lines++) {
		const struct line_entry *entry = line_queue_at(&sink->queue, batch->lines);

		if (batch->lines && (entry->begins || bytes + entry->length > limit ||
					    bytes + entry->length > room))
			break;
		bytes += entry->length;
	}
	batch->partial = sink->partial;
	batch->bytes = bytes - sink->partial;
	if (batch->end_line)
		batch->vector[batch->count++] =
			(struct iovec){.iov_base = (char *)"\n", .iov_len = 1};
	batch->count += line_queue_vector(
		&sink->queue, sink->partial, batch->bytes, batch->vector + batch->count);
}

/* Without the lock. Returns how many lines are in the file for good; *ret_error the failure. */
static size_t batch_write(struct file_sink *sink, struct batch *batch, int *ret_error)
{
	size_t prefix = batch->end_line, written = 0, kept = 0, lines = 0;

	*ret_error = log_file_append(&sink->file, batch->vector, batch->count, &written);
	if (!*ret_error) {
		sink->file.torn = false;
		sink->partial = 0;
		return batch->lines;
	}
	if (written < prefix) {
		log_file_cut(&sink->file, written);
		return 0;
	}
	/* The queue only grows behind what we hold, so its entries can be read without the lock. */
	written = written - prefix + batch->partial;
	while (lines < batch->lines) {
		size_t length = line_queue_at(&sink->queue, lines)->length;

		if (kept + length > written)
			break;
		kept += length;
		lines++;
	}
	if (lines || batch->end_line)
		sink->file.torn = false;
	/* What was there before this attempt could not be cut then; it can only be completed. */
	if (!lines && batch->partial)
		sink->partial = written;
	else if (log_file_cut(&sink->file, written - kept))
		sink->partial = 0;
	else
		sink->partial = written - kept;
	return lines;
}

static void set_failing(struct file_sink *sink, int rc)
{
	sink->counters.write_errors++;
	sink->counters.failing = true;
	snprintf(sink->reason, sizeof(sink->reason), "%s", strerror(-rc));
	sink->retry_ns = clock_ns(CLOCK_MONOTONIC) + RETRY_NS;
	/* Nobody shall wait for a disk that is full. */
	if (sink->waiting)
		pthread_cond_signal(&sink->space);
}

/* Under the lock, as before and after. One write, or one attempt at it. */
static void writer_step(struct file_sink *sink)
{
	const struct line_entry *first = sink->queue.count ? line_queue_at(&sink->queue, 0) : NULL;
	size_t next_line = first ? first->length : 0, lines;
	enum line_begins begins = first ? first->begins : LINE_BEGINS_NOTHING;
	struct batch batch = {0};
	bool reopen = sink->reopen || begins == LINE_BEGINS_REOPEN, rotated = false;
	int rc;

	sink->reopen = false;
	pthread_mutex_unlock(&sink->lock);
	rc = prepare_file(sink, reopen, begins == LINE_BEGINS_FILE, next_line, &rotated);
	batch.end_line = sink->file.torn && !sink->partial;
	pthread_mutex_lock(&sink->lock);
	sink->counters.rotations += rotated;
	if (rc || !first) {
		if (rc)
			set_failing(sink, rc);
		else
			sink->counters.failing = false; /* it had been the path, and it is back */
		return;
	}
	batch_choose(sink, &batch);
	if (!batch.lines)
		return;
	pthread_mutex_unlock(&sink->lock);
	lines = batch_write(sink, &batch, &rc);
	pthread_mutex_lock(&sink->lock);

	for (size_t i = 0; i < lines; i++)
		sink->counters.bytes += line_queue_at(&sink->queue, i)->length;
	sink->counters.lines += lines;
	line_queue_drop(&sink->queue, lines);
	sink->flushed -= MIN(lines, sink->flushed);
	if (rc)
		set_failing(sink, rc);
	else if (sink->counters.failing) {
		sink->counters.failing = false;
		sink->flushed = sink->queue.count;
		sink->unflushed_bytes = 0;
	}
	if (sink->waiting && lines)
		pthread_cond_signal(&sink->space);
	sink->trim_ns = clock_ns(CLOCK_MONOTONIC) + TRIM_NS;
}

/* Under the lock: when the writer has something to do, 0 for now. */
static uint64_t writer_next(struct file_sink *sink)
{
	uint64_t next = NEVER;

	if (sink->reopen)
		return 0;
	if (sink->counters.failing)
		return sink->queue.count || sink->file.fd < 0 ? sink->retry_ns : NEVER;
	if (sink->flushed || (sink->stopping && sink->queue.count))
		return 0;
	if (sink->file.size && !sink->caller_begins_files)
		next = MAX(sink->rotate_at_ns, sink->rotate_retry_ns);
	if (line_queue_bloated(&sink->queue) && !sink->queue.count)
		next = MIN(next, sink->trim_ns);
	return next;
}

static bool writer_finished(const struct file_sink *sink, uint64_t now)
{
	return sink->stopping && (!sink->queue.count || now >= sink->stop_ns ||
					 (sink->counters.failing && now < sink->retry_ns));
}

void *file_writer(void *argument)
{
	struct file_sink *sink = argument;

	pthread_mutex_lock(&sink->lock);
	for (;;) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC), next;

		if (writer_finished(sink, now))
			break;
		next = writer_next(sink);
		if (next > now) {
			sink->sleeping = true;
			(void)condition_wait_until(&sink->work, &sink->lock,
				sink->stopping ? MIN(next, sink->stop_ns) : next);
			sink->sleeping = false;
			continue;
		}
		if (line_queue_bloated(&sink->queue) && !sink->queue.count && now >= sink->trim_ns)
			line_queue_trim(&sink->queue);
		else
			writer_step(sink);
	}
	pthread_mutex_unlock(&sink->lock);
	return NULL;
}
