/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is only appended to, in whole lines, and rotated to path.1, path.2 …: opening it
 * safely, mending its end, taking back what a full disk let through by half. No queue, no thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "lib/error.h"

/* How far back from the end a line cut by a crash may begin. Longer than any line we write. */
#define LOG_FILE_TORN_LINE_MAX ((size_t)16 << 20)

struct log_file {
	char *path;
	mode_t mode;
	uint32_t max_files;
	int fd;		  /* -1: not open */
	uint64_t size;	  /* as of log_file_refresh(), kept up by append and cut */
	uint64_t born_ns; /* CLOCK_REALTIME: when this file was begun */
	bool torn;	  /* half a line stands at the end and could not be taken back */
};

/* Close what is open and open `path` for appending, creating it if it is missing. Refused: links
 * (-ELOOP), what is not a regular file (-ENOTSUP), and as root a file of somebody else or with a
 * second name (-EPERM); the owner of the directory could put anything in its place anyway and is
 * not "somebody else". A last line without a newline, from a crash, is cut off: a reader takes no
 * half line, and its number shows as missing. */
int log_file_open(struct log_file *file, struct error *error);
void log_file_close(struct log_file *file);
/* Learn the size anew: somebody may have truncated the file. False: it was deleted (or is not
 * open), and must be opened again. */
bool log_file_refresh(struct log_file *file);
/* path.N-1 -> path.N … path -> path.1, then open an empty path. When path cannot be renamed it
 * stays open and usable, and the error is returned. */
int log_file_rotate(struct log_file *file);
/* Write all of it, in order. On failure *ret_written says how much went in before. */
int log_file_append(struct log_file *file, struct iovec *vector, int count, size_t *ret_written);
/* Take back the last `length` bytes; false, and `torn` set, when that cannot be done. */
bool log_file_cut(struct log_file *file, size_t length);
