/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a log as it grows, over rotations, in a thread of its own, and stamps when a line could be
 * read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

#define PROBES_MAX 4096
#define PROBE_PREFIX                                                                               \
	"bench-probe-" /* an argument PROBE_PREFIX<number> in a line marks that probe */

struct log_reader_options {
	const char *path;
	/* Look every 20 ms, for counting, at the least cost to who writes.
	 * Otherwise the thread sleeps in inotify and runs with real-time priority where allowed:
	 * what is to be measured is the log's delay, not the reader's. */
	bool unhurried;
	const char *program;   /* lines with it as "binary" are counted … */
	const char *also;      /* … if they have this too … */
	const char *exec_text; /* … apart by these: exec lines */
	const char *exit_text; /* and exit lines; any may be NULL */
};

struct log_reader_counters {
	uint64_t lines, bytes;
	uint64_t execs, exits;	/* of the lines to be counted */
	uint64_t loss_lines;	/* event_loss lines */
	uint64_t sequence_gaps; /* numbers missing in "sequence" */
	uint64_t rotations;
};

struct log_reader;
/* Begins at the present end of the file, which must exist. */
int log_reader_start(const struct log_reader_options *options, struct log_reader **ret_reader,
	struct error *error);
/* CLOCK_MONOTONIC when the line of probe `number` could be read; 0 while it could not. */
uint64_t log_reader_probe(const struct log_reader *reader, unsigned number);
/* Waits until the log has been quiet for a while, stops the thread, releases. */
struct log_reader_counters log_reader_stop(struct log_reader *reader);
