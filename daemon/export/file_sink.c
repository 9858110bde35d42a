/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/file_sink.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/export/line_queue.h"
#include "daemon/export/log_file.h"
#include "lib/cleanup.h"
#include "lib/util.h"

#define WRITE_MAX	((size_t)256 << 10) /* bytes of one write, unless a single line is longer */
#define RETRY_NS	NSEC_PER_SEC	    /* between attempts while writing fails */
#define ROTATE_RETRY_NS (10 * NSEC_PER_SEC) /* the file goes on growing meanwhile */
#define TRIM_NS		NSEC_PER_SEC	    /* the queue was empty this long: give its pages back */
#define WRITER_STACK	((size_t)256 << 10)
#define NEVER		UINT64_MAX

struct file_sink {
	uint64_t max_size, rotate_ns;
	void (*header)(void *data, uint64_t sequence, uint64_t previous_last, struct buf *ret_line);
	void *header_data;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, space;

	/* under the lock */
	struct line_queue queue;
	size_t flushed;		/* lines of the queue that the writer may take */
	size_t unflushed_bytes; /* the rest */
	bool sleeping, waiting, stopping, reopen;
	uint64_t stop_ns;
	struct file_sink_loss loss;
	struct file_sink_counters counters;
	char reason[sizeof(((struct file_sink_loss *)NULL)->reason)]; /* while failing */

	/* the writer's own; times are CLOCK_MONOTONIC */
	struct log_file file;
	struct buf header_line;
	uint64_t last_sequence;
	size_t partial; /* bytes of the first queued line that stand in the file and could not be
			   cut */
	uint64_t retry_ns, rotate_at_ns, rotate_retry_ns, trim_ns;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static uint64_t add_ns(uint64_t time, uint64_t more)
{
	return time > NEVER - more ? NEVER : time + more;
}

static void wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until_ns)
{
	struct timespec until = {.tv_sec = (time_t)(until_ns / NSEC_PER_SEC),
		.tv_nsec = (long)(until_ns % NSEC_PER_SEC)};

	if (until_ns == NEVER)
		pthread_cond_wait(condition, lock);
	else
		pthread_cond_timedwait(condition, lock, &until);
}

/* ---- the writer's side ---- */

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

static int open_file(struct file_sink *sink, struct error *error)
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
	if (!sink->file.size || sink->partial)
		return false;
	now = clock_ns(CLOCK_MONOTONIC);
	if (now < sink->rotate_retry_ns)
		return false;
	return now >= sink->rotate_at_ns ||
	       (sink->max_size && next_line && sink->file.size + next_line > sink->max_size);
}

/* Make sure that there is a file and that it has room; `next_line` 0: no line waits. */
static int prepare_file(struct file_sink *sink, bool reopen, size_t next_line, bool *ret_rotated)
{
	int rc;

	if (reopen || !log_file_refresh(&sink->file)) {
		/* Whoever asked may have moved the file to where it is packed and deleted: when the
		 * path cannot be opened, going on with the old one would lose lines unnoticed. */
		if (reopen)
			log_file_close(&sink->file);
		rc = open_file(sink, NULL);
		if (rc)
			return rc;
	}
	if (rotation_due(sink, next_line)) {
		rc = log_file_rotate(&sink->file);
		if (sink->file.fd < 0)
			return rc;
		*ret_rotated = !rc;
		sink->rotate_retry_ns = rc ? clock_ns(CLOCK_MONOTONIC) + ROTATE_RETRY_NS : 0;
		plan_rotation(sink);
	}
	if (!sink->file.size && next_line) {
		sink->partial = 0;
		sink->file.born_ns = clock_ns(CLOCK_REALTIME); /* its time begins with its first line */
		plan_rotation(sink);
	}
	return 0;
}

struct batch {
	size_t lines, bytes; /* taken from the queue; bytes without what is in the file already */
	size_t header, partial;
	bool end_line; /* half a line of another stream stands at the end of the file */
	struct iovec vector[3];
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

	if (sink->max_size && clock_ns(CLOCK_MONOTONIC) >= sink->rotate_retry_ns) {
		uint64_t taken = sink->file.size + batch->header;

		room = sink->max_size > taken ? sink->max_size - taken : 0;
	}
	for (batch->lines = 0; batch->lines < available; batch->lines++) {
		size_t length = line_queue_at(&sink->queue, batch->lines)->length;

		if (batch->lines && (bytes + length > limit || bytes + length > room))
			break;
		bytes += length;
	}
	batch->partial = sink->partial;
	batch->bytes = bytes - sink->partial;
	if (batch->header)
		batch->vector[batch->count++] = (struct iovec){
			.iov_base = sink->header_line.data, .iov_len = batch->header};
	else if (batch->end_line)
		batch->vector[batch->count++] =
			(struct iovec){.iov_base = (char *)"\n", .iov_len = 1};
	batch->count += line_queue_vector(
		&sink->queue, sink->partial, batch->bytes, batch->vector + batch->count);
}

/* Without the lock. Returns how many lines are in the file for good; *ret_error the failure. */
static size_t batch_write(struct file_sink *sink, struct batch *batch, int *ret_error)
{
	size_t prefix = batch->header + batch->end_line, written = 0, kept = 0, lines = 0;

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
	/* A header alone is no file's content: the next attempt begins it anew. */
	if (!lines && !sink->partial && batch->header)
		log_file_cut(&sink->file, batch->header);
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
	uint64_t sequence = first ? first->sequence : 0, last = 0;
	struct batch batch = {0};
	bool reopen = sink->reopen, rotated = false;
	int rc;

	sink->reopen = false;
	pthread_mutex_unlock(&sink->lock);
	rc = prepare_file(sink, reopen, next_line, &rotated);
	if (!rc && first && !sink->file.size && sink->header) {
		buf_clear(&sink->header_line);
		sink->header(sink->header_data, sequence, sink->last_sequence, &sink->header_line);
		batch.header = sink->header_line.failed ? 0 : sink->header_line.length;
	}
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

	for (size_t i = 0; i < lines; i++) {
		const struct line_entry *entry = line_queue_at(&sink->queue, i);

		last = entry->sequence;
		sink->counters.bytes += entry->length;
	}
	if (lines)
		sink->last_sequence = last;
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
	if (sink->file.size)
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

static void *writer(void *argument)
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
			wait_until(&sink->work, &sink->lock,
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

/* ---- the main thread's side ---- */

static void wake_writer(struct file_sink *sink)
{
	sink->flushed = sink->queue.count;
	sink->unflushed_bytes = 0;
	if (sink->sleeping)
		pthread_cond_signal(&sink->work);
}

static void count_loss(struct file_sink *sink, uint64_t sequence)
{
	uint64_t now = clock_ns(CLOCK_REALTIME);

	if (!sink->loss.lines) {
		sink->loss.first_sequence = sequence;
		sink->loss.since_ns = now;
	}
	sink->loss.lines++;
	sink->loss.last_sequence = sequence;
	sink->loss.until_ns = now;
	snprintf(sink->loss.reason, sizeof(sink->loss.reason), "%s",
		sink->counters.failing ? sink->reason : "queue full");
	sink->counters.lost++;
}

bool file_sink_put(struct file_sink *sink, const void *line, size_t length, uint64_t sequence)
{
	bool fits;

	pthread_mutex_lock(&sink->lock);
	fits = line_queue_put(&sink->queue, line, length, sequence);
	if (!fits) {
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
		wait_until(&sink->space, &sink->lock, until);
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
	taken = sink->loss.lines && !sink->counters.failing &&
		line_queue_free_bytes(&sink->queue) >= sink->queue.size / 4;
	if (taken) {
		*ret_loss = sink->loss;
		sink->loss = (struct file_sink_loss){0};
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
	pthread_mutex_unlock(&locked->lock);
}

void file_sink_reopen(struct file_sink *sink)
{
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
	buf_done(&sink->header_line);
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
	pthread_condattr_t attributes;

	if (!sink)
		return NULL;
	pthread_mutex_init(&sink->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&sink->work, &attributes);
	pthread_cond_init(&sink->space, &attributes);
	pthread_condattr_destroy(&attributes);
	sink->max_size = options->max_size;
	sink->rotate_ns = options->rotate_seconds * NSEC_PER_SEC;
	sink->header = options->header;
	sink->header_data = options->header_data;
	sink->file = (struct log_file){.path = strdup(options->path),
		.mode = options->mode,
		.max_files = options->max_files,
		.fd = -1};
	if (!sink->file.path || line_queue_init(&sink->queue, options->queue_size))
		return sink_free(sink);
	return sink;
}

static int start_thread(struct file_sink *sink)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int rc;

	/* Signals belong to the main thread; SIGXFSZ becomes a write error. */
	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, WRITER_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&sink->thread, &attributes, writer, sink);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -rc;
}

int file_sink_start(
	const struct file_sink_options *options, struct file_sink **ret_sink, struct error *error)
{
	struct file_sink *sink = sink_new(options);
	int rc;

	if (!sink)
		return error_set(error, -ENOMEM, "%s: no memory for a queue of %zu bytes",
			options->path, options->queue_size);
	rc = open_file(sink, error);
	if (!rc) {
		rc = start_thread(sink);
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
	struct timespec until;
	uint64_t until_ns;

	if (!sink)
		return NULL;
	pthread_mutex_lock(&sink->lock);
	sink->stopping = true;
	sink->stop_ns = add_ns(clock_ns(CLOCK_MONOTONIC), timeout_ns);
	sink->retry_ns = 0; /* a last attempt, if it has been failing */
	pthread_cond_signal(&sink->work);
	pthread_mutex_unlock(&sink->lock);
	/* A write to a dead disk or server never returns. Then the thread keeps what it holds. */
	until_ns = MIN(add_ns(clock_ns(CLOCK_REALTIME), timeout_ns), NEVER / 2);
	until = (struct timespec){.tv_sec = (time_t)(until_ns / NSEC_PER_SEC),
		.tv_nsec = (long)(until_ns % NSEC_PER_SEC)};
	if (pthread_timedjoin_np(sink->thread, NULL, &until)) {
		pthread_detach(sink->thread);
		return NULL;
	}
	return sink_free(sink);
}
