/* SPDX-License-Identifier: Apache-2.0 */
#define HASH_NONFATAL_OOM 1 /* uthash would exit() */

#include "daemon/registration/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cgroup_fs.h"
#include "lib/proc.h"

int known_add(struct known_containers *known, struct container *record,
	struct known_container **ret_container)
{
	struct known_container *container = calloc(1, sizeof(*container));

	if (!container) {
		container_free(record);
		return -ENOMEM;
	}
	container->record = record;
	HASH_ADD_KEYPTR(hh, known->by_container_id, &record->cgroup_id, sizeof(record->cgroup_id),
		container);
	if (!container->hh.tbl) { /* so uthash says that it had no memory */
		container_free(record);
		free(container);
		return -ENOMEM;
	}
	*ret_container = container;
	return 0;
}

void known_remove(struct known_containers *known, struct known_container *container)
{
	HASH_DELETE(hh, known->by_container_id, container);
	container_free(container->record);
	free(container);
}

void known_done(struct known_containers *known)
{
	struct known_container *container, *next;

	HASH_ITER (hh, known->by_container_id, container, next)
		known_remove(known, container);
}

struct known_container *known_get(const struct known_containers *known, uint64_t container_id)
{
	struct known_container *container;

	HASH_FIND(hh, known->by_container_id, &container_id, sizeof(container_id), container);
	return container;
}

struct known_container *known_find_id(
	const struct known_containers *known, const char *id, struct known_container *previous)
{
	struct known_container *container = previous ? previous->hh.next : known->by_container_id;

	while (container && strcmp(container->record->id, id))
		container = container->hh.next;
	return container;
}

size_t known_count_owner(const struct known_containers *known, uid_t owner)
{
	struct known_container *container, *next;
	size_t count = 0;

	HASH_ITER (hh, known->by_container_id, container, next)
		count += container->owner == owner;
	return count;
}

struct known_container *known_ancestor(
	const struct known_containers *known, const char *mount_point, const char *cgroup_path)
{
	char path[PROC_CGROUP_MAX];
	size_t length = strlen(cgroup_path);

	if (length >= sizeof(path) || !known->by_container_id)
		return NULL;
	for (size_t end = 1; end <= length; end++) {
		struct known_container *container;
		uint64_t id;

		if (cgroup_path[end] && cgroup_path[end] != '/')
			continue;
		memcpy(path, cgroup_path, end);
		path[end] = '\0';
		if (cgroup_id_of_path(mount_point, path, &id) < 0)
			return NULL;
		container = known_get(known, id);
		if (container)
			return container;
	}
	return NULL;
}
