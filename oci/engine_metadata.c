/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/engine_metadata.h"

#include <errno.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/util.h"
#include "oci/bundle.h"
#include "oci/containers_storage.h"
#include "oci/crio_annotations.h"
#include "oci/metadata_reading.h"
#include "oci/podman_paths.h"
#include "oci/state.h"

bool metadata_deadline_passed(const struct metadata_reading *reading)
{
	return clock_ns(CLOCK_MONOTONIC) >= reading->request->deadline_ns;
}

int metadata_pass_over(struct metadata_reading *reading, int r, const struct error *failure)
{
	if (r == -ENOMEM)
		return r;
	if (r < 0 && reading->error && (!reading->error->code || reading->error->code == -ENOENT))
		*reading->error = *failure;
	return 0;
}

int metadata_read_image(
	struct metadata_reading *reading, const char *graph_root, const char *driver)
{
	struct error failure = {0};
	int r;

	if (!graph_root || !reading->metadata.image_id || metadata_deadline_passed(reading))
		return 0;
	r = containers_storage_read_image(graph_root, driver ? driver : METADATA_DEFAULT_DRIVER,
		reading->request->owner, &reading->metadata, &failure);
	return metadata_pass_over(reading, r, &failure);
}

int metadata_use_conmon_name(struct metadata_reading *reading)
{
	if (!reading->conmon.name)
		return 0;
	if (!reading->metadata.name)
		container_metadata_add_source(&reading->metadata, LABELS_SOURCE_CONMON);
	return container_metadata_set(
		&reading->metadata, &reading->metadata.name, reading->conmon.name);
}

static const char *annotation(const struct metadata_reading *reading, const char *key)
{
	return json_text(json_get(reading->annotations, key));
}

/* Whose container is it? What the daemon saw in the cgroup path counts most, then who started
 * conmon, and only then what the annotations claim. */
static enum cgroup_engine decide_engine(const struct metadata_reading *reading)
{
	const struct metadata_request *request = reading->request;
	const char *manager = annotation(reading, "io.container.manager");
	_cleanup_free_ char *root = NULL, *driver = NULL;

	/* CRI-O runs as root. Users name the cgroups below their own as they like, and must not
	 * make Kubernetes pods of their containers. */
	if (request->engine == CGROUP_ENGINE_CRIO && request->owner != 0)
		return CGROUP_ENGINE_NONE;
	if (request->engine != CGROUP_ENGINE_NONE && request->engine != CGROUP_ENGINE_CONMON)
		return request->engine;
	if (conmon_is_podman(&reading->conmon))
		return CGROUP_ENGINE_PODMAN;
	if (strncmp(request->id, "buildah-", strlen("buildah-")) == 0)
		return CGROUP_ENGINE_BUILDAH;
	if (request->owner == 0 && crio_annotations_match(reading->annotations))
		return CGROUP_ENGINE_CRIO;
	if (manager && strcmp(manager, "libpod") == 0)
		return CGROUP_ENGINE_PODMAN;
	if (request->bundle &&
		podman_paths_split(request->bundle, request->id, &root, &driver) == 0)
		return CGROUP_ENGINE_PODMAN;
	return CGROUP_ENGINE_NONE;
}

static int read_by_engine(struct metadata_reading *reading, enum cgroup_engine engine)
{
	const struct metadata_request *request = reading->request;

	switch (engine) {
	case CGROUP_ENGINE_PODMAN:
		return metadata_read_podman(reading);
	case CGROUP_ENGINE_CRIO:
		return metadata_read_crio(reading);
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

static int set_runtime(struct metadata_reading *reading, enum cgroup_engine engine)
{
	const char *runtime = cgroup_engine_name(engine);

	if (!runtime || !*runtime)
		runtime = reading->request->runtime ? reading->request->runtime : "runc";
	return container_metadata_set(&reading->metadata, &reading->metadata.runtime, runtime);
}

/* Another container's conmon says nothing about this one. */
static void parse_conmon(struct metadata_reading *reading)
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
	struct metadata_reading reading = {
		.request = request, .annotations = request->annotations, .error = error};
	enum cgroup_engine engine;
	int r;

	if (!oci_id_valid(request->id))
		return error_set(error, -EINVAL, "not a container id");
	parse_conmon(&reading);
	if (!reading.annotations && request->bundle) {
		struct error failure = {0};

		r = bundle_read_config(request->bundle, request->owner, &config, &failure);
		r = metadata_pass_over(&reading, r, &failure);
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
