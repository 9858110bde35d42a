/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a log file's lines from its end: the newest is what is looked for, and the file may be
 * big. By pread and never by mmap, since its owner may make it shorter at any time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/cleanup.h"

struct lines_backward {
	int fd; /* borrowed */
	char *window;
	size_t window_size;
	size_t length; /* bytes of whole lines in the window not yet given out */
	off_t start;   /* where the window begins in the file */
	off_t stop;    /* where the search ends */
	uint64_t deadline_ns;
	bool skipping; /* the window ends inside a line longer than it */
};

/* Lines up to `line_max` bytes in the last `search_max` bytes. What stands after the last newline
 * is not a whole line yet and is left out. 0, -ENOMEM, -errno. */
int lines_backward_begin(struct lines_backward *lines, int fd, size_t line_max, off_t search_max,
	uint64_t deadline_ns);
/* 1 and the next older line without its newline (not NUL-terminated, good until the next call), 0
 * at the end, -ETIMEDOUT, -errno. */
int lines_backward_next(struct lines_backward *lines, const char **ret_line, size_t *ret_length);
void lines_backward_done(struct lines_backward *lines);
#define _cleanup_lines_backward_ _cleanup_(lines_backward_done)
