/* SPDX-License-Identifier: Apache-2.0 */
/* A container's annotations, and the same as a sandbox's: values are JSON once more. */
#include "oci/bundle.h"
#include "oci/crio_annotations.h"

#include "tests/fuzz/fuzz.h"

static void check(struct container_metadata *metadata)
{
	FUZZ_ASSERT(metadata->label_count <= METADATA_LABELS_MAX);
	FUZZ_ASSERT(metadata->pod_label_count <= METADATA_LABELS_MAX);
	FUZZ_ASSERT(!metadata->pod_name || strlen(metadata->pod_name) <= METADATA_NAME_MAX);
	container_metadata_sort(metadata);
	for (size_t i = 1; i < metadata->label_count; i++)
		FUZZ_ASSERT(strcmp(metadata->labels[i - 1].key, metadata->labels[i].key) < 0);
	container_metadata_done(metadata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_document *document = NULL;
	struct container_metadata metadata = {0};
	const struct json_value *annotations;
	char *graph_root = NULL, *driver = NULL;

	if (json_parse((const char *)data, size, NULL, &document, NULL) < 0)
		return 0;
	annotations = json_root(document);
	FUZZ_ASSERT(crio_sandbox_annotations_read(annotations, &metadata) == 0);
	FUZZ_ASSERT(crio_annotations_read(annotations, &metadata) == 0);
	check(&metadata);
	FUZZ_ASSERT(bundle_use_annotations(annotations, "id", &metadata) == 0);
	check(&metadata);
	if (crio_graph_root(annotations, &graph_root, &driver) == 0)
		FUZZ_ASSERT(graph_root[0] == '/' && *driver && !strchr(driver, '/'));
	free(graph_root);
	free(driver);
	json_document_free(document);
	return 0;
}
