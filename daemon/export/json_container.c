/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/json_container.h"

#include "lib/json_writer.h"

static void optional_string(struct buf *buf, const char *key, const char *text)
{
	if (text && *text)
		json_key_string(buf, key, text);
}

static void labels_format(
	struct buf *buf, const char *key, const struct label *labels, size_t count)
{
	json_key(buf, key);
	json_open_object(buf);
	for (size_t i = 0; i < count; i++) {
		/* A label's key is anybody's text, unlike all other keys here. */
		json_string(buf, labels[i].key);
		buf_append_char(buf, ':');
		json_string(buf, labels[i].value);
	}
	json_close_object(buf);
}

void json_container_format(const struct container *container, struct buf *buf)
{
	const struct container_metadata *metadata = &container->metadata;

	json_open_object(buf);
	json_key_string(buf, "id", container->id);
	optional_string(buf, "name", metadata->name);
	if (metadata->image_name || metadata->image_id || metadata->image_digest) {
		json_key(buf, "image");
		json_open_object(buf);
		optional_string(buf, "name", metadata->image_name);
		optional_string(buf, "id", metadata->image_id);
		optional_string(buf, "digest", metadata->image_digest);
		json_close_object(buf);
	}
	labels_format(buf, "labels", metadata->labels, metadata->label_count);
	if (metadata->pod_id || metadata->pod_name) {
		json_key(buf, "pod");
		json_open_object(buf);
		optional_string(buf, "id", metadata->pod_id);
		optional_string(buf, "name", metadata->pod_name);
		if (!metadata->pod_namespace && metadata->pod_label_count)
			labels_format(
				buf, "labels", metadata->pod_labels, metadata->pod_label_count);
		json_close_object(buf);
	}
	optional_string(buf, "runtime", metadata->runtime);
	json_key(buf, "started_by");
	json_open_object(buf);
	json_key_unsigned(buf, "auid", container->auid);
	json_key_unsigned(buf, "ses", container->session);
	json_close_object(buf);
	json_key_u64(buf, "cgroup_id", container->cgroup_id);
	json_key_bool(buf, "verified", container->verified);
	json_key_string(buf, "labels_source", labels_source_name(metadata->source));
	optional_string(buf, "scope", container->scope);
	if (metadata->truncated)
		json_key_bool(buf, "truncated", true);
	json_close_object(buf);
}

void json_pod_format(const struct container *container, struct buf *buf)
{
	const struct container_metadata *metadata = &container->metadata;

	if (!metadata->pod_namespace)
		return;
	json_open_object(buf);
	json_key_string(buf, "namespace", metadata->pod_namespace);
	optional_string(buf, "name", metadata->pod_name);
	optional_string(buf, "uid", metadata->pod_uid);
	json_key(buf, "container");
	json_open_object(buf);
	json_key(buf, "id");
	json_comma(buf);
	buf_append_literal(buf, "\"cri-o://");
	json_escape(buf, container->id, __builtin_strlen(container->id));
	buf_append_char(buf, '"');
	optional_string(
		buf, "name", metadata->pod_container ? metadata->pod_container : metadata->name);
	if (metadata->image_name || metadata->image_id) {
		json_key(buf, "image");
		json_open_object(buf);
		optional_string(buf, "id",
			metadata->image_digest ? metadata->image_digest : metadata->image_id);
		optional_string(buf, "name", metadata->image_name);
		json_close_object(buf);
	}
	json_key(buf, "start_time");
	json_time(buf, container->registered_ns);
	json_close_object(buf);
	labels_format(buf, "pod_labels", metadata->pod_labels, metadata->pod_label_count);
	json_close_object(buf);
}
