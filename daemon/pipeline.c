/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start here. A record goes through five calls:
 *
 *	ring_next()      source/   bytes of the kernel's ring buffer
 *	record_decode()  decode/   a checked view of them
 *	enrich_record()  enrich/   process tree, containers: events
 *	filter_allows()  filter/   (first thing in export_event)
 *	export_event()   export/   JSON file, audit, audit-format log, subscribers
 *
 * All of it in one thread and from memory: whatever can block (hooks, engines' files, disks, the
 * kernel's audit queue) has a thread of its own behind a bounded queue.
 */
#include "daemon/pipeline.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/policy/engine/loaders.h"
#include "daemon/source/snapshot.h"
#include "lib/util.h"

/* Space is given back, and writers are woken, after so many records, or so many bytes of them. */
#define BATCH_RECORDS 256
#define BATCH_BYTES   ((size_t)128 << 10)
/* The loop has signals, timers and the watchdog to see to, in a storm that does not end too, and
 * while a slow disk holds up each batch. */
#define TURN_BYTES    ((uint64_t)2 << 20)
#define TURN_NS	      NSEC_PER_SEC
#define TURN_MAPPINGS 1024

void pipeline_emit(struct pipeline *pipeline)
{
	struct enrichment *enrichment = &pipeline->enrichment;

	for (size_t i = 0; i < enrichment->event_count; i++)
		export_event(pipeline->export, &enrichment->events[i]);
	enrich_finish(enrichment);
}

/* Registrations come first: a container's first event can only be made after its hook was answered,
 * and the hook is answered only after its registration stands in this queue. */
static void take_registrations(struct pipeline *pipeline)
{
	struct registration *registration = pipeline->enrichment.registration;
	struct registration_message *message;

	while (registration && (message = registration_take(registration))) {
		enrich_registration(&pipeline->enrichment, message);
		registration_message_free(message);
		pipeline_emit(pipeline);
	}
}

/* Before the record that ends the wait for them. */
static void emit_overdue_hits(
	struct pipeline *pipeline, const struct record_view *next, uint64_t now)
{
	do {
		enrich_overdue_hit(&pipeline->enrichment, next, now);
		if (!pipeline->enrichment.event_count)
			return;
		pipeline_emit(pipeline);
	} while (true);
}

static void handle_record(struct pipeline *pipeline, const void *bytes, size_t size)
{
	struct record_view view;

	if (pipeline->enrichment.registration &&
		registration_pending(pipeline->enrichment.registration))
		take_registrations(pipeline);
	if (record_decode(bytes, size, &view) < 0) {
		pipeline->enrichment.decode_errors++;
		return;
	}
	emit_overdue_hits(pipeline, &view, 0);
	enrich_record(&pipeline->enrichment, &view);
	pipeline_emit(pipeline);
}

/* A slow disk: let the ring hold what comes for as long as it has room, it is eight times denser
 * than JSON, and from half of it on containers' shares get small. Past seven eighths the sinks lose
 * lines instead of the kernel records. */
static bool ring_has_room(void *data)
{
	const struct pipeline *pipeline = data;

	return ring_pending(pipeline->ring) < base_sensor_ring_bytes(pipeline->sensor) / 8 * 7;
}

static void handle_mapping(struct pipeline *pipeline, const struct mapping *mapping)
{
	struct enrichment *enrichment = &pipeline->enrichment;
	struct process *process = enrich_mapping_process(enrichment, mapping);
	uint32_t hooks[LOADERS_MAX];
	size_t count;

	if (!process) {
		enrichment->lost[RECORD_HIT]++;
		return;
	}
	count = loaders_in_scope(policy_engine_loaders(pipeline->engine),
		process->container ? process->container->cgroup_id : 0, hooks);
	for (size_t i = 0; i < count; i++) {
		enrich_mapping(enrichment, process, hooks[i], mapping, &pipeline->mapping_hit);
		pipeline_emit(pipeline);
	}
}

/* After the ring: whose mappings these are is known by then. */
static void take_mappings(struct pipeline *pipeline)
{
	struct mappings *mappings;
	struct mapping mapping;
	int left = TURN_MAPPINGS;

	if (!pipeline->engine)
		return;
	mappings = loaders_mappings(policy_engine_loaders(pipeline->engine));
	while (left-- && mappings_next(mappings, &mapping))
		handle_mapping(pipeline, &mapping);
	pipeline->enrichment.lost[RECORD_HIT] += mappings_take_lost(mappings);
}

uint64_t pipeline_drain(struct pipeline *pipeline)
{
	uint64_t count = 0, turn = 0, begin = clock_boottime_ns();
	const void *bytes;
	size_t size, batch = 0;

	take_registrations(pipeline);
	while (turn < TURN_BYTES && (bytes = ring_next(pipeline->ring, &size))) {
		handle_record(pipeline, bytes, size);
		batch += size;
		turn += size;
		if (++count % BATCH_RECORDS && batch < BATCH_BYTES)
			continue;
		batch = 0;
		ring_release(pipeline->ring);
		export_flush(pipeline->export, true);
		if (clock_boottime_ns() - begin > TURN_NS)
			break;
	}
	ring_release(pipeline->ring);
	take_mappings(pipeline);
	export_flush(pipeline->export, count > 0);
	pipeline->records += count;
	return count;
}

void pipeline_drain_all(struct pipeline *pipeline)
{
	/* each handles a batch at least */
	uint64_t turns = base_sensor_ring_bytes(pipeline->sensor) / BATCH_BYTES + 1;

	while (pipeline_drain(pipeline) && turns--)
		;
}

void pipeline_finish(struct pipeline *pipeline)
{
	pipeline_drain_all(pipeline);
	emit_overdue_hits(pipeline, NULL, HIT_NO_MORE_WAITING);
}

uint64_t pipeline_sleep_usec(struct pipeline *pipeline, uint64_t drained)
{
	pipeline->empty_sweeps = drained ? 0 : pipeline->empty_sweeps + 1;
	if (drained && ring_pending(pipeline->ring) >= BATCH_BYTES)
		return 0;
	return pipeline->empty_sweeps > SWEEPS_UNTIL_IDLE ? UINT64_MAX : SWEEP_USEC;
}

static int by_start(const void *a, const void *b)
{
	const struct process *first = *(struct process *const *)a;
	const struct process *second = *(struct process *const *)b;

	return first->start_boottime < second->start_boottime
		       ? -1
		       : first->start_boottime > second->start_boottime;
}

static void set_host_namespaces(struct pipeline *pipeline, const struct namespaces *namespaces)
{
	export_set_host_namespaces(pipeline->export, namespaces);
	if (pipeline->engine)
		policy_engine_set_host_namespaces(pipeline->engine, namespaces);
}

/* Into the tree; the events come later, when the containers are known too. */
static struct process **add_snapshot(
	struct pipeline *pipeline, const struct snapshot *snapshot, size_t *ret_count)
{
	struct process **added = calloc(snapshot->count + 1, sizeof(*added));
	size_t count = 0;

	if (!added)
		return NULL;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct snapshot_entry *entry = &snapshot->entries[i];
		struct process *process =
			enrich_task(&pipeline->enrichment, &entry->view, entry->arguments);

		if (!process)
			continue;
		added[count++] = process;
		/* kthreadd is in the initial namespaces as init is, and is there where a
		 * hardened kernel keeps init from the iterator */
		if (process->pid == 1 || process->pid == 2)
			set_host_namespaces(pipeline, &process->image->namespaces);
	}
	qsort(added, count, sizeof(*added), by_start);
	*ret_count = count;
	return added;
}

static void find_unready(void *data, struct container *container)
{
	bool *unready = data;

	*unready |= !container->announced && !container->ended_ns;
}

/* Containers from the spool or the scan have no name until their engine's files are read. The
 * events of their processes wait for that as a hook's answer does; meanwhile the ring holds what
 * happens. */
static void await_metadata(struct pipeline *pipeline)
{
	uint64_t until =
		clock_boottime_ns() + pipeline->config->metadata_deadline_ms * NSEC_PER_MSEC;

	for (;;) {
		struct registration *registration = pipeline->enrichment.registration;
		uint64_t now = clock_boottime_ns();
		bool unready = false;
		struct pollfd poll_fd;

		take_registrations(pipeline);
		registry_visit(pipeline->enrichment.registry, find_unready, &unready);
		if (!unready || !registration || now >= until)
			return;
		poll_fd = (struct pollfd){.fd = registration_fd(registration), .events = POLLIN};
		poll(&poll_fd, 1, (int)((until - now) / NSEC_PER_MSEC) + 1);
	}
}

int pipeline_begin(struct pipeline *pipeline, struct error *error)
{
	struct snapshot snapshot;
	struct process **added;
	size_t count = 0;
	int r;

	r = snapshot_take(pipeline->sensor, &snapshot);
	pipeline->enrichment.observed_since = clock_boottime_ns();
	if (r < 0)
		return error_set(error, r, "cannot read the running processes: %s", strerror(-r));
	if (snapshot.without_arguments)
		log_warning("%zu processes' command lines could not be read in time",
			snapshot.without_arguments);
	process_tree_add_kernel(pipeline->enrichment.tree);
	added = add_snapshot(pipeline, &snapshot, &count);
	snapshot_done(&snapshot);
	if (!added)
		return error_set(error, -ENOMEM, "out of memory");
	await_metadata(pipeline);
	for (size_t i = 0; i < count; i++) {
		enrich_announce(&pipeline->enrichment, added[i]);
		pipeline_emit(pipeline);
		if (i % BATCH_RECORDS == BATCH_RECORDS - 1)
			export_flush(pipeline->export, true);
	}
	free(added);
	export_flush(pipeline->export, false);
	return 0;
}

int pipeline_init(struct pipeline *pipeline, const struct config *config,
	struct base_sensor *sensor, struct export *export, const struct redaction *redaction,
	struct error *error)
{
	int r;

	memset(pipeline, 0, sizeof(*pipeline));
	pipeline->config = config;
	pipeline->sensor = sensor;
	pipeline->export = export;
	r = enrich_init(&pipeline->enrichment, config, redaction);
	if (r < 0)
		return error_set(error, r, "process tree: %s", strerror(-r));
	pipeline->enrichment.sensor = sensor;
	r = ring_open(base_sensor_ring_fd(sensor), base_sensor_ring_bytes(sensor), &pipeline->ring);
	if (r < 0)
		return error_set(error, r, "cannot map the ring buffer: %s", strerror(-r));
	losses_init(&pipeline->losses);
	export_set_may_wait(export, ring_has_room, pipeline);
	return 0;
}

void pipeline_done(struct pipeline *pipeline)
{
	pipeline->ring = ring_close(pipeline->ring);
	enrich_done(&pipeline->enrichment);
}

static void forget_ended(void *data, struct container *container)
{
	struct pipeline *pipeline = data;
	uint64_t keep = (uint64_t)pipeline->config->ended_container_seconds * NSEC_PER_SEC;

	if (container->ended_ns && clock_boottime_ns() - container->ended_ns >= keep &&
		pipeline->enrichment.registration)
		registration_forget(pipeline->enrichment.registration, container->cgroup_id,
			container->generation, container->id);
}

void pipeline_tick(struct pipeline *pipeline)
{
	struct enrichment *enrichment = &pipeline->enrichment;
	uint64_t now = clock_boottime_ns();

	clock_update();
	if (pipeline->engine)
		policy_engine_tick(pipeline->engine, now);
	losses_check(pipeline);
	export_report_losses(pipeline->export);
	registry_visit(enrichment->registry, forget_ended, pipeline);
	registry_expire(enrichment->registry, now,
		(uint64_t)pipeline->config->ended_container_seconds * NSEC_PER_SEC);
	emit_overdue_hits(pipeline, NULL, now);
	do {
		enrich_check_unregistered(enrichment, now);
		if (!enrichment->event_count)
			break;
		pipeline_emit(pipeline);
	} while (true);
	export_flush(pipeline->export, false);
}
