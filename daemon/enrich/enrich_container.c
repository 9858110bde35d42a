/* SPDX-License-Identifier: Apache-2.0 */
/* Containers coming, changing and going. */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/enrich/enrich.h"
#include "lib/cleanup.h"

void enrich_container_stop(struct enrichment *enrichment, struct container *container,
	const char *reason, const struct process *init)
{
	struct event *event;

	registry_end(enrichment->registry, container, clock_boottime_ns());
	event = enrich_event(enrichment, EVENT_CONTAINER_STOP, clock_realtime_ns());
	event->container = container;
	event->stop.reason = reason;
	event->stop.exit_known = container->init_exited;
	event->stop.exit_code = container->init_exit_code;
}

struct claim {
	struct enrichment *enrichment;
	struct container *container;
	bool existing;
};

/* Processes that were in the container before it was registered. A hook runs when the runtime's
 * stub is there already; a scan finds whole process trees. */
static void claim_process(void *data, struct process *process)
{
	const struct claim *claim = data;
	struct container *container = claim->container;

	if (process->container)
		return;
	if (container->has_cgroup) {
		if (process->cgroup_id != container->cgroup_id &&
			(!container->cgroup_path ||
				!cgroup_tree_within(&claim->enrichment->cgroups, process->cgroup_id,
					container->cgroup_path)))
			return;
	} else if ((uint32_t)container->init_pid != process->pid) {
		return;
	}
	process_set_container(process, container);
	process->entered = !claim->existing;
	process->in_init_tree = (uint32_t)container->init_pid == process->pid;
}

/* Children of a container's processes are the container's, wherever they moved themselves: those
 * who left its cgroup before this daemon started are found by their parents. */
static void claim_child(void *data, struct process *process)
{
	struct claim *claim = data;

	if (!process->container && process->parent &&
		process->parent->container == claim->container && process->parent->living) {
		process_set_container(process, claim->container);
		claim->existing = true; /* found one: look again for its children */
	}
}

static void added(struct enrichment *enrichment, struct registration_message *message)
{
	struct container *container = message->container;
	struct claim claim = {enrichment, container, message->existing};

	message->container = NULL;
	if (registry_add(enrichment->registry, container, &enrichment->replaced) < 0)
		return;
	if (enrichment->replaced && !enrichment->replaced->ended_ns)
		enrich_container_stop(enrichment, enrichment->replaced, "replaced", NULL);
	container->started = message->existing;
	process_tree_visit(enrichment->tree, false, claim_process, &claim);
	do {
		claim.existing = false;
		process_tree_visit(enrichment->tree, false, claim_child, &claim);
	} while (claim.existing);
}

static void ready(struct enrichment *enrichment, struct container *container)
{
	struct event *event;

	if (container->announced)
		return;
	container->announced = true;
	event = enrich_event(enrichment, EVENT_CONTAINER_START, clock_realtime_ns());
	event->container = container;
}

static void updated(struct enrichment *enrichment, struct container *container,
	struct registration_message *message)
{
	struct event *event;

	registry_update(enrichment->registry, container, &message->metadata);
	if (!container->announced) /* it will be announced with this */
		return;
	event = enrich_event(enrichment, EVENT_CONTAINER_UPDATE, clock_realtime_ns());
	event->container = container;
}

void enrich_registration(struct enrichment *enrichment, struct registration_message *message)
{
	struct container *container;

	if (message->kind == REGISTRATION_ADDED) {
		added(enrichment, message);
		return;
	}
	container = registry_find(enrichment->registry, message->container_id, message->generation);
	if (!container)
		return;
	switch (message->kind) {
	case REGISTRATION_READY:
		ready(enrichment, container);
		break;
	case REGISTRATION_UPDATED:
		updated(enrichment, container, message);
		break;
	case REGISTRATION_ENDED:
		if (!container->ended_ns)
			enrich_container_stop(enrichment, container, "gone", NULL);
		break;
	default:
		break;
	}
}
