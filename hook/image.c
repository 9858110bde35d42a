/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/fd.h"

static bool has_prefix(const char *text, const char *prefix)
{
	return text && !strncmp(text, prefix, strlen(prefix));
}

/* "metadata" is JSON in a string: {"image-name":"…","image-id":"…","name":"…"}. */
static bool metadata_has_prefix(const char *text, const char *prefix)
{
	_cleanup_json_ struct json_document *document = NULL;

	if (!text || json_parse(text, strlen(text), NULL, &document, NULL) < 0)
		return false;
	return has_prefix(json_text(json_get(json_root(document), "image-name")), prefix);
}

int storage_image_has_prefix(
	const struct json_value *containers, const char *id, const char *prefix)
{
	size_t count = json_count(containers);

	for (size_t i = 0; i < count; i++) {
		const struct json_value *container = json_at(containers, i);
		const char *found = json_text(json_get(container, "id"));

		if (!found || strcmp(found, id))
			continue;
		return has_prefix(json_text(json_get(container, "image")), prefix) ||
		       metadata_has_prefix(json_text(json_get(container, "metadata")), prefix);
	}
	return -ENOENT;
}

static int file_has_prefix(const char *path, const char *id, const char *prefix)
{
	_cleanup_json_ struct json_document *document = NULL;
	_cleanup_buf_ struct buf buf = {.limit = STORAGE_BYTES_MAX + 1};
	int r;

	r = read_file_limited(path, STORAGE_BYTES_MAX, &buf);
	if (r < 0)
		return r;
	r = json_parse(buf.data, buf.length, NULL, &document, NULL);
	if (r < 0)
		return r;
	return storage_image_has_prefix(json_root(document), id, prefix);
}

/* bundle = GRAPHROOT/DRIVER-containers/ID/userdata; the files are in GRAPHROOT/DRIVER-containers.
 */
static int storage_has_prefix(const struct oci_state *state, const char *prefix)
{
	static const char *const names[] = {"containers.json", "volatile-containers.json"};
	int result = -ENOENT;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[PATH_MAX];
		int r;

		if (snprintf(path, sizeof(path), "%s/../../%s", state->bundle, names[i]) >=
			(int)sizeof(path))
			return -ENAMETOOLONG;
		r = file_has_prefix(path, state->id, prefix);
		if (r >= 0)
			return r;
		if (r != -ENOENT)
			result = r;
	}
	return result;
}

bool image_has_prefix(const struct oci_state *state, const char *prefix)
{
	static const char *const keys[] = {"io.kubernetes.cri-o.Image",
		"io.kubernetes.cri-o.ImageName", "io.kubernetes.cri-o.ImageRef"};
	int r;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (has_prefix(oci_state_annotation(state, keys[i]), prefix))
			return true;
	/* Annotations can only add to the rule: whatever they say, the storage is asked too.
	 * -ENOENT: no storage (a runtime by itself, --rootfs), so no image. */
	r = storage_has_prefix(state, prefix);
	return r && r != -ENOENT;
}
