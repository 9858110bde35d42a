/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/bundle.h"

#include <errno.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/util.h"
#include "oci/metadata_json.h"
#include "oci/store_directory.h"

static const struct json_limits config_limits = {
	.bytes = BUNDLE_CONFIG_MAX, .depth = 32, .values = 200000};

int bundle_read_config(
	const char *bundle, uid_t owner, struct json_document **ret_document, struct error *error)
{
	_cleanup_close_ int directory_fd = -1, fd = -1;
	_cleanup_buf_ struct buf text = {0};
	int r;

	directory_fd = store_directory_open(bundle, owner);
	if (directory_fd < 0)
		return error_set(error, directory_fd, "%s: %s", bundle, strerror(-directory_fd));
	fd = open_regular(directory_fd, "config.json", owner);
	if (fd < 0)
		return error_set(error, fd, "%s/config.json: %s", bundle, strerror(-fd));
	r = read_fd_limited(fd, BUNDLE_CONFIG_MAX, &text);
	if (r < 0)
		return error_set(error, r, "%s/config.json: %s", bundle, strerror(-r));
	r = json_parse(text.data, text.length, &config_limits, ret_document, error);
	if (r < 0)
		error_wrap(error, "%s/config.json", bundle);
	return r;
}

int bundle_use_annotations(
	const struct json_value *annotations, const char *id, struct container_metadata *metadata)
{
	const struct {
		const char *key;
		char **field;
	} known[] = {
		{"io.kubernetes.cri.image-name", &metadata->image_name},
		{"org.opencontainers.image.ref.name", &metadata->image_name},
		{"org.opencontainers.image.base.digest", &metadata->image_digest},
		{"io.kubernetes.cri.sandbox-id", &metadata->pod_id},
		{"io.kubernetes.cri.sandbox-name", &metadata->pod_name},
		{"io.kubernetes.cri.sandbox-namespace", &metadata->pod_namespace},
		{"io.kubernetes.cri.sandbox-uid", &metadata->pod_uid},
		{"io.kubernetes.cri.container-name", &metadata->pod_container},
	};
	int r = container_metadata_set(metadata, &metadata->name, id);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(known); i++)
		r = container_metadata_set_json(
			metadata, known[i].field, json_get(annotations, known[i].key));
	if (r == 0)
		r = container_metadata_add_json_labels(&metadata->labels, &metadata->label_count,
			annotations, &metadata->truncated);
	if (r == 0 && json_count(annotations))
		container_metadata_add_source(metadata, LABELS_SOURCE_ANNOTATION);
	return r;
}
