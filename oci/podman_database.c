/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/podman_database.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "oci/metadata_json.h"
#include "oci/sqlite_read_only.h"
#include "oci/store_directory.h"

static int check_schema(struct sqlite_read_only *database, struct error *error)
{
	static const char *const container_columns[] = {"ID", "Name", "PodID", "JSON"};
	static const char *const pod_columns[] = {"ID", "Name", "JSON"};
	int r;

	r = sqlite_read_only_check_table(database, "ContainerConfig", container_columns,
		ARRAY_SIZE(container_columns), error);
	if (r < 0)
		return r;
	return sqlite_read_only_check_table(
		database, "PodConfig", pod_columns, ARRAY_SIZE(pod_columns), error);
}

/* A column's text; NULL for NULL, a number, or a text with a NUL byte in it. podman's driver
 * writes JSON as a blob. */
static const char *column_text(sqlite3_stmt *statement, int column, size_t *ret_length)
{
	int type = sqlite3_column_type(statement, column);
	const char *text;

	if (type != SQLITE_TEXT && type != SQLITE_BLOB)
		return NULL;
	text = (const char *)sqlite3_column_text(statement, column);
	*ret_length = sqlite3_column_bytes(statement, column);
	return text && strlen(text) == *ret_length ? text : NULL;
}

static int read_row(
	sqlite3_stmt *statement, struct container_metadata *metadata, struct error *error)
{
	size_t length = 0;
	const char *text;
	int r;

	r = container_metadata_set(metadata, &metadata->name, column_text(statement, 0, &length));
	if (r < 0)
		return r;
	r = container_metadata_set(metadata, &metadata->pod_id, column_text(statement, 1, &length));
	if (r < 0)
		return r;
	r = container_metadata_set(
		metadata, &metadata->pod_name, column_text(statement, 2, &length));
	if (r < 0)
		return r;
	text = column_text(statement, 3, &length);
	if (!text)
		return error_set(error, -EINVAL, "the container's config is no text");
	r = container_metadata_from_podman_config(metadata, text, length, error);
	if (r < 0)
		return r;
	text = column_text(statement, 4, &length);
	r = text ? container_metadata_from_podman_pod(metadata, text, length) : 0;
	return r == -ENOMEM ? r : 0;
}

static int read_container(struct sqlite_read_only *database, const char *id,
	struct container_metadata *metadata, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	int result, r;

	result = sqlite3_prepare_v2(sqlite_read_only_handle(database),
		"SELECT c.Name, c.PodID, p.Name, c.JSON, p.JSON FROM ContainerConfig AS c"
		" LEFT JOIN PodConfig AS p ON p.ID = c.PodID WHERE c.ID = ?1 LIMIT 1",
		-1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		r = read_row(statement, metadata, error);
	else if (result == SQLITE_DONE)
		r = error_set(error, -ENOENT, "no container of this id");
	else
		r = sqlite_read_only_errno(database, result, error);
	sqlite3_finalize(statement);
	return r;
}

int podman_database_read(const char *graph_root, uid_t owner, const char *id, uint64_t deadline_ns,
	struct container_metadata *metadata, struct error *error)
{
	_cleanup_close_ int directory_fd = -1;
	_cleanup_sqlite_read_only_ struct sqlite_read_only *database = NULL;
	int r;

	directory_fd = store_directory_open(graph_root, owner);
	if (directory_fd < 0)
		return error_set(
			error, directory_fd, "%s: %s", graph_root, strerror(-directory_fd));
	r = sqlite_read_only_open(
		directory_fd, PODMAN_DATABASE_NAME, owner, deadline_ns, &database, error);
	if (r == 0)
		r = check_schema(database, error);
	if (r == 0)
		r = read_container(database, id, metadata, error);
	if (r == 0)
		container_metadata_add_source(metadata, LABELS_SOURCE_DATABASE);
	else
		error_wrap(error, "%s/%s", graph_root, PODMAN_DATABASE_NAME);
	return r;
}
