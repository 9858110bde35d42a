/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an SQLite database that somebody else owns and may have built to hurt its reader.
 *
 * SQLite opens its files by name, follows links, and would wait in open() of a FIFO. So it gets a
 * file system layer (VFS) of ours, that opens regular files of one owner in one directory, for
 * reading only, and takes SQLite's shared lock by open-file-description locks: process-wide POSIX
 * locks would be lost whenever any thread closes the same file. Everything in the database that
 * could run code (views, triggers, functions in the schema) is off, sizes are limited, and it stops
 * at the deadline. A hot journal (podman died in a write) cannot be rolled back by a reader: that
 * is an error, never stale data. So is WAL mode, which would need to write. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>
#include <sys/types.h>

#include "lib/error.h"

#define SQLITE_READ_ONLY_FILE_MAX                                                                  \
	((int64_t)512 << 20)		     /* bytes of a database that is opened at all */
#define SQLITE_READ_ONLY_VALUE_MAX (4 << 20) /* bytes of one value or row */
#define SQLITE_READ_ONLY_BUSY_MS   50	     /* waits for a writer's lock, at most */

struct sqlite_read_only;

/* Open `name` in directory_fd (borrowed until close) if it belongs to `owner` or root. 0, -ENOENT,
 * other negative errno with `error` set. */
int sqlite_read_only_open(int directory_fd, const char *name, uid_t owner, uint64_t deadline_ns,
	struct sqlite_read_only **ret_database, struct error *error);
sqlite3 *sqlite_read_only_handle(struct sqlite_read_only *database);
/* -EINVAL unless `table` is an ordinary table (no view, no virtual table) that has every one of
 * the plain columns named, none of them computed. */
int sqlite_read_only_check_table(struct sqlite_read_only *database, const char *table,
	const char *const *columns, size_t column_count, struct error *error);
/* The errno for a result code of SQLite: -EBUSY, -ETIMEDOUT, -ENOMEM, -E2BIG, -EIO, -EINVAL. */
int sqlite_read_only_errno(struct sqlite_read_only *database, int result, struct error *error);
struct sqlite_read_only *sqlite_read_only_close(struct sqlite_read_only *database);
static inline void sqlite_read_only_close_p(struct sqlite_read_only **database)
{
	sqlite_read_only_close(*database);
}
#define _cleanup_sqlite_read_only_ _cleanup_(sqlite_read_only_close_p)
