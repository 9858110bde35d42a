/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/unregistered.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "daemon/clock.h"
#include "lib/cleanup.h"
#include "lib/fd.h"
#include "lib/util.h"

/* The runtime makes the cgroup, puts its stub in, and only then runs the hook: an exec of its own
 * in between (runc copies itself into a memfd and starts that) is no container's. */
static bool is_runtime(const struct exec_image *image)
{
	static const char *const names[] = {"runc", "crun", "youki", "conmon", "conmonrs", "runsc",
		"memfd:runc_cloned:/proc/self/exe", "memfd:crun", "tallyman-hook"};
	const char *exe = exec_image_text(image, image->exe);
	size_t length = image->exe.length;
	const char *slash = memrchr(exe, '/', length);

	if (slash && strncmp(exe, "memfd:", MIN(length, (size_t)6))) {
		length -= (size_t)(slash + 1 - exe);
		exe = slash + 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == length && !memcmp(names[i], exe, length))
			return true;
	return false;
}

/* The nearest container-shaped cgroup at or above. A child's path contains the shape too: report
 * the container once, not each cgroup nested in it. */
static struct cgroup_node *container_node(struct enrichment *enrichment, struct cgroup_node *node,
	struct cgroup_container *ret_container)
{
	struct cgroup_node *other, *next;

	if (!cgroup_path_container(node->path, ret_container))
		return NULL;
	if (!node->path[ret_container->component_end])
		return node;
	HASH_ITER (hh, enrichment->cgroups.nodes, other, next) {
		if (strlen(other->path) == ret_container->component_end &&
			!strncmp(other->path, node->path, ret_container->component_end))
			return other;
	}
	return node;
}

static void report(struct enrichment *enrichment, struct cgroup_node *node, struct process *process,
	uint64_t realtime_ns, const char *reason)
{
	static struct cgroup_container container; /* outlives the event: main thread only */
	struct cgroup_node *top = container_node(enrichment, node, &container);
	struct event *event;

	node->reported = true;
	if (!top || (top != node && top->reported))
		return;
	top->reported = true;
	event = enrich_event(enrichment, EVENT_UNREGISTERED_CONTAINER, realtime_ns);
	event->process = process;
	event->parent = process ? process->parent : NULL;
	event->unregistered.cgroup_id = top->id;
	event->unregistered.cgroup_path = top->path;
	event->unregistered.engine = cgroup_engine_name(container.engine);
	event->unregistered.id = container.id;
	event->unregistered.reason = reason;
	if (enrichment->registration)
		registration_discover(enrichment->registration, top->id, top->path);
}

void unregistered_on_exec(
	struct enrichment *enrichment, struct process *process, uint64_t realtime_ns)
{
	struct cgroup_node *node = cgroup_tree_find(&enrichment->cgroups, process->cgroup_id);

	if (!node || !node->container_shaped || node->reported || is_runtime(process->image))
		return;
	report(enrichment, node, process, realtime_ns, "exec");
}

static bool populated(const struct enrichment *enrichment, const struct cgroup_node *node)
{
	char path[sizeof(enrichment->cgroups.mount_point) + PATH_LENGTH_MAX];
	_cleanup_buf_ struct buf text = {};

	snprintf(path, sizeof(path), "%s%s/cgroup.events", enrichment->cgroups.mount_point,
		node->path);
	if (read_file_limited(path, 4096, &text) < 0 || !buf_string(&text))
		return false;
	return strstr(text.data, "populated 1") != NULL;
}

void enrich_check_unregistered(struct enrichment *enrichment, uint64_t now_boottime_ns)
{
	struct cgroup_node *node, *next;

	HASH_ITER (hh, enrichment->cgroups.nodes, node, next) {
		struct cgroup_container container;
		struct cgroup_node *top;

		if (!node->container_shaped || node->reported ||
			now_boottime_ns - node->since_ns < UNREGISTERED_AFTER_NS)
			continue;
		top = container_node(enrichment, node, &container);
		if (!top || registry_find(enrichment->registry, top->id, 0)) {
			node->reported = true; /* known: not looked at again */
			continue;
		}
		if (!populated(enrichment, node)) {
			node->since_ns = now_boottime_ns;
			continue;
		}
		report(enrichment, node, NULL, clock_realtime_ns(), "populated");
		if (enrichment->event_count)
			return;
	}
}
