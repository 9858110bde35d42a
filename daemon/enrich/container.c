/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/container.h"

#include <stdlib.h>

const char *container_source_name(enum container_source source)
{
	static const char *const names[] = {
		[CONTAINER_SOURCE_HOOK] = "hook",
		[CONTAINER_SOURCE_SPOOL] = "spool",
		[CONTAINER_SOURCE_STATE] = "state",
		[CONTAINER_SOURCE_SCAN] = "scan",
		[CONTAINER_SOURCE_SANDBOX] = "sandbox",
	};

	return names[source];
}

struct container *container_new(void)
{
	return calloc(1, sizeof(struct container));
}

struct container *container_free(struct container *container)
{
	if (!container)
		return NULL;
	container_metadata_done(&container->metadata);
	free(container->cgroup_path);
	free(container->scope);
	free(container->bundle);
	free(container->json);
	free(container->pod_json);
	free(container);
	return NULL;
}
