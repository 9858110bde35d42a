/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and reading files that somebody else may own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/error.h"

/* Open `path` below `directory_fd` (AT_FDCWD: absolute) for reading, regular files only:
 * no symbolic link anywhere in the path, and the type is looked at before the file is opened, so
 * that a FIFO, device or link planted by a container's owner does nothing. openat2(), Linux 5.6;
 * /proc. `owner`: if not (uid_t)-1, the file must belong to this uid or to root, else -EPERM.
 * Returns the fd or a negative errno (-ELOOP for a link, -ENOTSUP for what is not a regular file).
 */
int open_regular(int directory_fd, const char *path, uid_t owner);

/* Read a whole file into `buf` (appended), at most `limit` bytes: -EFBIG beyond. For regular files
 * and for /proc. On failure nothing is appended. */
int read_fd_limited(int fd, size_t limit, struct buf *buf);
int read_file_limited(const char *path, size_t limit, struct buf *buf);

/* Write all of it, retrying short writes and EINTR. */
int write_all(int fd, const void *data, size_t length);

/* Replace `name` in directory_fd by a new file with this content: temporary file, rename. Mode 0600
 * unless `mode` says otherwise. Readers see the old content or the new; nothing is synced to disk.
 */
int write_file_atomic(
	int directory_fd, const char *name, const void *data, size_t length, mode_t mode);

/* mkdir -p for the last component only; an existing directory is fine and left as it is, anything
 * else, a link to a directory too, is -ENOTDIR. A new one has `mode` whatever the umask. */
int make_directory(const char *path, mode_t mode);
