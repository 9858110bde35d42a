/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/state_json.h"

#include <errno.h>
#include <string.h>

#include "lib/json.h"
#include "lib/json_writer.h"
#include "oci/metadata_json.h"
#include "oci/state.h"

#define STATE_VERSION 1

static void write_text(struct buf *buf, const char *key, const char *value)
{
	if (!value)
		return;
	json_key_n(buf, key, strlen(key));
	json_string(buf, value);
}

static void write_labels(struct buf *buf, const char *key, const struct label *labels, size_t count)
{
	json_key_n(buf, key, strlen(key));
	json_open_object(buf);
	for (size_t i = 0; i < count; i++) {
		json_string(buf, labels[i].key);
		buf_append_char(buf, ':');
		json_string(buf, labels[i].value);
	}
	json_close_object(buf);
}

static void write_metadata(struct buf *buf, const struct container_metadata *metadata)
{
	json_key(buf, "metadata");
	json_open_object(buf);
	write_text(buf, "name", metadata->name);
	write_text(buf, "image_name", metadata->image_name);
	write_text(buf, "image_id", metadata->image_id);
	write_text(buf, "image_digest", metadata->image_digest);
	write_labels(buf, "labels", metadata->labels, metadata->label_count);
	write_text(buf, "pod_id", metadata->pod_id);
	write_text(buf, "pod_name", metadata->pod_name);
	write_text(buf, "pod_namespace", metadata->pod_namespace);
	write_text(buf, "pod_uid", metadata->pod_uid);
	write_text(buf, "pod_container", metadata->pod_container);
	write_labels(buf, "pod_labels", metadata->pod_labels, metadata->pod_label_count);
	write_text(buf, "runtime", metadata->runtime);
	json_key_string(buf, "source", labels_source_name(metadata->source));
	json_key_bool(buf, "truncated", metadata->truncated);
	json_close_object(buf);
}

void state_json_write(struct buf *buf, const char *boot_id, const struct container *container,
	const struct container_metadata *metadata)
{
	json_open_object(buf);
	json_key_unsigned(buf, "version", STATE_VERSION);
	json_key_string(buf, "boot_id", boot_id);
	json_key_string(buf, "id", container->id);
	json_key_u64(buf, "container_id", container->cgroup_id);
	json_key_u64(buf, "generation", container->generation);
	write_text(buf, "cgroup_path", container->cgroup_path);
	json_key_string(buf, "source", container_source_name(container->source));
	json_key_bool(buf, "verified", container->verified);
	json_key_bool(buf, "has_cgroup", container->has_cgroup);
	write_text(buf, "scope", container->scope);
	json_key_number(buf, "init_pid", container->init_pid);
	json_key_u64(buf, "init_start", container->init_start);
	json_key_unsigned(buf, "auid", container->auid);
	json_key_unsigned(buf, "session", container->session);
	json_key_u64(buf, "registered", container->registered_ns);
	write_text(buf, "bundle", container->bundle);
	write_metadata(buf, metadata);
	json_close_object(buf);
}

/* A missing text is none; one of another type is an error. */
static int parse_text(const struct json_value *object, const char *key, char **ret_text)
{
	const struct json_value *value = json_get(object, key);
	const char *text = json_text(value);

	if (!value)
		return 0;
	if (!text)
		return -EINVAL;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int parse_u32(const struct json_value *object, const char *key, uint32_t *ret)
{
	uint64_t number;

	if (json_u64(json_get(object, key), &number) < 0 || number > UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)number;
	return 0;
}

static enum labels_source parse_labels_source(const char *name)
{
	for (int i = 0; name && i < LABELS_SOURCE_MAX; i++)
		if (!strcmp(labels_source_name((enum labels_source)i), name))
			return (enum labels_source)i;
	return LABELS_SOURCE_NONE;
}

static int parse_metadata(const struct json_value *object, struct container_metadata *metadata)
{
	const struct {
		const char *key;
		char **field;
	} texts[] = {
		{"name", &metadata->name},
		{"image_name", &metadata->image_name},
		{"image_id", &metadata->image_id},
		{"image_digest", &metadata->image_digest},
		{"pod_id", &metadata->pod_id},
		{"pod_name", &metadata->pod_name},
		{"pod_namespace", &metadata->pod_namespace},
		{"pod_uid", &metadata->pod_uid},
		{"pod_container", &metadata->pod_container},
		{"runtime", &metadata->runtime},
	};
	int r;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		r = parse_text(object, texts[i].key, texts[i].field);
		if (r < 0)
			return r;
	}
	r = container_metadata_add_json_labels(&metadata->labels, &metadata->label_count,
		json_get(object, "labels"), &metadata->truncated);
	if (r < 0)
		return r;
	r = container_metadata_add_json_labels(&metadata->pod_labels, &metadata->pod_label_count,
		json_get(object, "pod_labels"), &metadata->truncated);
	if (r < 0)
		return r;
	container_metadata_sort(metadata);
	metadata->source = parse_labels_source(json_text(json_get(object, "source")));
	metadata->truncated |= json_is_true(json_get(object, "truncated"));
	return 0;
}

static int parse_numbers(const struct json_value *root, struct container *container)
{
	int64_t init_pid;
	int r;

	r = json_u64(json_get(root, "container_id"), &container->cgroup_id);
	if (r < 0)
		return r;
	r = json_u64(json_get(root, "generation"), &container->generation);
	if (r < 0)
		return r;
	r = json_u64(json_get(root, "init_start"), &container->init_start);
	if (r < 0)
		return r;
	r = json_u64(json_get(root, "registered"), &container->registered_ns);
	if (r < 0)
		return r;
	r = json_i64(json_get(root, "init_pid"), &init_pid);
	if (r < 0 || init_pid < 0 || init_pid > INT32_MAX)
		return -EINVAL;
	container->init_pid = (pid_t)init_pid;
	r = parse_u32(root, "auid", &container->auid);
	if (r < 0)
		return r;
	return parse_u32(root, "session", &container->session);
}

static int parse_texts(const struct json_value *root, struct container *container)
{
	const char *id = json_text(json_get(root, "id"));
	int r;

	if (!id || !oci_id_valid(id))
		return -EINVAL;
	memcpy(container->id, id, strlen(id) + 1);
	r = parse_text(root, "cgroup_path", &container->cgroup_path);
	if (r < 0)
		return r;
	r = parse_text(root, "scope", &container->scope);
	if (r < 0)
		return r;
	return parse_text(root, "bundle", &container->bundle);
}

int state_json_parse(const char *text, size_t length, const char *boot_id,
	struct container **ret_container, struct error *error)
{
	_cleanup_(container_free_p) struct container *container = NULL;
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *root;
	const char *boot;
	uint64_t version;
	int r;

	r = json_parse(text, length, NULL, &document, error);
	if (r < 0)
		return r;
	root = json_root(document);
	boot = json_text(json_get(root, "boot_id"));
	if (json_u64(json_get(root, "version"), &version) < 0 || version != STATE_VERSION || !boot)
		return error_set(error, -EINVAL, "not the state of a container");
	if (strcmp(boot, boot_id))
		return error_set(error, -ESTALE, "of another boot");
	container = container_new();
	if (!container)
		return error_set(error, -ENOMEM, "no memory");
	container->source = CONTAINER_SOURCE_STATE;
	container->verified = json_is_true(json_get(root, "verified"));
	container->has_cgroup = json_is_true(json_get(root, "has_cgroup"));
	r = parse_numbers(root, container);
	if (!r)
		r = parse_texts(root, container);
	if (!r)
		r = parse_metadata(json_get(root, "metadata"), &container->metadata);
	if (!r && container->has_cgroup != (container->cgroup_path != NULL))
		r = -EINVAL;
	if (r < 0)
		return error_set(error, r, "a value is missing or of the wrong type");
	*ret_container = TAKE_PTR(container);
	return 0;
}
