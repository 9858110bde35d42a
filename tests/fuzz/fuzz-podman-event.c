/* SPDX-License-Identifier: Apache-2.0 */
/* A line of podman's events file. An event is believed only if it is about the container asked for.
 */
#include "oci/podman_events.h"

#include "tests/fuzz/fuzz.h"

#define ID  "36dbab22e956fa758ce165f43fd66fd7b7fd9e94aed616783a5cbe4310242482"
#define POD "b6fedcf6bea4b84f6410de78ba241ad40e53ff91e95e43470840886f7d5ef8a8"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	struct container_metadata metadata = {0};
	char *pod_name = NULL;

	if (podman_event_line(line, size, ID, &metadata) == 1) {
		FUZZ_ASSERT(memmem(line, size, ID, strlen(ID)));
		FUZZ_ASSERT(metadata.label_count <= METADATA_LABELS_MAX);
		FUZZ_ASSERT(!metadata.name || strlen(metadata.name) <= METADATA_NAME_MAX);
	}
	container_metadata_sort(&metadata);
	container_metadata_done(&metadata);
	if (podman_event_pod_line(line, size, POD, &pod_name) == 1)
		FUZZ_ASSERT(pod_name && *pod_name);
	free(pod_name);
	return 0;
}
