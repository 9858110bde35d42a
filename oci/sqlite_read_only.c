/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/sqlite_read_only.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "oci/sqlite_vfs.h"

#define PROGRESS_STEPS 1000 /* virtual machine steps between looks at the clock: some 20 µs */

struct sqlite_read_only {
	struct sqlite_vfs vfs;
	bool vfs_registered;
	sqlite3 *handle;
	uint64_t deadline_ns, busy_until_ns;
};

static int on_progress(void *data)
{
	const struct sqlite_read_only *database = data;

	return clock_ns(CLOCK_MONOTONIC) >= database->deadline_ns;
}

static int on_busy(void *data, int attempts)
{
	const struct sqlite_read_only *database = data;
	struct timespec pause = {.tv_nsec = NSEC_PER_MSEC};

	if (clock_ns(CLOCK_MONOTONIC) >= MIN(database->busy_until_ns, database->deadline_ns))
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

static int set_limits(sqlite3 *handle)
{
	static const struct {
		int what, value;
	} limits[] = {
		{SQLITE_LIMIT_LENGTH, SQLITE_READ_ONLY_VALUE_MAX},
		{SQLITE_LIMIT_SQL_LENGTH, 64 << 10},
		{SQLITE_LIMIT_COLUMN, 100},
		{SQLITE_LIMIT_EXPR_DEPTH, 20},
		{SQLITE_LIMIT_COMPOUND_SELECT, 2},
		{SQLITE_LIMIT_VDBE_OP, 25000},
		{SQLITE_LIMIT_FUNCTION_ARG, 8},
		{SQLITE_LIMIT_ATTACHED, 0},
		{SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100},
		{SQLITE_LIMIT_VARIABLE_NUMBER, 8},
		{SQLITE_LIMIT_TRIGGER_DEPTH, 1},
		{SQLITE_LIMIT_WORKER_THREADS, 0},
	};
	static const struct {
		int what, on;
	} switches[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_VIEW, 0},
		{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
		{SQLITE_DBCONFIG_DQS_DML, 0},
		{SQLITE_DBCONFIG_DQS_DDL, 0},
		{SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		sqlite3_limit(handle, limits[i].what, limits[i].value);
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		int result = sqlite3_db_config(handle, switches[i].what, switches[i].on, NULL);

		if (result != SQLITE_OK)
			return result;
	}
	/* cell_size_check: look for corrupt pages early; the cache in KiB, so that a big database
	 * does not show in this process's memory. */
	return sqlite3_exec(handle,
		"PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
		"PRAGMA query_only=ON; PRAGMA cache_size=-512;",
		NULL, NULL, NULL);
}

int sqlite_read_only_errno(struct sqlite_read_only *database, int result, struct error *error)
{
	const char *message =
		database->handle ? sqlite3_errmsg(database->handle) : sqlite3_errstr(result);
	int code = -EIO;

	switch (result & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		code = -EBUSY;
		break;
	case SQLITE_INTERRUPT:
		code = -ETIMEDOUT;
		break;
	case SQLITE_NOMEM:
		code = -ENOMEM;
		break;
	case SQLITE_TOOBIG:
		code = -E2BIG;
		break;
	case SQLITE_CANTOPEN:
		if (database->vfs.open_error)
			return error_set(error, database->vfs.open_error, "cannot open: %s",
				strerror(-database->vfs.open_error));
		break;
	case SQLITE_ERROR:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_MISMATCH:
		code = -EINVAL;
		break;
	case SQLITE_READONLY:
		return error_set(
			error, -EBUSY, "an interrupted write must be rolled back by podman first");
	}
	return error_set(error, code, "%s", message);
}

static int open_handle(struct sqlite_read_only *database, const char *name)
{
	int result = sqlite3_open_v2(name, &database->handle,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
		database->vfs.name);

	if (result != SQLITE_OK)
		return result;
	sqlite3_extended_result_codes(database->handle, 1);
	sqlite3_progress_handler(database->handle, PROGRESS_STEPS, on_progress, database);
	sqlite3_busy_handler(database->handle, on_busy, database);
	return set_limits(database->handle);
}

int sqlite_read_only_open(int directory_fd, const char *name, uid_t owner, uint64_t deadline_ns,
	struct sqlite_read_only **ret_database, struct error *error)
{
	_cleanup_sqlite_read_only_ struct sqlite_read_only *database = NULL;
	int result;

	database = calloc(1, sizeof(*database));
	if (!database)
		return -ENOMEM;
	database->deadline_ns = deadline_ns;
	database->busy_until_ns =
		clock_ns(CLOCK_MONOTONIC) + SQLITE_READ_ONLY_BUSY_MS * NSEC_PER_MSEC;
	result =
		sqlite_vfs_register(&database->vfs, directory_fd, owner, SQLITE_READ_ONLY_FILE_MAX);
	if (result != SQLITE_OK)
		return sqlite_read_only_errno(database, result, error);
	database->vfs_registered = true;
	result = open_handle(database, name);
	if (result != SQLITE_OK)
		return sqlite_read_only_errno(database, result, error);
	*ret_database = TAKE_PTR(database);
	return 0;
}

sqlite3 *sqlite_read_only_handle(struct sqlite_read_only *database)
{
	return database->handle;
}

/* rootpage is 0 for a virtual table, whose module's code would run. */
static int check_is_table(sqlite3 *handle, const char *table)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(handle,
		"SELECT count(*) FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE"
		" AND type = 'table' AND rootpage > 0",
		-1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		result = sqlite3_column_int(statement, 0) == 1 ? SQLITE_OK : SQLITE_MISMATCH;
	sqlite3_finalize(statement);
	return result;
}

/* hidden is 2 or 3 for a column that is computed when it is read. */
static int count_plain_columns(sqlite3 *handle, const char *table, const char *const *columns,
	size_t column_count, size_t *ret_count)
{
	sqlite3_stmt *statement = NULL;
	size_t count = 0;
	int result = sqlite3_prepare_v2(handle,
		"SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0", -1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
	while (result == SQLITE_OK || result == SQLITE_ROW) {
		const char *name;

		result = sqlite3_step(statement);
		if (result != SQLITE_ROW)
			break;
		name = (const char *)sqlite3_column_text(statement, 0);
		for (size_t i = 0; name && i < column_count; i++)
			count += strcmp(name, columns[i]) == 0;
	}
	sqlite3_finalize(statement);
	if (result != SQLITE_DONE)
		return result;
	*ret_count = count;
	return SQLITE_OK;
}

int sqlite_read_only_check_table(struct sqlite_read_only *database, const char *table,
	const char *const *columns, size_t column_count, struct error *error)
{
	size_t count = 0;
	int result = check_is_table(database->handle, table);

	if (result == SQLITE_MISMATCH)
		return error_set(error, -EINVAL, "there is no table %s", table);
	if (result == SQLITE_OK)
		result =
			count_plain_columns(database->handle, table, columns, column_count, &count);
	if (result != SQLITE_OK)
		return sqlite_read_only_errno(database, result, error);
	if (count != column_count)
		return error_set(error, -EINVAL, "table %s has other columns than podman's", table);
	return 0;
}

struct sqlite_read_only *sqlite_read_only_close(struct sqlite_read_only *database)
{
	if (!database)
		return NULL;
	sqlite3_close_v2(database->handle);
	if (database->vfs_registered)
		sqlite_vfs_unregister(&database->vfs);
	free(database);
	return NULL;
}
