/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/losses.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/pipeline.h"
#include "daemon/source/snapshot.h"
#include "lib/cgroup_fs.h"
#include "lib/proc.h"

void losses_init(struct losses *losses)
{
	memset(losses, 0, sizeof(*losses));
	losses->last_check = clock_realtime_ns();
}

static const char *leaf_name(const struct container *container)
{
	const char *slash = container->cgroup_path ? strrchr(container->cgroup_path, '/') : NULL;

	return slash ? slash + 1 : container->id;
}

static void throttle_event(struct pipeline *pipeline, struct container *container, bool start)
{
	struct event *event =
		enrich_event(&pipeline->enrichment, EVENT_PROCESS_THROTTLE, clock_realtime_ns());

	event->container = container;
	event->throttle.start = start;
	event->throttle.cgroup = leaf_name(container);
}

/* What one container lost because its share of the ring was used up. */
static void check_throttle(void *data, struct container *container)
{
	struct pipeline *pipeline = data;
	uint64_t lost[RECORD_KIND_MAX], now = clock_boottime_ns(), total = 0;
	struct event *event;

	if (!base_sensor_throttled(pipeline->sensor, container->cgroup_id, lost))
		return;
	for (int kind = 0; kind < RECORD_KIND_MAX; kind++)
		total += lost[kind] - container->throttle_reported[kind];
	if (!total) {
		if (container->throttled_ns && now - container->throttled_ns >= THROTTLE_QUIET_NS) {
			container->throttled_ns = 0;
			throttle_event(pipeline, container, false);
			pipeline_emit(pipeline);
		}
		return;
	}
	if (!container->throttled_ns)
		throttle_event(pipeline, container, true);
	container->throttled_ns = now;
	event = enrich_event(&pipeline->enrichment, EVENT_EVENT_LOSS, clock_realtime_ns());
	event->container = container;
	event->loss.stage = "throttle";
	event->loss.reason = "container's share of the ring used up";
	event->loss.since = pipeline->losses.last_check;
	event->loss.until = event->time;
	event->loss.total = total;
	for (int kind = 0; kind < RECORD_KIND_MAX; kind++) {
		event->loss.by_kind[kind] = lost[kind] - container->throttle_reported[kind];
		container->throttle_reported[kind] = lost[kind];
	}
	pipeline->losses.throttled += total;
	pipeline->losses.repair_due = true;
	pipeline_emit(pipeline);
}

static void report(struct pipeline *pipeline, const char *stage, const char *reason, uint64_t total,
	const uint64_t *by_kind)
{
	struct event *event =
		enrich_event(&pipeline->enrichment, EVENT_EVENT_LOSS, clock_realtime_ns());

	event->loss.stage = stage;
	event->loss.reason = reason;
	event->loss.since = pipeline->losses.last_check;
	event->loss.until = event->time;
	event->loss.total = total;
	if (by_kind)
		memcpy(event->loss.by_kind, by_kind, sizeof(event->loss.by_kind));
	pipeline->losses.repair_due = true;
	pipeline_emit(pipeline);
}

static void check_reason(struct pipeline *pipeline, const struct cpu_state *state,
	enum loss_reason reason, const char *stage, const char *text)
{
	const struct losses *losses = &pipeline->losses;
	uint64_t total = 0, by_kind[RECORD_KIND_MAX] = {};

	for (int kind = 0; kind < RECORD_KIND_MAX; kind++) {
		by_kind[kind] = state->lost[kind][reason] - losses->last.lost[kind][reason];
		total += by_kind[kind];
	}
	if (total)
		report(pipeline, stage, text, total, by_kind);
}

/* Records that came and of which no event was made. */
static void check_enrichment(struct pipeline *pipeline)
{
	const struct enrichment *enrichment = &pipeline->enrichment;
	struct losses *losses = &pipeline->losses;
	uint64_t total = 0, by_kind[RECORD_KIND_MAX] = {};
	uint64_t undecoded = enrichment->decode_errors - losses->last_decode_errors;

	for (int kind = 0; kind < RECORD_KIND_MAX; kind++) {
		by_kind[kind] = enrichment->lost[kind] - losses->last_tree[kind];
		losses->last_tree[kind] = enrichment->lost[kind];
		total += by_kind[kind];
	}
	losses->last_decode_errors = enrichment->decode_errors;
	if (total)
		report(pipeline, "process_tree", "no room for another process", total, by_kind);
	if (undecoded)
		report(pipeline, "decode", "record not understood", undecoded, NULL);
}

static void check_recursion(struct pipeline *pipeline)
{
	struct losses *losses = &pipeline->losses;
	uint64_t misses = base_sensor_recursion_misses(pipeline->sensor);
	uint64_t new = misses - losses->last_recursion;

	losses->last_recursion = misses;
	if (new)
		report(pipeline, "program", "program was running on that CPU already", new, NULL);
}

struct missing {
	struct pipeline *pipeline;
	const struct snapshot *snapshot;
	struct process **processes;
	size_t count, room;
};

static void find_missing(void *data, struct process *process)
{
	struct missing *missing = data;

	if (!process->pid || process->start_boottime >= missing->snapshot->taken_ns ||
		missing->count == missing->room)
		return;
	if (snapshot_find(missing->snapshot, process->pid, process->start_boottime))
		return;
	missing->processes[missing->count++] = process;
}

/* A lost rmdir record: the container's cgroup is no longer there, or is another. */
static void check_cgroup(void *data, struct container *container)
{
	struct pipeline *pipeline = data;
	uint64_t id;

	if (container->ended_ns || !container->has_cgroup || !container->cgroup_path ||
		(!cgroup_id_of_path(
			 pipeline->enrichment.cgroups.mount_point, container->cgroup_path, &id) &&
			id == container->cgroup_id))
		return;
	enrich_container_stop(&pipeline->enrichment, container, "gone", NULL);
	pipeline_emit(pipeline);
}

/* After lost records: the iterator's view against the tree. Taken between two drains, so that what
 * the ring still held has been handled when they are compared. */
static void repair(struct pipeline *pipeline)
{
	struct enrichment *enrichment = &pipeline->enrichment;
	struct process_tree_counters counters;
	struct missing missing = {.pipeline = pipeline};
	struct snapshot snapshot;

	pipeline_drain_all(pipeline);
	if (snapshot_take(pipeline->sensor, &snapshot) < 0)
		return;
	pipeline_drain_all(pipeline);
	process_tree_counters_get(enrichment->tree, &counters);
	missing.snapshot = &snapshot;
	missing.room = counters.living;
	missing.processes = calloc(missing.room + 1, sizeof(*missing.processes));
	if (!missing.processes) {
		snapshot_done(&snapshot);
		return;
	}
	process_tree_visit(enrichment->tree, false, find_missing, &missing);
	for (size_t i = 0; i < missing.count; i++) {
		enrich_missing(enrichment, missing.processes[i]);
		pipeline_emit(pipeline);
	}
	pipeline->losses.repaired += missing.count;
	for (size_t i = 0; i < snapshot.count; i++) {
		const struct snapshot_entry *entry = &snapshot.entries[i];
		struct process *process;

		/* It may have ended since, and then its exit record was handled just now. */
		if (kill((pid_t)entry->view.exec->process.pid, 0) < 0 && errno == ESRCH)
			continue;
		process = enrich_task(enrichment, &entry->view, entry->arguments);
		if (!process)
			continue;
		enrich_announce(enrichment, process);
		pipeline_emit(pipeline);
		pipeline->losses.repaired++;
	}
	free(missing.processes);
	snapshot_done(&snapshot);
	cgroup_tree_scan(&enrichment->cgroups, clock_boottime_ns());
	registry_visit(enrichment->registry, check_cgroup, pipeline);
	pipeline->losses.repairs++;
}

void losses_check(struct pipeline *pipeline)
{
	struct losses *losses = &pipeline->losses;
	uint64_t now = clock_boottime_ns();
	struct cpu_state state;

	if (base_sensor_counters(pipeline->sensor, &state) < 0)
		return;
	check_reason(pipeline, &state, LOSS_RING_FULL, "ring", "ring full");
	check_reason(pipeline, &state, LOSS_PREEMPTED, "program",
		"every instance of the program was interrupted on that CPU");
	registry_visit(pipeline->enrichment.registry, check_throttle, pipeline);
	check_recursion(pipeline);
	check_enrichment(pipeline);
	losses->last = state;
	losses->last_check = clock_realtime_ns();
	if (!losses->repair_due || now - losses->last_repair < REPAIR_INTERVAL_NS)
		return;
	losses->repair_due = false;
	losses->last_repair = now;
	repair(pipeline);
}
