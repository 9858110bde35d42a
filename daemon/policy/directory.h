/* SPDX-License-Identifier: Apache-2.0 */
/* Watching policy_dir: when to look at it again. A file is looked at when nothing has happened for
 * a moment, and not while somebody writes to it. Policy thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

/* A change is looked at after this long without another, at the latest after the second. */
#define DIRECTORY_QUIET_NS (20 * NSEC_PER_MSEC)
#define DIRECTORY_LATE_NS  (500 * NSEC_PER_MSEC)
/* A directory that is missing, or not as it should be, is tried again. */
#define DIRECTORY_RETRY_NS (5 * NSEC_PER_SEC)
/* Files that are being written at once; further ones are read as they are. */
#define DIRECTORY_WRITING_MAX 64

struct policy_directory {
	char *path;
	int fd;		/* -1: cannot be read, for `error` */
	int inotify_fd; /* -1: changes are not noticed */
	int watch;
	char *writing[DIRECTORY_WRITING_MAX];
	uint64_t first_ns, last_ns; /* CLOCK_BOOTTIME of changes not looked at; 0: none */
	uint64_t opened_ns;	    /* the last try */
	struct error error;
};

/* -ENOMEM. A directory that cannot be opened is tried again. */
int policy_directory_init(
	struct policy_directory *directory, const char *path, uint64_t now_boottime_ns);
void policy_directory_done(struct policy_directory *directory);

/* inotify_fd is readable. */
void policy_directory_handle(struct policy_directory *directory, uint64_t now_boottime_ns);
/* -1: when inotify_fd is readable. */
int policy_directory_timeout_ms(const struct policy_directory *directory, uint64_t now_boottime_ns);
/* True when it is time to look at the files; counts as done. */
bool policy_directory_due(struct policy_directory *directory, uint64_t now_boottime_ns);
/* Somebody has written to this file and not closed it yet. */
bool policy_directory_is_written(const struct policy_directory *directory, const char *name);
