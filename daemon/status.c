/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h> /* autoconf's; in quotes it would be daemon/config.h */

#include "daemon/status.h"

#include <errno.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/export/json_process.h"
#include "daemon/policy/policy_worker.h"
#include "daemon/security/security_status.h"
#include "lib/json_writer.h"

static void put_ring(const struct pipeline *pipeline, struct buf *json)
{
	struct cpu_state state = {};
	uint64_t ring_full = 0, throttled = 0, preempted = 0;

	base_sensor_counters(pipeline->sensor, &state);
	for (int kind = 0; kind < RECORD_KIND_MAX; kind++) {
		ring_full += state.lost[kind][LOSS_RING_FULL];
		throttled += state.lost[kind][LOSS_THROTTLED];
		preempted += state.lost[kind][LOSS_PREEMPTED];
	}
	json_key(json, "ring");
	json_open_object(json);
	json_key_u64(json, "bytes", base_sensor_ring_bytes(pipeline->sensor));
	json_key_u64(json, "pending_bytes", ring_pending(pipeline->ring));
	json_key_u64(json, "records", pipeline->records);
	json_key_u64(json, "made", state.sequence);
	json_key_u64(json, "lost_ring_full", ring_full);
	json_key_u64(json, "lost_throttled", throttled);
	json_key_u64(json, "lost_preempted", preempted);
	json_key_u64(json, "lost_recursion", base_sensor_recursion_misses(pipeline->sensor));
	json_key_u64(json, "failed_reads", state.failed_reads);
	json_close_object(json);
}

static void put_tree(const struct pipeline *pipeline, struct buf *json)
{
	struct process_tree_counters counters;

	process_tree_counters_get(pipeline->enrichment.tree, &counters);
	json_key(json, "processes");
	json_open_object(json);
	json_key_u64(json, "living", counters.living);
	json_key_u64(json, "ended_kept", counters.ended);
	json_key_u64(json, "refused", counters.refused);
	json_key_u64(json, "arguments_cut", counters.arguments_cut);
	json_key_u64(json, "unknown_exits", counters.unknown_exits);
	json_key_u64(json, "bytes", counters.bytes);
	json_key_u64(json, "repairs", pipeline->losses.repairs);
	json_key_u64(json, "repaired", pipeline->losses.repaired);
	json_key_u64(json, "decode_errors", pipeline->enrichment.decode_errors);
	json_key_u64(json, "arguments_dropped", pipeline->enrichment.arguments.dropped);
	json_close_object(json);
}

static void put_matches(const struct hits *hits, struct buf *json)
{
	const struct hit_counters *counters = &hits->counters;

	json_key(json, "matches");
	json_open_object(json);
	json_key_u64(json, "events", counters->hits);
	json_key_u64(json, "with_return", counters->merged);
	json_key_u64(json, "without_return", counters->unmerged);
	json_key_u64(json, "without_return_no_room", counters->evicted);
	json_key_u64(json, "unconfirmed", counters->unconfirmed);
	json_key_u64(json, "awaiting_return", hits->pending.count);
	json_key_u64(json, "lone_returns", counters->lone_returns);
	json_key_u64(json, "unknown_hooks", counters->unknown_hooks);
	json_key_u64(json, "unknown_processes", counters->strangers);
	json_close_object(json);
}

static void put_sink(
	struct buf *json, const char *name, const struct file_sink *sink, const char *path)
{
	struct file_sink_counters counters;

	json_key(json, name);
	json_open_object(json);
	json_key_bool(json, "enabled", sink != NULL);
	if (sink) {
		file_sink_counters_get(sink, &counters);
		json_key_string(json, "path", path);
		json_key_u64(json, "lines", counters.lines);
		json_key_u64(json, "bytes", counters.bytes);
		json_key_u64(json, "lost", counters.lost);
		json_key_u64(json, "rotations", counters.rotations);
		json_key_u64(json, "write_errors", counters.write_errors);
		json_key_u64(json, "queued_bytes", counters.queued_bytes);
		json_key_bool(json, "failing", counters.failing);
		if (counters.failing)
			json_key_string(json, "error", counters.reason);
	}
	json_close_object(json);
}

static void put_audit(struct audit *audit, struct buf *json)
{
	struct audit_status status;

	if (!audit)
		return;
	audit_status_get(audit, &status);
	json_key(json, "audit");
	json_open_object(json);
	json_key_string(json, "health", audit_health_name(status.health));
	json_key_string(json, "reason", status.reason);
	json_key_bool(json, "auditd", status.auditd_present);
	json_key_u64(json, "sent", status.sent);
	json_key_u64(json, "failed", status.failed);
	json_key_u64(json, "queued", status.queued);
	json_key_u64(json, "lost_queue", status.queue_lost);
	json_key_u64(json, "limited", status.limited);
	json_key_u64(json, "summaries", status.summaries);
	json_key_u64(json, "self_tests", status.self_tests);
	json_key_u64(json, "self_tests_returned", status.self_tests_returned);
	if (status.last_self_test_ns) {
		json_key(json, "last_self_test");
		json_time(json, status.last_self_test_ns);
	}
	json_key(json, "records_per_second");
	json_comma(json);
	buf_printf(json, "%.3f", status.records_per_second);
	if (status.retention_hours >= 0) {
		json_key(json, "retention_hours");
		json_comma(json);
		buf_printf(json, "%.1f", status.retention_hours);
	}
	json_close_object(json);
}

static void put_registration(const struct pipeline *pipeline, struct buf *json)
{
	struct registration_counters counters;

	if (!pipeline->enrichment.registration)
		return;
	registration_counters_get(pipeline->enrichment.registration, &counters);
	json_key(json, "registration");
	json_open_object(json);
	json_key_u64(json, "accepted", counters.accepted);
	json_key_u64(json, "refused", counters.refused);
	json_key_u64(json, "malformed", counters.malformed);
	json_key_u64(json, "timeouts", counters.timeouts);
	json_key_u64(json, "spool_replayed", counters.spooled_replayed);
	json_key_u64(json, "spool_stale", counters.spooled_stale);
	json_key_u64(json, "map_full", counters.map_full);
	json_key_u64(json, "quota_refused", counters.quota_refused);
	json_key_u64(json, "metadata_late", counters.metadata_late);
	json_key_u64(json, "metadata_failed", counters.metadata_failed);
	json_key_u64(json, "scanned", counters.scanned);
	json_close_object(json);
}

static void put_events(const struct status *status, struct buf *json)
{
	struct export_counters counters;

	export_counters_get(status->pipeline->export, &counters);
	json_key(json, "events");
	json_open_object(json);
	for (int kind = 0; kind < EVENT_KIND_MAX; kind++)
		if (counters.events[kind])
			json_key_u64(json, event_kind_name(kind), counters.events[kind]);
	json_key_u64(json, "filtered", counters.filtered);
	json_key_u64(json, "oversized", counters.oversized);
	json_key_u64(json, "filter_searches_given_up", counters.searches_given_up);
	json_key_u64(json, "redaction_searches_given_up", redaction_run_aways(status->redaction));
	json_close_object(json);
}

static void put_policies(struct policy_worker *policies, struct buf *json)
{
	if (!policies)
		return;
	json_key(json, "policies");
	policy_worker_status(policies, json);
}

static void put_subscribers(const struct control *control, struct buf *json)
{
	struct control_counters counters;

	if (!control)
		return;
	control_counters_get(control, &counters);
	json_key(json, "subscribers");
	json_open_object(json);
	json_key_unsigned(json, "clients", counters.clients);
	json_key_unsigned(json, "subscribers", counters.subscribers);
	json_key_u64(json, "requests", counters.requests);
	json_key_u64(json, "refused", counters.refused);
	json_key_u64(json, "lost", counters.lost);
	json_close_object(json);
}

static void on_status(void *data, struct buf *json)
{
	struct status *status = data;
	struct pipeline *pipeline = status->pipeline;
	const struct config *config = pipeline->config;

	json_open_object(json);
	json_key_string(json, "version", PACKAGE_VERSION);
	json_key_string(json, "stream", export_stream(pipeline->export));
	json_key(json, "started");
	json_time(json, status->started_ns);
	json_key_string(json, "node_name", config->node_name);
	json_key(json, "sensor");
	json_open_object(json);
	base_sensor_status(pipeline->sensor, json);
	json_key_string(json, "attribution",
		*pipeline->enrichment.cgroups.mount_point ? "cgroup" : "descent");
	json_close_object(json);
	security_status_put(json);
	json_key_u64(json, "containers", registry_count(pipeline->enrichment.registry));
	put_ring(pipeline, json);
	put_tree(pipeline, json);
	put_matches(&pipeline->enrichment.hits, json);
	put_events(status, json);
	put_registration(pipeline, json);
	put_policies(status->policies, json);
	json_key(json, "sinks");
	json_open_object(json);
	put_sink(json, "json", export_json_sink(pipeline->export), config->json_file);
	put_sink(
		json, "audit_log", export_audit_log_sink(pipeline->export), config->audit_log_file);
	json_close_object(json);
	put_audit(status->audit, json);
	put_subscribers(status->control, json);
	json_close_object(json);
}

struct list {
	struct status *status;
	const struct container *only;
	bool all;
	control_emit emit;
	void *emit_data;
	struct buf json;
};

/* The object of the events, with more at its end. */
static bool put_container(void *data, struct container *container)
{
	struct list *list = data;
	struct buf *json = &list->json;

	if (container->ended_ns && !list->all)
		return true;
	buf_clear(json);
	if (container->json_length)
		buf_append(json, container->json, container->json_length - 1);
	else
		json_open_object(json);
	json_key_string(json, "registered_by", container_source_name(container->source));
	json_key_unsigned(json, "pid", container->init_pid);
	if (container->cgroup_path)
		json_key_string(json, "cgroup", container->cgroup_path);
	json_key_u64(json, "processes", container->live_processes);
	json_key(json, "registered");
	json_time(json, container->registered_ns);
	json_key_bool(json, "running", !container->ended_ns);
	json_key_bool(json, "started", container->started);
	json_close_object(json);
	return json->failed || list->emit(list->emit_data, json->data, json->length);
}

static int on_containers(void *data, bool all, uint64_t *cursor, control_emit emit, void *emit_data)
{
	struct status *status = data;
	struct list list = {.status = status, .all = all, .emit = emit, .emit_data = emit_data};
	int r;

	r = registry_visit_some(
		status->pipeline->enrichment.registry, cursor, put_container, &list);
	buf_done(&list.json);
	return r;
}

static bool put_process(void *data, struct process *process)
{
	struct list *list = data;
	struct buf *json = &list->json;

	if (list->only && process->container != list->only)
		return true;
	buf_clear(json);
	json_process_format(export_json_options(list->status->pipeline->export), process,
		JSON_PROCESS_OTHER, 0, false, json);
	if (!json->failed)
		json->length--; /* its brace: more follows */
	json_key_unsigned(json, "parent_pid", process->parent_pid);
	json_key_bool(json, "living", process->living);
	if (!process->living) {
		json_key(json, "end_time");
		json_time(json, process->end_time);
		json_key_unsigned(json, "exit_code", process->exit_code);
	}
	json_close_object(json);
	return json->failed || list->emit(list->emit_data, json->data, json->length);
}

static int on_processes(void *data, const char *container, bool all, uint64_t *cursor,
	control_emit emit, void *emit_data)
{
	struct status *status = data;
	struct enrichment *enrichment = &status->pipeline->enrichment;
	struct list list = {.status = status, .all = all, .emit = emit, .emit_data = emit_data};
	int r;

	if (container) {
		list.only = registry_find_name(enrichment->registry, container);
		if (!list.only)
			return -ENOENT;
	}
	r = process_tree_visit_some(enrichment->tree, all, cursor, put_process, &list);
	buf_done(&list.json);
	return r;
}

static int on_policy(void *data, struct policy_request *request)
{
	struct status *status = data;

	return policy_worker_submit(status->policies, request);
}

struct control_handlers status_handlers(struct status *status)
{
	return (struct control_handlers){
		.data = status,
		.status = on_status,
		.containers = on_containers,
		.processes = on_processes,
		.policy = on_policy,
	};
}
