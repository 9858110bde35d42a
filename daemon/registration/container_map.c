/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/container_map.h"

#include <errno.h>

#include <bpf/bpf.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/policy/scope_table.h"

int container_map_add(const struct registration_maps *maps, uint64_t container_id,
	uint64_t generation, pid_t init_pid)
{
	const struct container_entry entry = {
		.generation = generation,
		.init_pid = (__u32)init_pid,
	};

	if (!bpf_map_update_elem(maps->containers_fd, &container_id, &entry, BPF_ANY))
		return 0;
	return errno == E2BIG ? -ENOSPC : -errno;
}

void container_map_remove(
	const struct registration_maps *maps, uint64_t container_id, uint64_t generation)
{
	struct container_entry entry;

	/* This thread is the only one that writes, so nobody comes between the two calls. */
	if (!bpf_map_lookup_elem(maps->containers_fd, &container_id, &entry) &&
		entry.generation == generation)
		bpf_map_delete_elem(maps->containers_fd, &container_id);
	if (maps->scopes)
		scope_table_forget_container(maps->scopes, container_id, generation);
}

void container_map_set_scopes(const struct registration_maps *maps, const struct container *record,
	const struct container_metadata *metadata)
{
	static struct log_limit limit;
	uint64_t suppressed;
	int r;

	if (!maps->scopes)
		return;
	r = scope_table_set_container(
		maps->scopes, record->cgroup_id, record->generation, metadata);
	if (r < 0 && log_limit_pass(&limit, &suppressed))
		log_error("container %s: policies that choose containers may not see it: %s (%llu "
			  "more lately)",
			record->id, strerror(-r), (unsigned long long)suppressed);
}

int task_map_add(const struct registration_maps *maps, int pidfd, pid_t pid, uint64_t container_id,
	uint64_t generation)
{
	const struct task_container entry = {
		.container_id = container_id, .generation = generation};
	__u32 tid = (__u32)pid;
	const void *key = maps->tasks_is_hash ? (const void *)&tid : (const void *)&pidfd;

	if (maps->tasks_fd < 0)
		return -ENOTSUP;
	return bpf_map_update_elem(maps->tasks_fd, key, &entry, BPF_ANY) ? -errno : 0;
}

int task_map_get(
	const struct registration_maps *maps, int pidfd, pid_t pid, struct task_container *ret)
{
	__u32 tid = (__u32)pid;
	const void *key = maps->tasks_is_hash ? (const void *)&tid : (const void *)&pidfd;

	if (maps->tasks_fd < 0)
		return -ENOTSUP;
	return bpf_map_lookup_elem(maps->tasks_fd, key, ret) ? -errno : 0;
}
