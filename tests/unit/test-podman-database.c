/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/podman_database.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "oci/sqlite_read_only.h"
#include "tests/unit/store.h"
#include "tests/unit/unit.h"

#define ID  "dc16f662fab2a04b96fa844adc8054f135e6041d1dd8907775caab4502c86c97"
#define POD "a43b22d0a5b6ca4ad902ae3ac9e931f4473b8de9bf3a7fcbd2125d72d4e32077"

/* podman's tables with one container in them */
#define TABLES                                                                                     \
	"CREATE TABLE PodConfig(ID TEXT PRIMARY KEY NOT NULL, Name TEXT UNIQUE NOT NULL,"          \
	" JSON TEXT NOT NULL);"                                                                    \
	"CREATE TABLE ContainerConfig(ID TEXT PRIMARY KEY NOT NULL, Name TEXT UNIQUE NOT NULL,"    \
	" PodID TEXT, JSON TEXT NOT NULL);"
#define ROW(json) "INSERT INTO ContainerConfig VALUES('" ID "', 'web', NULL, " json ");"

static struct store store;
static struct container_metadata metadata;
static struct error failure;

static int read_within(unsigned milliseconds)
{
	container_metadata_done(&metadata);
	memset(&failure, 0, sizeof(failure));
	return podman_database_read(
		store.root, getuid(), ID, deadline_in(milliseconds), &metadata, &failure);
}

static int read_database(void)
{
	return read_within(60000);
}

static void begin(void)
{
	store_begin(&store);
	memset(&metadata, 0, sizeof(metadata));
}

static void end(void)
{
	container_metadata_done(&metadata);
	store_end(&store);
}

START_TEST(test_real_database)
{
	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	ck_assert_int_eq(read_database(), 0);
	ck_assert_str_eq(metadata.name, "sqc");
	ck_assert_str_eq(metadata.image_name, "localhost/ocitest:1");
	ck_assert_str_eq(metadata.image_id,
		"698ff5a3de194da060eed02e0347a0f1e23fd90787fcf641a8cd65b64033581d");
	ck_assert_uint_eq(metadata.label_count, 2);
	ck_assert_str_eq(label_value(metadata.labels, 2, "img.label"), "v1");
	ck_assert_str_eq(label_value(metadata.labels, 2, "k"), "v");
	ck_assert_ptr_null(metadata.pod_id);
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_DATABASE);
	ck_assert(!metadata.truncated);
	end();
}
END_TEST

START_TEST(test_pod)
{
	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	store_database(&store, "db.sql", "UPDATE ContainerConfig SET PodID='" POD "';");
	ck_assert_int_eq(read_database(), 0);
	ck_assert_str_eq(metadata.pod_id, POD);
	ck_assert_str_eq(metadata.pod_name, "mypod");
	ck_assert_uint_eq(metadata.pod_label_count, 0);

	store_database(&store, "db.sql",
		"UPDATE PodConfig SET "
		"JSON='{\"name\":\"other\",\"labels\":{\"app\":\"shop\",\"n\":1}}';");
	ck_assert_int_eq(read_database(), 0);
	ck_assert_str_eq(metadata.pod_name, "mypod");
	ck_assert_uint_eq(metadata.pod_label_count, 1);
	ck_assert_str_eq(label_value(metadata.pod_labels, 1, "app"), "shop");
	ck_assert_uint_eq(metadata.label_count, 2);

	store_database(&store, "db.sql", "UPDATE PodConfig SET JSON='no JSON';");
	ck_assert_int_eq(read_database(), 0);
	ck_assert_str_eq(metadata.pod_name, "mypod");
	end();
}
END_TEST

START_TEST(test_not_there)
{
	begin();
	ck_assert_int_eq(read_database(), -ENOENT);
	store_database(&store, "db.sql", TABLES);
	ck_assert_int_eq(read_database(), -ENOENT);
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_NONE);
	end();
}
END_TEST

/* A child that holds a write transaction of the given kind until it is killed. */
static pid_t hold_lock(const char *begin_statement)
{
	int ready[2];
	char byte;
	pid_t child;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		sqlite3 *handle;
		bool held = sqlite3_open(store_path(&store, "db.sql"), &handle) == SQLITE_OK &&
			    sqlite3_exec(handle, begin_statement, NULL, NULL, NULL) == SQLITE_OK;

		if (write(ready[1], held ? "y" : "n", 1) == 1)
			pause();
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'y');
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void release_lock(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

START_TEST(test_locked)
{
	pid_t child;

	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	child = hold_lock("BEGIN EXCLUSIVE;");
	ck_assert_int_eq(read_database(), -EBUSY);
	release_lock(child);
	ck_assert_int_eq(read_database(), 0);
	end();
}
END_TEST

/* A writer that has not committed yet disturbs nobody: its changes are in its memory. */
START_TEST(test_writer_at_work)
{
	pid_t child;

	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	child = hold_lock("BEGIN IMMEDIATE; UPDATE ContainerConfig SET Name='other';");
	ck_assert_int_eq(read_database(), 0);
	ck_assert_str_eq(metadata.name, "sqc");
	release_lock(child);
	end();
}
END_TEST

/* 0 if the change was held off by a reader. Asked of another process, as podman is. */
static int commit_is_held_off(void)
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		sqlite3 *handle;
		int result;

		sqlite3_open(store_path(&store, "db.sql"), &handle);
		result = sqlite3_exec(
			handle, "UPDATE ContainerConfig SET Name='other';", NULL, NULL, NULL);
		_exit(result == SQLITE_BUSY ? 0 : 1);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

/* While rows are being read a writer must not be able to change the file under the reader. */
START_TEST(test_shared_lock)
{
	struct sqlite_read_only *database;
	sqlite3_stmt *statement;
	int directory_fd;

	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	directory_fd = open(store.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(sqlite_read_only_open(directory_fd, "db.sql", getuid(), deadline_in(60000),
				 &database, &failure),
		0);
	ck_assert_int_eq(sqlite3_prepare_v2(sqlite_read_only_handle(database),
				 "SELECT ID FROM ContainerConfig", -1, &statement, NULL),
		SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	ck_assert_int_eq(commit_is_held_off(), 0);
	sqlite3_finalize(statement);
	ck_assert_int_eq(commit_is_held_off(), 1);
	sqlite_read_only_close(database);
	close(directory_fd);
	end();
}
END_TEST

/* podman was killed in the middle of writing pages: what is in the file is half of a change. */
START_TEST(test_hot_journal)
{
	pid_t child;

	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	/* a cache of one page makes SQLite write before the commit */
	child = hold_lock("PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN IMMEDIATE;"
			  "UPDATE ContainerConfig SET Name='half';"
			  "CREATE TABLE filler(x);"
			  "INSERT INTO filler WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1"
			  " FROM n LIMIT 2000) SELECT randomblob(500) FROM n;");
	release_lock(child);
	ck_assert_int_eq(access(store_path(&store, "db.sql-journal"), F_OK), 0);
	ck_assert_int_eq(read_database(), -EBUSY);
	ck_assert_ptr_nonnull(strstr(failure.message, "rolled back"));
	/* and nothing was touched: podman can still roll it back */
	ck_assert_int_eq(access(store_path(&store, "db.sql-journal"), F_OK), 0);
	store_database(&store, "db.sql", "SELECT count(*) FROM ContainerConfig;");
	ck_assert_int_eq(read_database(), 0);
	ck_assert_str_eq(metadata.name, "sqc");
	end();
}
END_TEST

START_TEST(test_journal_is_a_fifo)
{
	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	ck_assert_int_eq(mkfifo(store_path(&store, "db.sql-journal"), 0600), 0);
	ck_assert_int_lt(read_database(), 0);
	end();
}
END_TEST

START_TEST(test_not_a_regular_file)
{
	begin();
	ck_assert_int_eq(mkfifo(store_path(&store, "db.sql"), 0600), 0);
	ck_assert_int_eq(read_database(), -ENOTSUP);
	unlink(store_path(&store, "db.sql"));

	ck_assert_int_eq(symlink("/dev/zero", store_path(&store, "db.sql")), 0);
	ck_assert_int_eq(read_database(), -ELOOP);
	unlink(store_path(&store, "db.sql"));

	store_directory(&store, "db.sql");
	ck_assert_int_eq(read_database(), -ENOTSUP);
	rmdir(store_path(&store, "db.sql"));

	store_database_from(&store, "elsewhere.sql", "podman-5-db.sql.dump");
	ck_assert_int_eq(symlink("elsewhere.sql", store_path(&store, "db.sql")), 0);
	ck_assert_int_eq(read_database(), -ELOOP);
	end();
}
END_TEST

START_TEST(test_device)
{
	if (getuid() != 0)
		return; /* only root can make one */
	begin();
	if (mknod(store_path(&store, "db.sql"), S_IFCHR | 0600, 5 << 8 /* /dev/tty */) == 0)
		ck_assert_int_eq(read_database(), -ENOTSUP);
	end();
}
END_TEST

/* As the user 12345 sees it: a store, or a database in it, that is not his. */
START_TEST(test_owner)
{
	if (getuid() != 0)
		return; /* only root can give files away */
	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	ck_assert_int_eq(podman_database_read(
				 store.root, 12345, ID, deadline_in(60000), &metadata, &failure),
		-EPERM);
	ck_assert_int_eq(chown(store.root, 12345, 12345), 0);
	ck_assert_int_eq(podman_database_read(
				 store.root, 12345, ID, deadline_in(60000), &metadata, &failure),
		0);
	ck_assert_int_eq(chown(store_path(&store, "db.sql"), 54321, 54321), 0);
	ck_assert_int_eq(read_database(), -EPERM);
	end();
}
END_TEST

START_TEST(test_not_a_database)
{
	static const char text[8192] = "SQLite format 3 is what this is not";

	begin();
	store_write(&store, "db.sql", text, sizeof(text));
	ck_assert_int_eq(read_database(), -EINVAL);
	store_write(&store, "db.sql", "SQLite format 3", 16);
	ck_assert_int_lt(read_database(), 0);
	store_write(&store, "db.sql", "", 0);
	ck_assert_int_eq(read_database(), -EINVAL); /* no table */
	end();
}
END_TEST

/* Each byte of a small database damaged in turn: any answer will do but a crash or a hang. */
START_TEST(test_damaged)
{
	_cleanup_buf_ struct buf original = {0};

	begin();
	store_database(&store, "db.sql", TABLES ROW("'{\"labels\":{\"a\":\"b\"}}'"));
	ck_assert_int_eq(read_file_limited(store_path(&store, "db.sql"), 1 << 20, &original), 0);
	for (size_t i = 0; i < original.length; i += i < 600 ? 1 : 61) {
		char saved = original.data[i];

		original.data[i] ^= 0xff;
		store_write(&store, "db.sql", original.data, original.length);
		read_within(5000);
		original.data[i] = saved;
	}
	for (size_t length = 0; length < original.length; length += 509) {
		store_write(&store, "db.sql", original.data, length);
		read_within(5000);
	}
	end();
}
END_TEST

#define NUMBERS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) "

START_TEST(test_hostile_schema)
{
	static const char *const schemas[] = {
		/* views that never end, in place of the one table or the other */
		"CREATE VIEW ContainerConfig(ID, Name, PodID, JSON) AS " NUMBERS "SELECT '" ID
		"', i, NULL, '{}' FROM n WHERE i < 0;"
		"CREATE TABLE PodConfig(ID, Name, JSON);",
		"CREATE TABLE ContainerConfig(ID, Name, PodID, JSON); " ROW(
			"'{}'") "CREATE VIEW PodConfig(ID, Name, JSON) AS " NUMBERS
				"SELECT i, i, i FROM n WHERE i < 0;",
		/* a computed column */
		"CREATE TABLE ContainerConfig(ID TEXT PRIMARY KEY, Name TEXT, PodID TEXT,"
		" JSON TEXT AS (hex(zeroblob(length(ID) * 100000))));"
		"CREATE TABLE PodConfig(ID, Name, JSON);"
		"INSERT INTO ContainerConfig(ID, Name) VALUES('" ID "', 'web');",
		/* columns missing */
		"CREATE TABLE ContainerConfig(ID, Name); CREATE TABLE PodConfig(ID, Name);",
		"CREATE TABLE PodConfig(ID, Name, JSON);",
		"CREATE TABLE Something(x);",
	};

	for (size_t i = 0; i < ARRAY_SIZE(schemas); i++) {
		begin();
		store_database(&store, "db.sql", schemas[i]);
		ck_assert_msg(read_database() == -EINVAL, "schema %zu: %s", i, failure.message);
		ck_assert_ptr_null(metadata.name);
		end();
	}
}
END_TEST

/* A virtual table's module is code that the owner of the file would choose. */
START_TEST(test_virtual_table)
{
	begin();
	store_database(&store, "db.sql",
		"CREATE VIRTUAL TABLE ContainerConfig USING fts5(ID, Name, PodID, JSON);"
		"CREATE TABLE PodConfig(ID, Name, JSON);" ROW("'{}'"));
	ck_assert_int_eq(read_database(), -EINVAL);
	end();
}
END_TEST

/* Without an index every row is looked at; the deadline ends that. */
START_TEST(test_endless_scan)
{
	int r;

	begin();
	store_database(&store, "db.sql",
		"CREATE TABLE ContainerConfig(ID, Name, PodID, JSON);"
		"CREATE TABLE PodConfig(ID, Name, JSON);"
		"INSERT INTO ContainerConfig WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1"
		" FROM n LIMIT 300000) SELECT i, i, NULL, '' FROM n;");
	r = read_within(0);
	ck_assert_msg(r == -ETIMEDOUT, "%d %s", r, failure.message);
	ck_assert_int_eq(read_database(), -ENOENT);
	end();
}
END_TEST

START_TEST(test_wrong_types)
{
	static const struct {
		const char *row;
		int result;
	} rows[] = {
		{ROW("42"), -EINVAL},
		{ROW("x'7b7d00'"), -EINVAL},
		{ROW("'[1, 2]'"), -EINVAL},
		{ROW("'{\"labels\": '"), -EINVAL},
		{ROW("'{\"labels\": [\"a\"], \"rootfsImageName\": 7, \"rootfsImageID\": {}}'"), 0},
		{"INSERT INTO ContainerConfig VALUES('" ID "', 42, 43, '{}');", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin();
		/* no column types, or SQLite would turn numbers into text */
		store_database(&store, "db.sql",
			"CREATE TABLE ContainerConfig(ID, Name, PodID, JSON);"
			"CREATE TABLE PodConfig(ID, Name, JSON);");
		store_database(&store, "db.sql", rows[i].row);
		ck_assert_msg(read_database() == rows[i].result, "row %zu: %s", i, failure.message);
		ck_assert_ptr_null(metadata.image_name);
		ck_assert_uint_eq(metadata.label_count, 0);
		end();
	}
}
END_TEST

START_TEST(test_huge_values)
{
	begin();
	store_database(&store, "db.sql",
		TABLES ROW("'{\"labels\":{\"a\":\"' || replace(hex(zeroblob(5000000)), '0', 'x') ||"
			   " '\",\"b\":\"c\"}}'"));
	ck_assert_int_eq(read_database(), -E2BIG);
	store_database(&store, "db.sql",
		"DELETE FROM ContainerConfig;" ROW(
			"'{\"labels\":{\"a\":\"' || replace(hex(zeroblob(10000)), '0', 'x') ||"
			" '\",\"b\":\"c\"},\"rootfsImageName\":\"' ||"
			" replace(hex(zeroblob(10000)), '0', 'x') || '\"}'"));
	ck_assert_int_eq(read_database(), 0);
	ck_assert(metadata.truncated);
	ck_assert_uint_eq(metadata.label_count, 1);
	ck_assert_str_eq(metadata.labels[0].key, "b");
	ck_assert_ptr_null(metadata.image_name);
	end();
}
END_TEST

/* A sparse file that says it is enormous. */
START_TEST(test_huge_file)
{
	begin();
	store_database(&store, "db.sql", TABLES);
	ck_assert_int_eq(truncate(store_path(&store, "db.sql"), (off_t)1 << 40), 0);
	ck_assert_int_eq(read_database(), -EFBIG);
	end();
}
END_TEST

/* WAL mode needs a shared-memory file, which a reader who must not write cannot have. */
START_TEST(test_wal)
{
	begin();
	store_database(&store, "db.sql", "PRAGMA journal_mode=WAL;" TABLES ROW("'{}'"));
	ck_assert_int_lt(read_database(), 0);
	ck_assert_int_ne(access(store_path(&store, "db.sql-shm"), F_OK), 0);
	end();
}
END_TEST

RUN_SUITE("podman_database", test_real_database, test_pod, test_not_there, test_locked,
	test_writer_at_work, test_shared_lock, test_hot_journal, test_journal_is_a_fifo,
	test_not_a_regular_file, test_device, test_owner, test_not_a_database, test_damaged,
	test_hostile_schema, test_virtual_table, test_endless_scan, test_wrong_types,
	test_huge_values, test_huge_file, test_wal)
