/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/export/json_container.h"
#include "lib/buf.h"

#define ID_PREFIX_MIN 12

struct registry {
	struct container *by_cgroup;
};

struct registry *registry_new(void)
{
	return calloc(1, sizeof(struct registry));
}

struct container *container_ref(struct container *container)
{
	container->references++;
	return container;
}

void container_unref(struct container *container)
{
	if (container && --container->references == 0)
		container_free(container);
}

struct registry *registry_free(struct registry *registry)
{
	struct container *container, *next;

	if (!registry)
		return NULL;
	HASH_ITER (hh_cgroup, registry->by_cgroup, container, next) {
		HASH_DELETE(hh_cgroup, registry->by_cgroup, container);
		container_unref(container);
	}
	free(registry);
	return NULL;
}

/* What every event of the container carries, put together once. Without memory for it events go out
 * with the container's id alone: json_event does that. */
static void make_json(struct container *container)
{
	struct buf json = {}, pod = {};

	free(container->json);
	free(container->pod_json);
	json_container_format(container, &json);
	container->json = buf_string(&json);
	container->json_length = container->json ? json.length : 0;
	if (!container->json)
		buf_done(&json);
	json_pod_format(container, &pod);
	container->pod_json = pod.length ? buf_string(&pod) : NULL;
	container->pod_json_length = container->pod_json ? pod.length : 0;
	if (!container->pod_json)
		buf_done(&pod);
}

static void remove_container(struct registry *registry, struct container *container)
{
	HASH_DELETE(hh_cgroup, registry->by_cgroup, container);
	container_unref(container);
}

int registry_add(
	struct registry *registry, struct container *container, struct container **ret_replaced)
{
	struct container *known;

	HASH_FIND(hh_cgroup, registry->by_cgroup, &container->cgroup_id,
		sizeof(container->cgroup_id), known);
	if (known && known->generation == container->generation) {
		container_free(container);
		return -EEXIST;
	}
	if (known) {
		HASH_DELETE(hh_cgroup, registry->by_cgroup, known);
		if (ret_replaced)
			*ret_replaced = known;
		else
			container_unref(known);
	}
	container->references = 1;
	make_json(container);
	HASH_ADD(
		hh_cgroup, registry->by_cgroup, cgroup_id, sizeof(container->cgroup_id), container);
	return 0;
}

struct container *registry_find(struct registry *registry, uint64_t cgroup_id, uint64_t generation)
{
	struct container *container;

	HASH_FIND(hh_cgroup, registry->by_cgroup, &cgroup_id, sizeof(cgroup_id), container);
	return container && (!generation || container->generation == generation) ? container : NULL;
}

struct container *registry_find_name(struct registry *registry, const char *name)
{
	size_t length = strlen(name);
	struct container *container, *next, *found = NULL;

	HASH_ITER (hh_cgroup, registry->by_cgroup, container, next) {
		if (!strcmp(container->id, name) ||
			(container->metadata.name && !strcmp(container->metadata.name, name))) {
			if (!container->ended_ns)
				return container;
			found = container;
		}
	}
	if (found || length < ID_PREFIX_MIN)
		return found;
	HASH_ITER (hh_cgroup, registry->by_cgroup, container, next) {
		if (strncmp(container->id, name, length))
			continue;
		if (found)
			return NULL;
		found = container;
	}
	return found;
}

void registry_update(
	struct registry *registry, struct container *container, struct container_metadata *metadata)
{
	container_metadata_done(&container->metadata);
	container->metadata = *metadata;
	memset(metadata, 0, sizeof(*metadata));
	make_json(container);
}

void registry_end(struct registry *registry, struct container *container, uint64_t now_boottime_ns)
{
	if (!container->ended_ns)
		container->ended_ns = now_boottime_ns;
}

void registry_expire(struct registry *registry, uint64_t now_boottime_ns, uint64_t keep_ns)
{
	struct container *container, *next;

	HASH_ITER (hh_cgroup, registry->by_cgroup, container, next) {
		if (container->ended_ns && now_boottime_ns - container->ended_ns >= keep_ns)
			remove_container(registry, container);
	}
}

size_t registry_count(const struct registry *registry)
{
	return HASH_CNT(hh_cgroup, registry->by_cgroup);
}

void registry_visit(struct registry *registry,
	void (*visit)(void *data, struct container *container), void *data)
{
	struct container *container, *next;

	HASH_ITER (hh_cgroup, registry->by_cgroup, container, next)
		visit(data, container);
}

int registry_visit_some(struct registry *registry, uint64_t *cursor,
	bool (*visit)(void *data, struct container *container), void *data)
{
	struct container *container, *next;
	uint64_t place = 0;

	HASH_ITER (hh_cgroup, registry->by_cgroup, container, next) {
		if (place++ < *cursor)
			continue;
		*cursor = place;
		if (!visit(data, container))
			return next != NULL;
	}
	return 0;
}
