/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/crio_annotations.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "oci/metadata_json.h"

static const struct json_limits value_limits = {.bytes = 1 << 20, .depth = 16, .values = 10000};

static const struct json_value *crio_get(const struct json_value *annotations, const char *key)
{
	char full[128] = CRIO_PREFIX;

	if (strlen(key) >= sizeof(full) - strlen(CRIO_PREFIX))
		return NULL;
	memcpy(full + strlen(CRIO_PREFIX), key, strlen(key) + 1);
	return json_get(annotations, full);
}

bool crio_annotations_match(const struct json_value *annotations)
{
	const char *manager = json_text(json_get(annotations, "io.container.manager"));

	return manager && strcmp(manager, "cri-o") == 0;
}

const char *crio_sandbox_id(const struct json_value *annotations)
{
	return json_text(crio_get(annotations, "SandboxID"));
}

static int set(struct container_metadata *metadata, char **field,
	const struct json_value *annotations, const char *key)
{
	return container_metadata_set_json(metadata, field, crio_get(annotations, key));
}

static int set_part(
	struct container_metadata *metadata, char **field, const char *start, const char *end)
{
	_cleanup_free_ char *part = strndup(start, end - start);

	return part ? container_metadata_set(metadata, field, part) : -ENOMEM;
}

/* An annotation whose value is JSON text; *ret_document stays NULL when it is none. */
static int parse_value(
	const struct json_value *annotations, const char *key, struct json_document **ret_document)
{
	size_t length = 0;
	const char *text = json_text_n(crio_get(annotations, key), &length);
	int r;

	if (!text)
		return 0;
	r = json_parse(text, length, &value_limits, ret_document, NULL);
	return r == -ENOMEM ? r : 0;
}

static int add_labels(
	const struct json_value *annotations, struct label **labels, size_t *count, bool *truncated)
{
	size_t length = 0;
	const char *text = json_text_n(crio_get(annotations, "Labels"), &length);
	int r;

	if (!text)
		return 0;
	r = container_metadata_add_text_labels(labels, count, text, length, truncated);
	if (r == -EINVAL)
		*truncated = true;
	return r == -ENOMEM ? r : 0;
}

/* SandboxName is k8s_POD_NAMESPACE_UID_ATTEMPT; none of these can hold an underscore. */
static int set_pod_from_sandbox_name(
	const struct json_value *annotations, struct container_metadata *metadata)
{
	const char *text = json_text(crio_get(annotations, "SandboxName"));
	const char *part[6];
	size_t parts = 0;
	int r;

	if (!text)
		return 0;
	part[parts++] = text;
	for (const char *c = text; *c; c++) {
		if (*c != '_')
			continue;
		if (parts == 5)
			return 0;
		part[parts++] = c + 1;
	}
	if (parts != 5 || strncmp(text, "k8s_", 4) != 0)
		return 0;
	r = set_part(metadata, &metadata->pod_name, part[1], part[2] - 1);
	if (r == 0)
		r = set_part(metadata, &metadata->pod_namespace, part[2], part[3] - 1);
	if (r == 0)
		r = set_part(metadata, &metadata->pod_uid, part[3], part[4] - 1);
	return r;
}

static int set_pod_from_flat_keys(
	const struct json_value *annotations, struct container_metadata *metadata)
{
	const struct {
		const char *key;
		char **field;
	} flat[] = {
		{"io.kubernetes.pod.name", &metadata->pod_name},
		{"io.kubernetes.pod.namespace", &metadata->pod_namespace},
		{"io.kubernetes.pod.uid", &metadata->pod_uid},
		{"io.kubernetes.container.name", &metadata->pod_container},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(flat); i++)
		r = container_metadata_set_json(
			metadata, flat[i].field, json_get(annotations, flat[i].key));
	return r;
}

static bool is_hexadecimal_id(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	return length == 64;
}

/* The kubelet asks for an image by its id, crictl by its name; the id as a name helps nobody. */
static int set_image_name(const struct json_value *annotations, struct container_metadata *metadata)
{
	static const char *const keys[] = {"Image", "ImageName"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++) {
		const char *text = json_text(crio_get(annotations, keys[i]));

		if (!text || is_hexadecimal_id(text) || strncmp(text, "sha256:", 7) == 0)
			continue;
		r = container_metadata_set(metadata, &metadata->image_name, text);
	}
	return r;
}

/* ImageRef is the image's id, or REPOSITORY@sha256:… with older CRI-O; ImageRepoDigests always the
 * latter. */
static int set_image_id(const struct json_value *annotations, struct container_metadata *metadata)
{
	static const char *const keys[] = {"ImageRepoDigests", "ImageRef", "Image"};
	const char *reference = json_text(crio_get(annotations, "ImageRef"));
	int r = 0;

	if (reference && strncmp(reference, "sha256:", 7) == 0)
		reference += 7;
	if (reference && is_hexadecimal_id(reference))
		r = container_metadata_set(metadata, &metadata->image_id, reference);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++) {
		const char *text = json_text(crio_get(annotations, keys[i]));
		const char *at = text ? strstr(text, "@sha256:") : NULL;

		if (at)
			r = set_part(metadata, &metadata->image_digest, at + 1,
				at + 1 + strcspn(at + 1, ", ]\""));
	}
	return r;
}

static int set_pod_container(
	const struct json_value *annotations, struct container_metadata *metadata)
{
	_cleanup_json_ struct json_document *document = NULL;
	int r = parse_value(annotations, "Metadata", &document);

	if (r < 0)
		return r;
	return container_metadata_set_json(
		metadata, &metadata->pod_container, json_get(json_root(document), "name"));
}

int crio_sandbox_annotations_read(
	const struct json_value *annotations, struct container_metadata *metadata)
{
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *pod;
	int r = parse_value(annotations, "Metadata", &document);

	if (r < 0)
		return r;
	pod = json_root(document);
	r = container_metadata_set_json(metadata, &metadata->pod_name, json_get(pod, "name"));
	if (r == 0)
		r = container_metadata_set_json(
			metadata, &metadata->pod_namespace, json_get(pod, "namespace"));
	if (r == 0)
		r = container_metadata_set_json(metadata, &metadata->pod_uid, json_get(pod, "uid"));
	if (r == 0)
		r = set(metadata, &metadata->pod_name, annotations, "KubeName");
	if (r == 0)
		r = set(metadata, &metadata->pod_namespace, annotations, "Namespace");
	if (r == 0)
		r = add_labels(annotations, &metadata->pod_labels, &metadata->pod_label_count,
			&metadata->truncated);
	return r;
}

/* The sandbox's own metadata is the pod's, and its name is in another key. */
static int read_sandbox_itself(
	const struct json_value *annotations, struct container_metadata *metadata)
{
	int r = crio_sandbox_annotations_read(annotations, metadata);

	if (r == 0)
		r = set(metadata, &metadata->name, annotations, "ContainerName");
	if (r == 0)
		r = container_metadata_set(metadata, &metadata->pod_container, "POD");
	return r;
}

int crio_annotations_read(const struct json_value *annotations, struct container_metadata *metadata)
{
	const char *type = json_text(crio_get(annotations, "ContainerType"));
	int r = 0;

	if (type && strcmp(type, "sandbox") == 0)
		r = read_sandbox_itself(annotations, metadata);
	else
		r = set_pod_container(annotations, metadata);
	if (r == 0)
		r = set(metadata, &metadata->name, annotations, "Name");
	if (r == 0)
		r = set(metadata, &metadata->pod_id, annotations, "SandboxID");
	if (r == 0)
		r = set_pod_from_sandbox_name(annotations, metadata);
	if (r == 0)
		r = set_pod_from_flat_keys(annotations, metadata);
	if (r == 0)
		r = set_image_id(annotations, metadata);
	if (r == 0)
		r = set_image_name(annotations, metadata);
	if (r == 0)
		r = add_labels(annotations, &metadata->labels, &metadata->label_count,
			&metadata->truncated);
	if (r == 0)
		container_metadata_add_source(metadata, LABELS_SOURCE_ANNOTATION);
	return r;
}

int crio_graph_root(const struct json_value *annotations, char **ret_graph_root, char **ret_driver)
{
	const char *path = json_text(crio_get(annotations, "MountPoint"));
	_cleanup_free_ char *graph_root = NULL, *driver = NULL;
	const char *start[3]; /* of the last three components, the last one first */
	const char *end;

	if (!path || path[0] != '/')
		return -EINVAL;
	end = path + strlen(path);
	for (size_t i = 0; i < ARRAY_SIZE(start); i++) {
		const char *slash = memrchr(path, '/', end - path);

		if (!slash || slash == path || slash + 1 == end)
			return -EINVAL;
		start[i] = slash + 1;
		end = slash;
	}
	graph_root = strndup(path, end - path);
	driver = strndup(start[2], start[1] - 1 - start[2]);
	if (!graph_root || !driver)
		return -ENOMEM;
	*ret_graph_root = TAKE_PTR(graph_root);
	*ret_driver = TAKE_PTR(driver);
	return 0;
}
