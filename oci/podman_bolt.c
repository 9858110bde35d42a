/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/podman_bolt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/json.h"
#include "lib/util.h"
#include "oci/bolt.h"
#include "oci/metadata_json.h"
#include "oci/store_directory.h"

static const struct json_limits config_limits = {.bytes = 4 << 20, .depth = 32, .values = 100000};

static int use_config(
	struct container_metadata *metadata, const struct buf *text, struct error *error)
{
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *config;
	int r = json_parse(text->data, text->length, &config_limits, &document, error);

	if (r < 0)
		return r;
	config = json_root(document);
	r = container_metadata_set_json(metadata, &metadata->name, json_get(config, "name"));
	if (r == 0)
		r = container_metadata_set_json(
			metadata, &metadata->pod_id, json_get(config, "pod"));
	return r;
}

static int read_pod(int fd, struct container_metadata *metadata)
{
	const char *const keys[] = {"pod", metadata->pod_id, "config"};
	_cleanup_buf_ struct buf text = {0};
	int r = bolt_get(fd, keys, ARRAY_SIZE(keys), &text, NULL);

	if (r == 0)
		r = container_metadata_from_podman_pod(metadata, text.data, text.length);
	return r == -ENOMEM ? r : 0;
}

static int open_database(const char *graph_root, uid_t owner)
{
	_cleanup_close_ int directory_fd = -1;
	_cleanup_free_ char *directory = NULL;

	if (asprintf(&directory, "%s/libpod", graph_root) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	directory_fd = store_directory_open(directory, owner);
	if (directory_fd < 0)
		return directory_fd;
	return open_regular(directory_fd, PODMAN_BOLT_NAME, owner);
}

int podman_bolt_read(const char *graph_root, uid_t owner, const char *id,
	struct container_metadata *metadata, struct error *error)
{
	const char *const keys[] = {"ctr", id, "config"};
	_cleanup_close_ int fd = open_database(graph_root, owner);
	_cleanup_buf_ struct buf text = {0};
	int r;

	if (fd < 0)
		return error_set(
			error, fd, "%s/libpod/" PODMAN_BOLT_NAME ": %s", graph_root, strerror(-fd));
	r = bolt_get(fd, keys, ARRAY_SIZE(keys), &text, error);
	if (r == 0)
		r = use_config(metadata, &text, error);
	if (r == 0)
		r = container_metadata_from_podman_config(metadata, text.data, text.length, error);
	if (r < 0) {
		error_wrap(error, "%s/libpod/" PODMAN_BOLT_NAME, graph_root);
		return r;
	}
	container_metadata_add_source(metadata, LABELS_SOURCE_DATABASE);
	return metadata->pod_id ? read_pod(fd, metadata) : 0;
}
