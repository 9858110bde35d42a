/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"
#include "oci/bundle.h"
#include "oci/crio_annotations.h"
#include "oci/metadata_reading.h"
#include "oci/podman_paths.h"
#include "oci/state.h"

/* The pod's labels stand only in its sandbox container's config.json, in the bundle next door. */
static int read_sandbox(struct metadata_reading *reading)
{
	const struct metadata_request *request = reading->request;
	const char *id = crio_sandbox_id(reading->annotations);
	_cleanup_json_ struct json_document *document = NULL;
	_cleanup_free_ char *root = NULL, *driver = NULL, *bundle = NULL;
	const struct json_value *annotations;
	struct error failure = {0};
	int r;

	if (!id || !oci_id_valid(id) || strcmp(id, request->id) == 0 || !request->bundle)
		return 0;
	r = podman_paths_split(request->bundle, request->id, &root, &driver);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (asprintf(&bundle, "%s/%s-containers/%s/userdata", root, driver, id) < 0) {
		bundle = NULL;
		return -ENOMEM;
	}
	r = bundle_read_config(bundle, request->owner, &document, &failure);
	if (r < 0) {
		reading->completeness = METADATA_INCOMPLETE;
		return metadata_pass_over(reading, r, &failure);
	}
	annotations = json_get(json_root(document), "annotations");
	if (!crio_annotations_match(annotations))
		return 0;
	return crio_sandbox_annotations_read(annotations, &reading->metadata);
}

int metadata_read_crio(struct metadata_reading *reading)
{
	_cleanup_free_ char *graph_root = NULL, *driver = NULL;
	int r;

	r = read_sandbox(reading);
	if (r == 0 && json_count(reading->annotations))
		r = crio_annotations_read(reading->annotations, &reading->metadata);
	if (r == 0)
		r = metadata_use_conmon_name(reading);
	if (r < 0 || reading->metadata.image_digest)
		return r;
	r = crio_graph_root(reading->annotations, &graph_root, &driver);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return metadata_read_image(reading, graph_root, driver);
}
