/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/containers_storage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/json.h"
#include "lib/util.h"
#include "oci/metadata_json.h"
#include "oci/store_directory.h"

static const struct json_limits list_limits = {
	.bytes = CONTAINERS_STORAGE_LIST_MAX, .depth = 16, .values = 400000};

/* ROOT/<driver>-<what> */
static int open_subdirectory(const char *root, const char *driver, const char *what, uid_t owner)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s-%s", root, driver, what) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return store_directory_open(path, owner);
}

static int read_list(int directory_fd, const char *name, uid_t owner,
	struct json_document **ret_document, struct error *error)
{
	_cleanup_close_ int fd = -1;
	_cleanup_buf_ struct buf text = {0};
	int r;

	fd = open_regular(directory_fd, name, owner);
	if (fd < 0)
		return error_set(error, fd, "%s: %s", name, strerror(-fd));
	r = read_fd_limited(fd, CONTAINERS_STORAGE_LIST_MAX, &text);
	if (r < 0)
		return error_set(error, r, "%s: %s", name, strerror(-r));
	r = json_parse(text.data, text.length, &list_limits, ret_document, error);
	if (r < 0)
		error_wrap(error, "%s", name);
	return r;
}

static const struct json_value *find_by_id(const struct json_document *document, const char *id)
{
	const struct json_value *list = json_root(document);
	size_t count = json_type(list) == JSON_ARRAY ? json_count(list) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *text = json_text(json_get(json_at(list, i), "id"));

		if (text && strcmp(text, id) == 0)
			return json_at(list, i);
	}
	return NULL;
}

/* "metadata" is JSON text of the engine's own: podman and CRI-O both write image-name in it. */
static int set_image_name(struct container_metadata *metadata, const struct json_value *container)
{
	_cleanup_json_ struct json_document *document = NULL;
	size_t length = 0;
	const char *text = json_text_n(json_get(container, "metadata"), &length);
	int r;

	if (!text || length == 0)
		return 0;
	r = json_parse(text, length, &list_limits, &document, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return container_metadata_set_json(
		metadata, &metadata->image_name, json_get(json_root(document), "image-name"));
}

static int use_container(struct container_metadata *metadata, const struct json_value *container)
{
	int r;

	r = container_metadata_set_json(
		metadata, &metadata->name, json_at(json_get(container, "names"), 0));
	if (r == 0)
		r = container_metadata_set_json(
			metadata, &metadata->image_id, json_get(container, "image"));
	if (r == 0)
		r = set_image_name(metadata, container);
	if (r == 0)
		container_metadata_add_source(metadata, LABELS_SOURCE_STORAGE);
	return r;
}

int containers_storage_read_container(const char *root, const char *driver, uid_t owner,
	const char *id, struct container_metadata *metadata, struct error *error)
{
	static const char *const names[] = {"containers.json", "volatile-containers.json"};
	_cleanup_close_ int directory_fd = open_subdirectory(root, driver, "containers", owner);
	int result = -ENOENT;

	if (directory_fd < 0)
		return error_set(error, directory_fd, "%s/%s-containers: %s", root, driver,
			strerror(-directory_fd));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_json_ struct json_document *document = NULL;
		const struct json_value *container;
		int r = read_list(directory_fd, names[i], owner, &document, error);

		if (r < 0) {
			if (r != -ENOENT) {
				error_wrap(error, "%s/%s-containers", root, driver);
				result = r;
			}
			continue;
		}
		container = find_by_id(document, id);
		if (container)
			return use_container(metadata, container);
	}
	if (result == -ENOENT)
		error_set(error, result, "%s/%s-containers: not in its lists", root, driver);
	return result;
}

int containers_storage_read_image(const char *graph_root, const char *driver, uid_t owner,
	struct container_metadata *metadata, struct error *error)
{
	_cleanup_close_ int directory_fd = -1;
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *image;
	int r;

	if (!metadata->image_id)
		return 0;
	directory_fd = open_subdirectory(graph_root, driver, "images", owner);
	if (directory_fd < 0)
		return error_set(error, directory_fd, "%s/%s-images: %s", graph_root, driver,
			strerror(-directory_fd));
	r = read_list(directory_fd, "images.json", owner, &document, error);
	if (r < 0) {
		error_wrap(error, "%s/%s-images", graph_root, driver);
		return r;
	}
	image = find_by_id(document, metadata->image_id);
	if (!image)
		return error_set(error, -ENOENT, "%s/%s-images: image %s is not in its list",
			graph_root, driver, metadata->image_id);
	r = container_metadata_set_json(
		metadata, &metadata->image_digest, json_get(image, "digest"));
	if (r < 0)
		return r;
	return container_metadata_set_json(
		metadata, &metadata->image_name, json_at(json_get(image, "names"), 0));
}
