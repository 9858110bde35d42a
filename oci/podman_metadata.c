/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/util.h"
#include "oci/containers_storage.h"
#include "oci/metadata_reading.h"
#include "oci/podman_bolt.h"
#include "oci/podman_database.h"
#include "oci/podman_events.h"
#include "oci/podman_journal.h"
#include "oci/podman_paths.h"

static bool have_labels(const struct metadata_reading *reading)
{
	enum labels_source source = reading->metadata.source;

	return source != LABELS_SOURCE_NONE && source <= LABELS_SOURCE_ANNOTATION;
}

/* Half of the time that is left: a database built to waste time must leave some for the others. */
static uint64_t database_deadline(const struct metadata_reading *reading)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), deadline = reading->request->deadline_ns;

	return deadline > now ? now + (deadline - now) / 2 : deadline;
}

static int read_database(struct metadata_reading *reading, const struct podman_paths *paths)
{
	const struct metadata_request *request = reading->request;
	const char *const roots[] = {paths->graph_root, paths->run_root /* transient_store */};

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		struct error failure = {0};
		int r;

		if (!roots[i] || reading->metadata.source == LABELS_SOURCE_DATABASE)
			continue;
		r = podman_database_read(roots[i], request->owner, request->id,
			database_deadline(reading), &reading->metadata, &failure);
		reading->pending |= r == -EBUSY;
		r = metadata_pass_over(reading, r, &failure);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_bolt(struct metadata_reading *reading, const struct podman_paths *paths)
{
	struct error failure = {0};
	int r;

	if (!paths->graph_root || have_labels(reading) || metadata_deadline_passed(reading))
		return 0;
	r = podman_bolt_read(paths->graph_root, reading->request->owner, reading->request->id,
		&reading->metadata, &failure);
	reading->pending |= r == -EAGAIN;
	return metadata_pass_over(reading, r, &failure);
}

static int read_storage(struct metadata_reading *reading, const struct podman_paths *paths)
{
	const struct metadata_request *request = reading->request;
	const char *const roots[] = {paths->graph_root, paths->run_root};
	const char *driver = paths->driver ? paths->driver : METADATA_DEFAULT_DRIVER;

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		struct error failure = {0};
		int r;

		if (!roots[i])
			continue;
		r = containers_storage_read_container(roots[i], driver, request->owner, request->id,
			&reading->metadata, &failure);
		if (r == 0)
			return 0;
		r = metadata_pass_over(reading, r, &failure);
		if (r < 0)
			return r;
	}
	return 0;
}

/* DIRECTORY/NAME of an events file given as one path */
static int read_event_file(struct metadata_reading *reading, const char *path)
{
	_cleanup_free_ char *directory = NULL;
	const char *slash = strrchr(path, '/');
	struct error failure = {0};
	int r;

	if (!slash || slash == path || have_labels(reading) || metadata_deadline_passed(reading))
		return 0;
	directory = strndup(path, slash - path);
	if (!directory)
		return -ENOMEM;
	r = podman_events_read(directory, slash + 1, reading->request->owner, reading->request->id,
		reading->request->deadline_ns, &reading->metadata, &failure);
	return metadata_pass_over(reading, r, &failure);
}

static int read_events(struct metadata_reading *reading, const struct podman_paths *paths)
{
	const struct metadata_request *request = reading->request;
	_cleanup_free_ char *path = NULL;
	int r;

	if (asprintf(&path, "%s/events/" PODMAN_EVENTS_NAME, paths->tmp_directory) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = read_event_file(reading, path);
	for (size_t i = 0; r == 0 && i < request->event_file_count; i++)
		r = read_event_file(reading, request->event_files[i]);
	return r;
}

static int read_journal(struct metadata_reading *reading)
{
	struct error failure = {0};
	int r;

	if (have_labels(reading) || metadata_deadline_passed(reading))
		return 0;
	r = podman_journal_read(NULL, reading->request->owner, reading->request->id,
		reading->request->deadline_ns, &reading->metadata, &failure);
	reading->pending |= r == -EAGAIN;
	return metadata_pass_over(reading, r, &failure);
}

/* The events come last: a container that was renamed has its old name in them. */
int metadata_read_podman(struct metadata_reading *reading)
{
	_cleanup_podman_paths_ struct podman_paths paths = {0};
	int r;

	r = podman_paths_find(reading->request->id, reading->request->bundle, &reading->conmon,
		reading->request->owner, &paths);
	if (r == 0)
		r = read_database(reading, &paths);
	if (r == 0)
		r = read_bolt(reading, &paths);
	if (r == 0)
		r = metadata_use_conmon_name(reading);
	if (r == 0 && !have_labels(reading) && !metadata_deadline_passed(reading))
		r = read_storage(reading, &paths);
	if (r == 0)
		r = read_events(reading, &paths);
	if (r == 0)
		r = read_journal(reading);
	if (r == 0)
		r = metadata_read_image(reading, paths.graph_root, paths.driver);
	reading->completeness = have_labels(reading) ? METADATA_COMPLETE
				: reading->pending   ? METADATA_PENDING
						     : METADATA_INCOMPLETE;
	return r;
}
