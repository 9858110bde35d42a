/* SPDX-License-Identifier: Apache-2.0 */
/* What the two sides of the file sink share: file_sink.c runs on the main thread, file_writer.c on
 * the sink's own. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "daemon/export/file_sink.h"
#include "daemon/export/line_queue.h"
#include "daemon/export/log_file.h"
#include "lib/clock.h"
#include "lib/util.h"

#define NEVER UINT64_MAX
#define LOSSES_MAX                                                                                 \
	16 /* further ones are put to the last: their range then holds lines that are not lost */

struct file_sink {
	uint64_t max_size, rotate_ns;
	bool caller_begins_files;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, space;

	/* under the lock */
	struct line_queue queue;
	size_t flushed;		/* lines of the queue that the writer may take */
	size_t unflushed_bytes; /* the rest */
	bool sleeping, waiting, stopping, reopen;
	uint64_t stop_ns;
	struct file_sink_loss losses[LOSSES_MAX]; /* not reported yet, oldest first */
	size_t loss_count;
	bool shedding; /* a line was lost; the next is taken once there is room for many */
	struct file_sink_counters counters;
	char reason[sizeof(((struct file_sink_loss *)NULL)->reason)]; /* while failing */

	/* the main thread's own, with caller_begins_files: the file as it will be */
	uint64_t put_size, put_until_ns; /* CLOCK_MONOTONIC */
	bool put_reopen;

	/* the writer's own; times are CLOCK_MONOTONIC */
	struct log_file file;
	size_t partial; /* bytes of the first queued line that stand in the file and could not be
			   cut */
	uint64_t retry_ns, rotate_at_ns, rotate_retry_ns, trim_ns;
};

static inline uint64_t add_ns(uint64_t time, uint64_t more)
{
	return time > NEVER - more ? NEVER : time + more;
}

/* The thread; `argument` is the sink. Ends when the sink is stopping. */
void *file_writer(void *argument);
/* Open the path, for the first time or again. */
int file_writer_open(struct file_sink *sink, struct error *error);
