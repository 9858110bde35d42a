/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/podman_events.h"

#include <errno.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/util.h"
#include "oci/lines_backward.h"
#include "oci/metadata_json.h"
#include "oci/store_directory.h"

static const struct json_limits line_limits = {
	.bytes = PODMAN_EVENT_LINE_MAX, .depth = 8, .values = 4096};

static bool text_is(const struct json_value *value, const char *wanted)
{
	const char *text = json_text(value);

	return text && strcmp(text, wanted) == 0;
}

/* These come with the container's labels as attributes; of the others some have attributes of their
 * own. */
static bool status_has_labels(const struct json_value *event)
{
	static const char *const statuses[] = {"create", "init", "start"};

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (text_is(json_get(event, "Status"), statuses[i]))
			return true;
	return false;
}

/* The line as JSON if it is an event of this type and id: another container's label may hold any
 * text, so that finding the id in a line means nothing but that a look is worth while. */
static int parse_line(const char *line, size_t length, const char *type, const char *id,
	struct json_document **ret_document)
{
	_cleanup_json_ struct json_document *document = NULL;
	int r;

	if (!memmem(line, length, id, strlen(id)))
		return 0;
	r = json_parse(line, length, &line_limits, &document, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (!text_is(json_get(json_root(document), "ID"), id) ||
		!text_is(json_get(json_root(document), "Type"), type))
		return 0;
	*ret_document = TAKE_PTR(document);
	return 1;
}

int podman_event_line(
	const char *line, size_t length, const char *id, struct container_metadata *metadata)
{
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *event;
	int r;

	r = parse_line(line, length, "container", id, &document);
	if (r <= 0)
		return r;
	event = json_root(document);
	if (!status_has_labels(event))
		return 0;
	r = container_metadata_set_json(metadata, &metadata->name, json_get(event, "Name"));
	if (r == 0)
		r = container_metadata_set_json(
			metadata, &metadata->image_name, json_get(event, "Image"));
	if (r == 0)
		r = container_metadata_set_json(
			metadata, &metadata->pod_id, json_get(event, "PodID"));
	if (r == 0)
		r = container_metadata_add_json_labels(&metadata->labels, &metadata->label_count,
			json_get(event, "Attributes"), &metadata->truncated);
	return r < 0 ? r : 1;
}

int podman_event_pod_line(const char *line, size_t length, const char *id, char **ret_name)
{
	_cleanup_json_ struct json_document *document = NULL;
	const char *name;
	int r;

	r = parse_line(line, length, "pod", id, &document);
	if (r <= 0)
		return r;
	name = json_text(json_get(json_root(document), "Name"));
	if (!name || !*name)
		return 0;
	*ret_name = strdup(name);
	return *ret_name ? 1 : -ENOMEM;
}

static int find_container(
	int fd, const char *id, uint64_t deadline_ns, struct container_metadata *metadata)
{
	_cleanup_lines_backward_ struct lines_backward lines = {0};
	const char *line;
	size_t length;
	int r;

	r = lines_backward_begin(
		&lines, fd, PODMAN_EVENT_LINE_MAX, PODMAN_EVENTS_SEARCH_MAX, deadline_ns);
	if (r < 0)
		return r;
	while ((r = lines_backward_next(&lines, &line, &length)) > 0) {
		r = podman_event_line(line, length, id, metadata);
		if (r != 0)
			return r;
	}
	return r;
}

/* From the end again: the infra container of a pod is created before the pod's event is written. */
static int find_pod(int fd, uint64_t deadline_ns, struct container_metadata *metadata)
{
	_cleanup_lines_backward_ struct lines_backward lines = {0};
	_cleanup_free_ char *name = NULL;
	const char *line;
	size_t length;
	int r;

	r = lines_backward_begin(
		&lines, fd, PODMAN_EVENT_LINE_MAX, PODMAN_EVENTS_SEARCH_MAX, deadline_ns);
	if (r < 0)
		return r;
	while ((r = lines_backward_next(&lines, &line, &length)) > 0) {
		r = podman_event_pod_line(line, length, metadata->pod_id, &name);
		if (r > 0)
			return container_metadata_set(metadata, &metadata->pod_name, name);
		if (r < 0)
			return r;
	}
	return r;
}

int podman_events_read(const char *directory, const char *name, uid_t owner, const char *id,
	uint64_t deadline_ns, struct container_metadata *metadata, struct error *error)
{
	_cleanup_close_ int directory_fd = -1, fd = -1;
	int r;

	directory_fd = store_directory_open(directory, owner);
	if (directory_fd < 0)
		return error_set(error, directory_fd, "%s: %s", directory, strerror(-directory_fd));
	fd = open_regular(directory_fd, name, owner);
	if (fd < 0)
		return error_set(error, fd, "%s/%s: %s", directory, name, strerror(-fd));
	r = find_container(fd, id, deadline_ns, metadata);
	if (r == 0)
		return error_set(error, -ENOENT,
			"%s/%s: no event of this container in the last"
			" %d bytes",
			directory, name, PODMAN_EVENTS_SEARCH_MAX);
	if (r < 0)
		return error_set(error, r, "%s/%s: %s", directory, name, strerror(-r));
	container_metadata_add_source(metadata, LABELS_SOURCE_EVENT);
	if (metadata->pod_id && !metadata->pod_name) {
		r = find_pod(fd, deadline_ns, metadata);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}
