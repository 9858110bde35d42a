/* SPDX-License-Identifier: Apache-2.0 */
/* Log files as one stream of lines: rotated ones oldest first, the newest perhaps still growing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

#define LOG_LINE_MAX ((size_t)16 << 20)

struct log_line {
	const char *file; /* for messages; "-" is standard input */
	size_t number;	  /* of the line in it, from 1 */
	const char *text; /* without the newline */
	size_t length;
	bool whole; /* false: the file ended within it */
};

struct log_files;

/* Sorts `names`: events.json.2, events.json.1, events.json. "-" is standard input. `follow`: go on
 * with the last file as it grows, and with the one that takes its place. */
int log_files_open(
	char **names, size_t count, bool follow, struct log_files **ret_files, struct error *error);
/* 1 and a line, 0 at the end, or a negative errno. Waits when following; `idle`, which may be NULL,
 * is called before each wait and ends the following when it returns false. */
int log_files_next(struct log_files *files, bool (*idle)(void *data), void *data,
	struct log_line *ret_line, struct error *error);
struct log_files *log_files_close(struct log_files *files);
