/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/engine_metadata.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/util.h"
#include "oci/bundle.h"
#include "oci/conmon.h"
#include "oci/containers_storage.h"
#include "oci/crio_annotations.h"
#include "oci/podman_bolt.h"
#include "oci/podman_database.h"
#include "oci/podman_events.h"
#include "oci/podman_journal.h"
#include "oci/podman_paths.h"
#include "oci/state.h"

#define DEFAULT_DRIVER "overlay"

struct reading { /* one call of engine_metadata_read() */
	const struct metadata_request *request;
	const struct json_value *annotations;
	struct conmon_arguments conmon; /* all NULL when it is not this container's */
	struct container_metadata metadata;
	enum metadata_completeness completeness;
	bool pending;	     /* a source that may have the labels in a moment */
	struct error *error; /* the first thing that failed, unless it was only not there */
};

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static bool deadline_passed(const struct reading *reading)
{
	return monotonic_ns() >= reading->request->deadline_ns;
}

/* Half of the time that is left: a database built to waste time must leave some for the others. */
static uint64_t database_deadline(const struct reading *reading)
{
	uint64_t now = monotonic_ns(), deadline = reading->request->deadline_ns;

	return deadline > now ? now + (deadline - now) / 2 : deadline;
}

/* A source that failed is passed over, but for want of memory. */
static int pass_over(struct reading *reading, int r, const struct error *failure)
{
	if (r == -ENOMEM)
		return r;
	if (r < 0 && reading->error && (!reading->error->code || reading->error->code == -ENOENT))
		*reading->error = *failure;
	return 0;
}

static const char *annotation(const struct reading *reading, const char *key)
{
	return json_text(json_get(reading->annotations, key));
}

/* Whose container is it? What the daemon saw in the cgroup path counts most, then who started
 * conmon, and only then what the annotations claim. */
static enum cgroup_engine decide_engine(const struct reading *reading)
{
	const struct metadata_request *request = reading->request;
	const char *manager = annotation(reading, "io.container.manager");
	_cleanup_free_ char *root = NULL, *driver = NULL;

	if (request->engine != CGROUP_ENGINE_NONE && request->engine != CGROUP_ENGINE_CONMON)
		return request->engine;
	if (conmon_is_podman(&reading->conmon))
		return CGROUP_ENGINE_PODMAN;
	if (strncmp(request->id, "buildah-", strlen("buildah-")) == 0)
		return CGROUP_ENGINE_BUILDAH;
	if (crio_annotations_match(reading->annotations))
		return CGROUP_ENGINE_CRIO;
	if (manager && strcmp(manager, "libpod") == 0)
		return CGROUP_ENGINE_PODMAN;
	if (request->bundle &&
		podman_paths_split(request->bundle, request->id, &root, &driver) == 0)
		return CGROUP_ENGINE_PODMAN;
	return CGROUP_ENGINE_NONE;
}

static bool have_labels(const struct reading *reading)
{
	enum labels_source source = reading->metadata.source;

	return source != LABELS_SOURCE_NONE && source <= LABELS_SOURCE_ANNOTATION;
}

static int read_database(struct reading *reading, const struct podman_paths *paths)
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
		r = pass_over(reading, r, &failure);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_bolt(struct reading *reading, const struct podman_paths *paths)
{
	struct error failure = {0};
	int r;

	if (!paths->graph_root || have_labels(reading) || deadline_passed(reading))
		return 0;
	r = podman_bolt_read(paths->graph_root, reading->request->owner, reading->request->id,
		&reading->metadata, &failure);
	reading->pending |= r == -EAGAIN;
	return pass_over(reading, r, &failure);
}

static int read_storage(struct reading *reading, const struct podman_paths *paths)
{
	const struct metadata_request *request = reading->request;
	const char *const roots[] = {paths->graph_root, paths->run_root};
	const char *driver = paths->driver ? paths->driver : DEFAULT_DRIVER;

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		struct error failure = {0};
		int r;

		if (!roots[i])
			continue;
		r = containers_storage_read_container(roots[i], driver, request->owner, request->id,
			&reading->metadata, &failure);
		if (r == 0)
			return 0;
		r = pass_over(reading, r, &failure);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_image(struct reading *reading, const char *graph_root, const char *driver)
{
	struct error failure = {0};
	int r;

	if (!graph_root || !reading->metadata.image_id || deadline_passed(reading))
		return 0;
	r = containers_storage_read_image(graph_root, driver ? driver : DEFAULT_DRIVER,
		reading->request->owner, &reading->metadata, &failure);
	return pass_over(reading, r, &failure);
}

/* DIRECTORY/NAME of an events file given as one path */
static int read_event_file(struct reading *reading, const char *path)
{
	_cleanup_free_ char *directory = NULL;
	const char *slash = strrchr(path, '/');
	struct error failure = {0};
	int r;

	if (!slash || slash == path || have_labels(reading) || deadline_passed(reading))
		return 0;
	directory = strndup(path, slash - path);
	if (!directory)
		return -ENOMEM;
	r = podman_events_read(directory, slash + 1, reading->request->owner, reading->request->id,
		reading->request->deadline_ns, &reading->metadata, &failure);
	return pass_over(reading, r, &failure);
}

static int read_events(struct reading *reading, const struct podman_paths *paths)
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

static int read_journal(struct reading *reading)
{
	struct error failure = {0};
	int r;

	if (have_labels(reading) || deadline_passed(reading))
		return 0;
	r = podman_journal_read(NULL, reading->request->owner, reading->request->id,
		reading->request->deadline_ns, &reading->metadata, &failure);
	reading->pending |= r == -EAGAIN;
	return pass_over(reading, r, &failure);
}

static int use_conmon_name(struct reading *reading)
{
	if (!reading->conmon.name)
		return 0;
	if (!reading->metadata.name)
		container_metadata_add_source(&reading->metadata, LABELS_SOURCE_CONMON);
	return container_metadata_set(
		&reading->metadata, &reading->metadata.name, reading->conmon.name);
}

/* The events come last: a container that was renamed has its old name in them. */
static int read_podman(struct reading *reading)
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
		r = use_conmon_name(reading);
	if (r == 0 && !have_labels(reading) && !deadline_passed(reading))
		r = read_storage(reading, &paths);
	if (r == 0)
		r = read_events(reading, &paths);
	if (r == 0)
		r = read_journal(reading);
	if (r == 0)
		r = read_image(reading, paths.graph_root, paths.driver);
	reading->completeness = have_labels(reading) ? METADATA_COMPLETE
				: reading->pending   ? METADATA_PENDING
						     : METADATA_INCOMPLETE;
	return r;
}

/* The pod's labels stand only in its sandbox container's config.json, in the bundle next door. */
static int read_sandbox(struct reading *reading)
{
	const struct metadata_request *request = reading->request;
	const char *id = crio_sandbox_id(reading->annotations);
	_cleanup_json_ struct json_document *document = NULL;
	_cleanup_free_ char *root = NULL, *driver = NULL, *bundle = NULL;
	const struct json_value *annotations;
	struct error failure = {0};
	int r;

	if (!id || !oci_id_valid(id) || strcmp(id, request->id) == 0 || !request->bundle)
		return 0;
	r = podman_paths_split(request->bundle, request->id, &root, &driver);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (asprintf(&bundle, "%s/%s-containers/%s/userdata", root, driver, id) < 0) {
		bundle = NULL;
		return -ENOMEM;
	}
	r = bundle_read_config(bundle, request->owner, &document, &failure);
	if (r < 0) {
		reading->completeness = METADATA_INCOMPLETE;
		return pass_over(reading, r, &failure);
	}
	annotations = json_get(json_root(document), "annotations");
	if (!crio_annotations_match(annotations))
		return 0;
	return crio_sandbox_annotations_read(annotations, &reading->metadata);
}

static int read_crio(struct reading *reading)
{
	_cleanup_free_ char *graph_root = NULL, *driver = NULL;
	int r;

	r = read_sandbox(reading);
	if (r == 0 && json_count(reading->annotations))
		r = crio_annotations_read(reading->annotations, &reading->metadata);
	if (r == 0)
		r = use_conmon_name(reading);
	if (r < 0 || reading->metadata.image_digest)
		return r;
	r = crio_graph_root(reading->annotations, &graph_root, &driver);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return read_image(reading, graph_root, driver);
}

static int read_by_engine(struct reading *reading, enum cgroup_engine engine)
{
	const struct metadata_request *request = reading->request;

	switch (engine) {
	case CGROUP_ENGINE_PODMAN:
		return read_podman(reading);
	case CGROUP_ENGINE_CRIO:
		return read_crio(reading);
	case CGROUP_ENGINE_BUILDAH:
		/* A RUN step: its id is its only name, and nothing on disk ties it to the working
		 * container of the build. */
		return container_metadata_set(
			&reading->metadata, &reading->metadata.name, request->id);
	default:
		return bundle_use_annotations(
			reading->annotations, request->id, &reading->metadata);
	}
}

static int set_runtime(struct reading *reading, enum cgroup_engine engine)
{
	const char *runtime = cgroup_engine_name(engine);

	if (!runtime || !*runtime)
		runtime = reading->request->runtime ? reading->request->runtime : "runc";
	return container_metadata_set(&reading->metadata, &reading->metadata.runtime, runtime);
}

/* Another container's conmon says nothing about this one. */
static void parse_conmon(struct reading *reading)
{
	const struct metadata_request *request = reading->request;

	conmon_arguments_parse(
		request->conmon_arguments, request->conmon_argument_count, &reading->conmon);
	if (!reading->conmon.id || strcmp(reading->conmon.id, request->id) != 0)
		memset(&reading->conmon, 0, sizeof(reading->conmon));
}

int engine_metadata_read(const struct metadata_request *request,
	struct container_metadata *ret_metadata, enum metadata_completeness *ret_completeness,
	struct error *error)
{
	_cleanup_json_ struct json_document *config = NULL;
	struct reading reading = {
		.request = request, .annotations = request->annotations, .error = error};
	enum cgroup_engine engine;
	int r;

	if (!oci_id_valid(request->id))
		return error_set(error, -EINVAL, "not a container id");
	parse_conmon(&reading);
	if (!reading.annotations && request->bundle) {
		struct error failure = {0};

		r = bundle_read_config(request->bundle, request->owner, &config, &failure);
		r = pass_over(&reading, r, &failure);
		if (r < 0)
			return r;
		reading.annotations = json_get(json_root(config), "annotations");
	}
	engine = decide_engine(&reading);
	r = read_by_engine(&reading, engine);
	if (r == 0)
		r = set_runtime(&reading, engine);
	if (r < 0) {
		container_metadata_done(&reading.metadata);
		return error_set(error, r, "%s", strerror(-r));
	}
	if (error && reading.completeness == METADATA_COMPLETE && error->code == -ENOENT)
		*error = (struct error){0}; /* a source that this engine does not keep */
	container_metadata_sort(&reading.metadata);
	*ret_metadata = reading.metadata;
	if (ret_completeness)
		*ret_completeness = reading.completeness;
	return 0;
}
