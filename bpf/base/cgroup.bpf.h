/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cgroups: birth, end, and who is moved where. Only the v2 hierarchy, which is number 0; on hybrid
 * hosts the v1 hierarchies fire the same tracepoints with ids of their own. All three are called
 * with a spinlock held, so none comes between another. */
#pragma once

#include "lib/attribution.bpf.h"
#include "lib/bounded.bpf.h"
#include "lib/emit.bpf.h"
#include "lib/task.bpf.h"

struct cgroup_scratch {
	struct cgroup_record record;
	char path[CGROUP_PATH_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgroup_scratch);
} cgroup_scratches SEC(".maps");

static __always_inline struct cgroup_scratch *cgroup_read(
	struct cgroup *cgroup, const char *path, __u32 kind)
{
	__u32 zero = 0;
	struct cgroup_scratch *scratch = bpf_map_lookup_elem(&cgroup_scratches, &zero);
	__u64 level;
	long length;

	if (!scratch || BPF_CORE_READ(cgroup, root, hierarchy_id) != 0)
		return NULL;
	__builtin_memset(&scratch->record, 0, sizeof(scratch->record));
	header_init(&scratch->record.header, kind, bpf_ktime_get_boot_ns());
	scratch->record.cgroup_id = BPF_CORE_READ(cgroup, kn, id);
	scratch->record.level = BPF_CORE_READ(cgroup, level);
	level = scratch->record.level;
	if (level > 0)
		scratch->record.parent_id =
			cgroup_ancestor_id(cgroup, BOUNDED(level - 1, CGROUP_LEVEL_MAX));
	length = bpf_probe_read_kernel_str(scratch->path, sizeof(scratch->path), path);
	scratch->record.path_length = length > 0 ? length - 1 : 0;
	return scratch;
}

static __always_inline int cgroup_send(struct cgroup_scratch *scratch, __u32 kind)
{
	__u32 length = scratch->record.path_length;

	if (length > CGROUP_PATH_MAX)
		length = CGROUP_PATH_MAX;
	emit(&scratch->record.header, kind, sizeof(scratch->record) + length, true);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	struct cgroup_scratch *scratch = cgroup_read(cgroup, path, RECORD_CGROUP_MKDIR);

	return scratch ? cgroup_send(scratch, RECORD_CGROUP_MKDIR) : 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(on_cgroup_rmdir, struct cgroup *cgroup, const char *path)
{
	struct cgroup_scratch *scratch = cgroup_read(cgroup, path, RECORD_CGROUP_RMDIR);

	return scratch ? cgroup_send(scratch, RECORD_CGROUP_RMDIR) : 0;
}

/* Fires before the move, with the group leader even when all threads move. Worth a record only when
 * a container is entered or left. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_cgroup_attach, struct cgroup *cgroup, const char *path, struct task_struct *task,
	bool threadgroup)
{
	struct container_entry *entry;
	struct cgroup_scratch *scratch;
	struct task_container *kept;
	__u64 id = 0;

	if (BPF_CORE_READ(cgroup, root, hierarchy_id) != 0)
		return 0;
	kept = task_container_get(task);
	entry = cgroup_container(cgroup, &id);
	if (!entry && (!kept || !kept->container_id))
		return 0;
	if (entry && kept && kept->container_id == id)
		return 0;
	scratch = cgroup_read(cgroup, path, RECORD_CGROUP_ATTACH);
	if (!scratch)
		return 0;
	process_key_read(task, &scratch->record.process);
	scratch->record.attribution.cgroup_id = scratch->record.cgroup_id;
	if (kept && kept->container_id) {
		scratch->record.left_container_id = kept->container_id;
		scratch->record.attribution.container_id = kept->container_id;
		scratch->record.attribution.generation = kept->generation;
	} else if (entry) {
		scratch->record.attribution.container_id = id;
		scratch->record.attribution.generation = entry->generation;
		task_container_set(task, id, entry->generation);
	}
	return cgroup_send(scratch, RECORD_CGROUP_ATTACH);
}
