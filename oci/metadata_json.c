/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/metadata_json.h"

#include <errno.h>

/* Nobody's labels are bigger; a container's whole config with many mounts is some 20 KiB. */
static const struct json_limits text_limits = {.bytes = 4 << 20, .depth = 32, .values = 100000};

int container_metadata_add_json_labels(
	struct label **labels, size_t *count, const struct json_value *object, bool *truncated)
{
	size_t members;

	if (json_type(object) != JSON_OBJECT)
		return 0;
	members = json_count(object);
	for (size_t i = 0; i < members; i++) {
		const char *key = NULL, *text;
		size_t key_length = 0;
		const struct json_value *value = json_member(object, i, &key, &key_length);
		int r;

		text = json_text(value);
		if (!key || strlen(key) != key_length || !text) {
			*truncated = true;
			continue;
		}
		r = container_metadata_add_label(labels, count, key, text);
		if (r == -E2BIG)
			*truncated = true;
		else if (r < 0)
			return r;
	}
	return 0;
}

int container_metadata_add_text_labels(
	struct label **labels, size_t *count, const char *text, size_t length, bool *truncated)
{
	_cleanup_json_ struct json_document *document = NULL;
	int r = json_parse(text, length, &text_limits, &document, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	if (json_type(json_root(document)) != JSON_OBJECT)
		return -EINVAL;
	return container_metadata_add_json_labels(labels, count, json_root(document), truncated);
}

int container_metadata_set_json(
	struct container_metadata *metadata, char **field, const struct json_value *value)
{
	return container_metadata_set(metadata, field, json_text(value));
}

int container_metadata_from_podman_config(
	struct container_metadata *metadata, const char *text, size_t length, struct error *error)
{
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *config;
	int r = json_parse(text, length, &text_limits, &document, error);

	if (r < 0)
		return r;
	config = json_root(document);
	if (json_type(config) != JSON_OBJECT)
		return error_set(error, -EINVAL, "the container's config is no JSON object");
	r = container_metadata_add_json_labels(&metadata->labels, &metadata->label_count,
		json_get(config, "labels"), &metadata->truncated);
	if (r < 0)
		return r;
	r = container_metadata_set_json(
		metadata, &metadata->image_name, json_get(config, "rootfsImageName"));
	if (r < 0)
		return r;
	return container_metadata_set_json(
		metadata, &metadata->image_id, json_get(config, "rootfsImageID"));
}

int container_metadata_from_podman_pod(
	struct container_metadata *metadata, const char *text, size_t length)
{
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *config;
	int r = json_parse(text, length, &text_limits, &document, NULL);

	if (r < 0)
		return r;
	config = json_root(document);
	if (json_type(config) != JSON_OBJECT)
		return -EINVAL;
	r = container_metadata_set_json(metadata, &metadata->pod_name, json_get(config, "name"));
	if (r < 0)
		return r;
	return container_metadata_add_json_labels(&metadata->pod_labels, &metadata->pod_label_count,
		json_get(config, "labels"), &metadata->truncated);
}
