/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h> /* autoconf's; in quotes it would be daemon/config.h */

#include "daemon/export/json_event.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "daemon/export/json_hit.h"
#include "daemon/export/json_process.h"
#include "lib/json_writer.h"

static const char *const record_names[RECORD_KIND_MAX] = {
	[RECORD_EXEC] = "process_exec",
	[RECORD_DATA] = "exec_arguments",
	[RECORD_FORK] = "process_fork",
	[RECORD_EXIT] = "process_exit",
	[RECORD_CGROUP_MKDIR] = "cgroup_mkdir",
	[RECORD_CGROUP_RMDIR] = "cgroup_rmdir",
	[RECORD_CGROUP_ATTACH] = "cgroup_attach",
	[RECORD_HIT] = "policy_hit",
	[RECORD_HIT_DATA] = "policy_hit_data",
};

static void process_put(const struct json_event_options *options, const struct event *event,
	enum json_process_role role, struct buf *buf)
{
	if (!event->process)
		return;
	json_key(buf, "process");
	json_process_format(options, event->process, role, event->tid, event->setup, buf);
	if (!event->parent)
		return;
	json_key(buf, "parent");
	json_process_format(options, event->parent, JSON_PROCESS_PARENT, 0, false, buf);
}

static void ancestors_put(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	const struct process *ancestor = event->parent ? event->parent->parent : NULL;

	if (!options->ancestors || !ancestor)
		return;
	json_key(buf, "ancestors");
	json_open_array(buf);
	for (; ancestor; ancestor = ancestor->parent)
		json_process_format(options, ancestor, JSON_PROCESS_PARENT, 0, false, buf);
	json_close_array(buf);
}

static void signal_put(struct buf *buf, int number)
{
	const char *name = sigabbrev_np(number);

	json_key(buf, "signal");
	json_comma(buf);
	buf_append_literal(buf, "\"SIG");
	if (name)
		buf_append_string(buf, name);
	else
		buf_printf(buf, "RTMIN+%d", number - SIGRTMIN);
	buf_append_char(buf, '"');
}

static void exit_put(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	uint32_t code = event->exit.code;

	process_put(options, event, JSON_PROCESS_OTHER, buf);
	if (code & 0x7f)
		signal_put(buf, code & 0x7f);
	json_key_unsigned(buf, "status", code >> 8 & 0xff);
	json_key(buf, "time");
	json_time(buf, event->time);
	ancestors_put(options, event, buf);
}

static void container_put(const struct event *event, struct buf *buf)
{
	const struct container *container = event->container;

	if (!container)
		return;
	json_key(buf, "container");
	if (container->json_length)
		json_raw(buf, container->json, container->json_length);
	else {
		json_open_object(buf);
		json_key_string(buf, "id", container->id);
		json_close_object(buf);
	}
}

static void container_start_put(const struct event *event, struct buf *buf)
{
	const struct container *container = event->container;

	container_put(event, buf);
	json_key_unsigned(buf, "pid", container->init_pid);
	json_key_string(buf, "registered_by", container_source_name(container->source));
	if (container->cgroup_path)
		json_key_string(buf, "cgroup", container->cgroup_path);
	if (container->bundle)
		json_key_string(buf, "bundle", container->bundle);
}

static void container_stop_put(const struct event *event, struct buf *buf)
{
	container_put(event, buf);
	json_key_string(buf, "reason", event->stop.reason);
	if (!event->stop.exit_known)
		return;
	if (event->stop.exit_code & 0x7f)
		signal_put(buf, event->stop.exit_code & 0x7f);
	json_key_unsigned(buf, "status", event->stop.exit_code >> 8 & 0xff);
}

static void unregistered_put(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	process_put(options, event, JSON_PROCESS_OTHER, buf);
	json_key_u64(buf, "cgroup_id", event->unregistered.cgroup_id);
	json_key_string(buf, "cgroup", event->unregistered.cgroup_path);
	json_key_string(buf, "runtime", event->unregistered.engine);
	json_key_string(buf, "id", event->unregistered.id);
	json_key_string(buf, "reason", event->unregistered.reason);
}

static void escape_put(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	process_put(options, event, JSON_PROCESS_OTHER, buf);
	json_key_u64(buf, "cgroup_id", event->escape.cgroup_id);
	if (event->escape.cgroup_path)
		json_key_string(buf, "cgroup", event->escape.cgroup_path);
}

static void loss_put(const struct event *event, struct buf *buf)
{
	json_key_string(buf, "stage", event->loss.stage);
	json_key_string(buf, "reason", event->loss.reason);
	json_key_u64(buf, "lost", event->loss.total);
	json_key(buf, "by_kind");
	json_open_object(buf);
	for (int kind = 0; kind < RECORD_KIND_MAX; kind++)
		if (event->loss.by_kind[kind] && record_names[kind])
			json_key_u64(buf, record_names[kind], event->loss.by_kind[kind]);
	json_close_object(buf);
	if (event->loss.first_sequence) {
		json_key_u64(buf, "first_sequence", event->loss.first_sequence);
		json_key_u64(buf, "last_sequence", event->loss.last_sequence);
	}
	json_key(buf, "since");
	json_time(buf, event->loss.since);
	json_key(buf, "until");
	json_time(buf, event->loss.until);
	container_put(event, buf);
}

static void daemon_start_put(const struct event *event, struct buf *buf)
{
	json_key_string(buf, "version", PACKAGE_VERSION);
	json_key_bool(buf, "previous_log_found", event->daemon_start.found);
	if (!event->daemon_start.found)
		return;
	json_key_bool(buf, "last_stop_clean", event->daemon_start.clean);
	json_key_u64(buf, "last_sequence", event->daemon_start.last_sequence);
	if (event->daemon_start.previous_stream)
		json_key_string(buf, "previous_stream", event->daemon_start.previous_stream);
	json_key(buf, "unobserved_since");
	json_time(buf, event->daemon_start.unobserved_since);
	json_key(buf, "unobserved_until");
	json_time(buf, event->daemon_start.unobserved_until);
}

static void hit_put(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	process_put(options, event, JSON_PROCESS_OTHER, buf);
	json_hit_format(options, event, buf);
	ancestors_put(options, event, buf);
	json_hit_format_end(options, event, buf);
}

static void policy_change_put(const struct event *event, struct buf *buf)
{
	if (event->policy_change.name)
		json_key_string(buf, "name", event->policy_change.name);
	if (event->policy_change.namespace && *event->policy_change.namespace)
		json_key_string(buf, "namespace", event->policy_change.namespace);
	json_key_string(buf, "change", event->policy_change.change);
	if (event->policy_change.source)
		json_key_string(buf, "source", event->policy_change.source);
	if (event->policy_change.error)
		json_key_string(buf, "error", event->policy_change.error);
}

static void body_put(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	switch (event->kind) {
	case EVENT_PROCESS_EXEC:
		process_put(options, event, JSON_PROCESS_EXEC, buf);
		ancestors_put(options, event, buf);
		break;
	case EVENT_PROCESS_EXIT:
		exit_put(options, event, buf);
		break;
	case EVENT_PROCESS_THROTTLE:
		json_key_string(
			buf, "type", event->throttle.start ? "THROTTLE_START" : "THROTTLE_STOP");
		json_key_string(buf, "cgroup", event->throttle.cgroup);
		container_put(event, buf);
		break;
	case EVENT_PROCESS_KPROBE:
	case EVENT_PROCESS_TRACEPOINT:
	case EVENT_PROCESS_UPROBE:
	case EVENT_PROCESS_USDT:
	case EVENT_PROCESS_LSM:
	case EVENT_PROCESS_LOADER:
		hit_put(options, event, buf);
		break;
	case EVENT_POLICY_CHANGE:
		policy_change_put(event, buf);
		break;
	case EVENT_CONTAINER_START:
	case EVENT_CONTAINER_UPDATE:
		container_start_put(event, buf);
		break;
	case EVENT_CONTAINER_STOP:
		container_stop_put(event, buf);
		break;
	case EVENT_UNREGISTERED_CONTAINER:
		unregistered_put(options, event, buf);
		break;
	case EVENT_CGROUP_ESCAPE:
		escape_put(options, event, buf);
		break;
	case EVENT_EVENT_LOSS:
		loss_put(event, buf);
		break;
	case EVENT_DAEMON_START:
		daemon_start_put(event, buf);
		break;
	case EVENT_DAEMON_STOP:
		json_key_string(buf, "reason", event->daemon_stop.reason);
		break;
	default:
		break;
	}
}

void json_event_format(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	buf_append_char(buf, '{');
	json_key(buf, event_kind_name(event->kind));
	json_open_object(buf);
	body_put(options, event, buf);
	json_close_object(buf);
	json_key_string(buf, "node_name", options->node_name);
	json_key(buf, "time");
	json_time(buf, event->time);
	if (options->cluster_name && *options->cluster_name)
		json_key_string(buf, "cluster_name", options->cluster_name);
}

void json_event_finish(struct buf *buf, uint64_t sequence, const char *stream)
{
	json_key_u64(buf, "sequence", sequence);
	json_key_string(buf, "stream", stream);
	buf_append_literal(buf, "}\n");
}
