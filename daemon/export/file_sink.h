/* SPDX-License-Identifier: Apache-2.0 */
/* A log file behind a bounded queue and a writer thread: rotation by size and time, re-open, and an
 * exact account of what could not be written. Knows nothing of the lines' format. Used for the JSON
 * log and for the audit-format log. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/error.h"

struct file_sink;

struct file_sink_options {
	const char *path; /* copied */
	mode_t mode;
	uint64_t max_size;	 /* bytes; rotate before a line would go beyond; 0 = never */
	uint32_t max_files;	 /* rotated files kept: path.1 is the newest */
	uint64_t rotate_seconds; /* 0 = never */
	size_t queue_size;	 /* bytes */
	/* The caller begins each new file with a line of its own, see file_sink_put_first(): it
	 * asks file_sink_new_file_due() before each put. Else the writer rotates by itself. */
	bool caller_begins_files;
};

struct file_sink_loss { /* lines that were taken and then could not be kept */
	uint64_t lines, first_sequence, last_sequence;
	uint64_t since_ns, until_ns; /* CLOCK_REALTIME */
	char reason[64];	     /* "queue full", or strerror() of the write */
};

struct file_sink_counters {
	uint64_t lines, bytes, lost, rotations, write_errors;
	uint64_t queued_bytes;
	bool failing;	 /* the last write failed */
	char reason[64]; /* why, while failing */
};

/* Opens (append) or creates the file, O_NOFOLLOW, and starts the thread. */
int file_sink_start(
	const struct file_sink_options *options, struct file_sink **ret_sink, struct error *error);
/* Put one whole line (with newline) into the queue. Main thread only; never blocks; false when the
 * queue is full: the line is counted lost with its sequence. The writer is not woken: see flush. */
bool file_sink_put(struct file_sink *sink, const void *line, size_t length, uint64_t sequence);
/* Whether the file should end before a line of this length: it would grow beyond max_size, its time
 * is over, it is empty, or file_sink_reopen() was called. Main thread only; goes by what was put.
 */
bool file_sink_new_file_due(const struct file_sink *sink, size_t length);
/* The same as file_sink_put(), as the first line of a new file: the writer rotates (or opens the
 * path again) when it comes to it. When it does not fit, a new file stays due. */
bool file_sink_put_first(
	struct file_sink *sink, const void *line, size_t length, uint64_t sequence);
/* Bytes free in the queue: the pipeline waits a little, with the ring as its buffer, rather than
 * lose. */
size_t file_sink_free_bytes(const struct file_sink *sink);
/* Wake the writer if anything was put since the last time. Call once per batch. */
void file_sink_flush(struct file_sink *sink);
/* Wait until at least `bytes` are free or the timeout passes; false on timeout, and at once while
 * failing. */
bool file_sink_wait(struct file_sink *sink, size_t bytes, uint64_t timeout_ns);
/* The oldest loss that was not taken yet: lines in a row, lost for one reason. False when there is
 * none, and while the file takes no lines, since nobody could be told. Call until false. */
bool file_sink_take_loss(struct file_sink *sink, struct file_sink_loss *ret_loss);
void file_sink_counters_get(const struct file_sink *sink, struct file_sink_counters *ret);
/* SIGHUP: close and open the path again (logrotate). Asynchronous; with caller_begins_files at the
 * next file_sink_put_first(). */
void file_sink_reopen(struct file_sink *sink);
/* Write what is queued (at most `timeout_ns`), stop the thread. Accepts NULL. */
struct file_sink *file_sink_stop(struct file_sink *sink, uint64_t timeout_ns);
