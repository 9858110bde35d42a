/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/util.h"

void store_begin(struct store *store)
{
	snprintf(store->root, sizeof(store->root), "/tmp/tallyman-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(store->root));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	return remove(path);
}

void store_end(struct store *store)
{
	nftw(store->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *store_path(struct store *store, const char *name)
{
	int length = snprintf(store->path, sizeof(store->path), "%s/%s", store->root, name);

	ck_assert_int_lt(length, sizeof(store->path));
	return store->path;
}

void store_directory(struct store *store, const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s", store_path(store, name));
	for (char *slash = path + strlen(store->root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
}

void store_write(struct store *store, const char *name, const void *data, size_t length)
{
	int fd = open(store_path(store, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_all(fd, data, length), 0);
	close(fd);
}

void store_write_text(struct store *store, const char *name, const char *text)
{
	store_write(store, name, text, strlen(text));
}

void store_read_fixture(const char *fixture, struct buf *ret_text)
{
	const char *top = getenv("top_srcdir");
	char path[1024];

	snprintf(path, sizeof(path), "%s/tests/unit/data/metadata/%s", top ? top : ".", fixture);
	ck_assert_int_eq(read_file_limited(path, 1 << 20, ret_text), 0);
	ck_assert_ptr_nonnull(buf_string(ret_text));
}

void store_copy(struct store *store, const char *name, const char *fixture)
{
	_cleanup_buf_ struct buf text = {0};

	store_read_fixture(fixture, &text);
	store_write(store, name, text.data, text.length);
}

void store_database(struct store *store, const char *name, const char *sql)
{
	sqlite3 *handle = NULL;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(store_path(store, name), &handle), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(handle, sql, NULL, NULL, &message) == SQLITE_OK, "%s", message);
	sqlite3_close(handle);
}

void store_database_from(struct store *store, const char *name, const char *fixture)
{
	_cleanup_buf_ struct buf sql = {0};

	store_read_fixture(fixture, &sql);
	store_database(store, name, buf_string(&sql));
}

uint64_t deadline_in(unsigned milliseconds)
{
	return clock_ns(CLOCK_MONOTONIC) + milliseconds * NSEC_PER_MSEC;
}

const char *label_value(const struct label *labels, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(labels[i].key, key) == 0)
			return labels[i].value;
	return NULL;
}
