/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/metadata.h"

#include <errno.h>
#include <string.h>

static const char *const labels_source_names[LABELS_SOURCE_MAX] = {
	[LABELS_SOURCE_NONE] = "none",
	[LABELS_SOURCE_DATABASE] = "database",
	[LABELS_SOURCE_EVENT] = "event",
	[LABELS_SOURCE_JOURNAL] = "journal",
	[LABELS_SOURCE_ANNOTATION] = "annotation",
	[LABELS_SOURCE_STORAGE] = "storage",
	[LABELS_SOURCE_CONMON] = "conmon",
};

const char *labels_source_name(enum labels_source source)
{
	if (source < 0 || source >= LABELS_SOURCE_MAX)
		return "none";
	return labels_source_names[source];
}

void labels_free(struct label *labels, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(labels[i].key);
		free(labels[i].value);
	}
	free(labels);
}

void container_metadata_done(struct container_metadata *metadata)
{
	free(metadata->name);
	free(metadata->image_name);
	free(metadata->image_id);
	free(metadata->image_digest);
	labels_free(metadata->labels, metadata->label_count);
	free(metadata->pod_id);
	free(metadata->pod_name);
	free(metadata->pod_namespace);
	free(metadata->pod_uid);
	free(metadata->pod_container);
	labels_free(metadata->pod_labels, metadata->pod_label_count);
	free(metadata->runtime);
	memset(metadata, 0, sizeof(*metadata));
}

static int copy_text(const char *text, char **ret_copy)
{
	if (!text)
		return 0;
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : -ENOMEM;
}

/* What is copied so far is in *ret_labels and *ret_count on failure too. */
static int copy_labels(
	const struct label *labels, size_t count, struct label **ret_labels, size_t *ret_count)
{
	if (!count)
		return 0;
	*ret_labels = calloc(count, sizeof(**ret_labels));
	if (!*ret_labels)
		return -ENOMEM;
	*ret_count = count;
	for (size_t i = 0; i < count; i++)
		if (copy_text(labels[i].key, &(*ret_labels)[i].key) < 0 ||
			copy_text(labels[i].value, &(*ret_labels)[i].value) < 0)
			return -ENOMEM;
	return 0;
}

int container_metadata_copy(
	const struct container_metadata *metadata, struct container_metadata *ret_copy)
{
	_cleanup_metadata_ struct container_metadata copy = {
		.source = metadata->source, .truncated = metadata->truncated};

	if (copy_text(metadata->name, &copy.name) < 0 ||
		copy_text(metadata->image_name, &copy.image_name) < 0 ||
		copy_text(metadata->image_id, &copy.image_id) < 0 ||
		copy_text(metadata->image_digest, &copy.image_digest) < 0 ||
		copy_text(metadata->pod_id, &copy.pod_id) < 0 ||
		copy_text(metadata->pod_name, &copy.pod_name) < 0 ||
		copy_text(metadata->pod_namespace, &copy.pod_namespace) < 0 ||
		copy_text(metadata->pod_uid, &copy.pod_uid) < 0 ||
		copy_text(metadata->pod_container, &copy.pod_container) < 0 ||
		copy_text(metadata->runtime, &copy.runtime) < 0 ||
		copy_labels(metadata->labels, metadata->label_count, &copy.labels,
			&copy.label_count) < 0 ||
		copy_labels(metadata->pod_labels, metadata->pod_label_count, &copy.pod_labels,
			&copy.pod_label_count) < 0)
		return -ENOMEM;
	*ret_copy = copy;
	copy = (struct container_metadata){};
	return 0;
}

int container_metadata_set(struct container_metadata *metadata, char **field, const char *value)
{
	if (*field || !value || !*value)
		return 0;
	if (strlen(value) > METADATA_NAME_MAX) {
		metadata->truncated = true;
		return 0;
	}
	*field = strdup(value);
	return *field ? 0 : -ENOMEM;
}

static size_t labels_bytes(const struct label *labels, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(labels[i].key) + strlen(labels[i].value);
	return bytes;
}

int container_metadata_add_label(
	struct label **labels, size_t *count, const char *key, const char *value)
{
	_cleanup_free_ char *key_copy = NULL, *value_copy = NULL;
	size_t key_length = strlen(key), value_length = strlen(value);
	struct label *grown;

	for (size_t i = 0; i < *count; i++)
		if (strcmp((*labels)[i].key, key) == 0)
			return 0;
	if (*count >= METADATA_LABELS_MAX || key_length > METADATA_LABEL_MAX ||
		value_length > METADATA_LABEL_MAX ||
		labels_bytes(*labels, *count) + key_length + value_length > METADATA_LABELS_BYTES)
		return -E2BIG;
	key_copy = strdup(key);
	value_copy = strdup(value);
	if (!key_copy || !value_copy)
		return -ENOMEM;
	grown = realloc(*labels, (*count + 1) * sizeof(**labels));
	if (!grown)
		return -ENOMEM;
	grown[*count].key = TAKE_PTR(key_copy);
	grown[*count].value = TAKE_PTR(value_copy);
	*labels = grown;
	(*count)++;
	return 0;
}

void container_metadata_add_source(struct container_metadata *metadata, enum labels_source source)
{
	if (metadata->source == LABELS_SOURCE_NONE || source < metadata->source)
		metadata->source = source;
}

static int label_compare(const void *a, const void *b)
{
	const struct label *left = a, *right = b;

	return strcmp(left->key, right->key);
}

void container_metadata_sort(struct container_metadata *metadata)
{
	if (metadata->label_count)
		qsort(metadata->labels, metadata->label_count, sizeof(struct label), label_compare);
	if (metadata->pod_label_count)
		qsort(metadata->pod_labels, metadata->pod_label_count, sizeof(struct label),
			label_compare);
}
