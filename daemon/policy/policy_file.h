/* SPDX-License-Identifier: Apache-2.0 */
/* Reading policies' files: only what root or the daemon's own user can have written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

/* Names in one directory that are read; those beyond are said to be refused. */
#define POLICY_FILES_MAX 1024

/* Open a directory that belongs to root or to the daemon's user, and that nobody else may write
 * to. */
int policy_directory_fd_open(const char *path, int *ret_fd, struct error *error);

/* *.yaml and *.yml, not hidden: what editors leave beside a file is something else. */
bool policy_file_is_named_so(const char *name);

/* Read a file of the directory: a regular one and no link, of root or the daemon's user, which
 * neither group nor others may write to, of at most YAML_BYTES_MAX. `error` says what it is,
 * without the path; -ENOENT when it is not there. */
int policy_file_read(int directory_fd, const char *name, struct buf *ret_text, struct error *error);

struct policy_file_names {
	char **items;
	size_t count, omitted;
};
/* In the order of bytes. */
int policy_file_names_read(int directory_fd, struct policy_file_names *ret_names);
void policy_file_names_done(struct policy_file_names *names);
