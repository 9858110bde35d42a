/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/file_sink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/export/file_sink_internal.h"
#include "lib/thread.h"

#define WRITER_STACK ((size_t)256 << 10)

static void wake_writer(struct file_sink *sink)
{
	sink->flushed = sink->queue.count;
	sink->unflushed_bytes = 0;
	if (sink->sleeping)
		pthread_cond_signal(&sink->work);
}

static bool room_again(const struct file_sink *sink)
{
	return line_queue_free_bytes(&sink->queue) >= sink->queue.size / 4;
}

/* Numbers in a row with one reason are one loss, so that its range names exactly what is missing.
 */
static void count_loss(struct file_sink *sink, uint64_t sequence)
{
	const char *reason = sink->counters.failing ? sink->reason : "queue full";
	struct file_sink_loss *last = sink->losses + sink->loss_count - 1;
	uint64_t now = clock_ns(CLOCK_REALTIME);

	if (!sink->loss_count ||
		(sink->loss_count < LOSSES_MAX &&
			(last->last_sequence + 1 != sequence || strcmp(last->reason, reason)))) {
		last = sink->losses + sink->loss_count++;
		*last = (struct file_sink_loss){.first_sequence = sequence, .since_ns = now};
		snprintf(last->reason, sizeof(last->reason), "%s", reason);
	}
	last->lines++;
	last->last_sequence = sequence;
	last->until_ns = now;
	sink->counters.lost++;
}

static bool put_line(struct file_sink *sink, const void *line, size_t length, uint64_t sequence,
	enum line_begins begins)
{
	bool fits;

	pthread_mutex_lock(&sink->lock);
	if (sink->shedding && room_again(sink))
		sink->shedding = false;
	fits = !sink->shedding && line_queue_put(&sink->queue, line, length, sequence, begins);
	if (!fits) {
		/* A short line that still fits would only break the gap in two. */
		sink->shedding = true;
		count_loss(sink, sequence);
		wake_writer(sink);
	} else {
		sink->unflushed_bytes += length;
		/* A caller with a very long batch must not fill the queue while the writer sleeps.
		 */
		if (sink->unflushed_bytes > sink->queue.size / 4)
			wake_writer(sink);
	}
	pthread_mutex_unlock(&sink->lock);
	return fits;
}

bool file_sink_put(struct file_sink *sink, const void *line, size_t length, uint64_t sequence)
{
	bool fits = put_line(sink, line, length, sequence, LINE_BEGINS_NOTHING);

	if (fits)
		sink->put_size += length;
	return fits;
}

bool file_sink_new_file_due(const struct file_sink *sink, size_t length)
{
	return !sink->put_size || sink->put_reopen ||
	       (sink->max_size && sink->put_size + length > sink->max_size) ||
	       (sink->rotate_ns && clock_ns(CLOCK_MONOTONIC) >= sink->put_until_ns);
}

bool file_sink_put_first(struct file_sink *sink, const void *line, size_t length, uint64_t sequence)
{
	if (!put_line(sink, line, length, sequence,
		    sink->put_reopen ? LINE_BEGINS_REOPEN : LINE_BEGINS_FILE))
		return false;
	sink->put_reopen = false;
	sink->put_size = length;
	sink->put_until_ns = add_ns(clock_ns(CLOCK_MONOTONIC), sink->rotate_ns);
	return true;
}

size_t file_sink_free_bytes(const struct file_sink *sink)
{
	struct file_sink *locked = (struct file_sink *)sink;
	size_t free_bytes;

	pthread_mutex_lock(&locked->lock);
	free_bytes = line_queue_free_bytes(&sink->queue);
	pthread_mutex_unlock(&locked->lock);
	return free_bytes;
}

void file_sink_flush(struct file_sink *sink)
{
	pthread_mutex_lock(&sink->lock);
	if (sink->unflushed_bytes)
		wake_writer(sink);
	pthread_mutex_unlock(&sink->lock);
}

bool file_sink_wait(struct file_sink *sink, size_t bytes, uint64_t timeout_ns)
{
	uint64_t until = add_ns(clock_ns(CLOCK_MONOTONIC), timeout_ns);
	bool enough;

	pthread_mutex_lock(&sink->lock);
	wake_writer(sink);
	sink->waiting = true;
	for (;;) {
		enough = line_queue_free_bytes(&sink->queue) >= bytes;
		if (enough || sink->counters.failing || clock_ns(CLOCK_MONOTONIC) >= until)
			break;
		(void)condition_wait_until(&sink->space, &sink->lock, until);
	}
	sink->waiting = false;
	pthread_mutex_unlock(&sink->lock);
	return enough;
}

bool file_sink_take_loss(struct file_sink *sink, struct file_sink_loss *ret_loss)
{
	bool taken;

	pthread_mutex_lock(&sink->lock);
	/* With little room the line that tells of the loss would itself be lost. */
	taken = sink->loss_count && !sink->counters.failing && room_again(sink);
	if (taken) {
		*ret_loss = sink->losses[0];
		sink->loss_count--;
		memmove(sink->losses, sink->losses + 1, sink->loss_count * sizeof(sink->losses[0]));
	}
	pthread_mutex_unlock(&sink->lock);
	return taken;
}

void file_sink_counters_get(const struct file_sink *sink, struct file_sink_counters *ret)
{
	struct file_sink *locked = (struct file_sink *)sink;

	pthread_mutex_lock(&locked->lock);
	*ret = sink->counters;
	ret->queued_bytes = sink->queue.used;
	memcpy(ret->reason, sink->reason, sizeof(ret->reason));
	if (!ret->failing)
		ret->reason[0] = '\0';
	pthread_mutex_unlock(&locked->lock);
}

void file_sink_reopen(struct file_sink *sink)
{
	if (sink->caller_begins_files) {
		sink->put_reopen = true;
		return;
	}
	pthread_mutex_lock(&sink->lock);
	sink->reopen = true;
	if (sink->sleeping)
		pthread_cond_signal(&sink->work);
	pthread_mutex_unlock(&sink->lock);
}

/* ---- start and stop ---- */

static struct file_sink *sink_free(struct file_sink *sink)
{
	log_file_close(&sink->file);
	free(sink->file.path);
	line_queue_done(&sink->queue);
	pthread_cond_destroy(&sink->work);
	pthread_cond_destroy(&sink->space);
	pthread_mutex_destroy(&sink->lock);
	free(sink);
	return NULL;
}

static struct file_sink *sink_new(const struct file_sink_options *options)
{
	struct file_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	pthread_mutex_init(&sink->lock, NULL);
	pthread_cond_init(&sink->work, NULL);
	pthread_cond_init(&sink->space, NULL);
	sink->max_size = options->max_size;
	sink->rotate_ns = options->rotate_seconds * NSEC_PER_SEC;
	sink->caller_begins_files = options->caller_begins_files;
	sink->file = (struct log_file){.path = strdup(options->path),
		.mode = options->mode,
		.max_files = options->max_files,
		.fd = -1};
	if (!sink->file.path || line_queue_init(&sink->queue, options->queue_size))
		return sink_free(sink);
	return sink;
}

int file_sink_start(
	const struct file_sink_options *options, struct file_sink **ret_sink, struct error *error)
{
	struct file_sink *sink = sink_new(options);
	int rc;

	if (!sink)
		return error_set(error, -ENOMEM, "%s: no memory for a queue of %zu bytes",
			options->path, options->queue_size);
	rc = file_writer_open(sink, error);
	if (!rc) {
		sink->put_size = sink->file.size;
		sink->put_until_ns = sink->rotate_at_ns;
		rc = thread_start(&sink->thread, "file-writer", WRITER_STACK, file_writer, sink);
		if (rc)
			error_set(error, rc, "%s: writer thread: %s", options->path, strerror(-rc));
	}
	if (rc) {
		sink_free(sink);
		return rc;
	}
	*ret_sink = sink;
	return 0;
}

struct file_sink *file_sink_stop(struct file_sink *sink, uint64_t timeout_ns)
{
	if (!sink)
		return NULL;
	pthread_mutex_lock(&sink->lock);
	sink->stopping = true;
	sink->stop_ns = add_ns(clock_ns(CLOCK_MONOTONIC), timeout_ns);
	sink->retry_ns = 0; /* a last attempt, if it has been failing */
	pthread_cond_signal(&sink->work);
	pthread_mutex_unlock(&sink->lock);
	/* A write to a dead disk or server never returns. Then the thread keeps what it holds. */
	if (!thread_join_until(sink->thread, add_ns(clock_ns(CLOCK_MONOTONIC), timeout_ns)))
		return NULL;
	return sink_free(sink);
}
