/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/export/previous_log.h"
#include "daemon/filter/filter.h"
#include "daemon/log.h"
#include "lib/cleanup.h"
#include "lib/json_writer.h"
#include "lib/proc.h"
#include "lib/util.h"

#define LINE_MAX_BYTES	    ((size_t)8 << 20) /* the longest line: 256 KiB of argv in three forms */
#define LINE_END_BYTES	    128		      /* sequence and stream, at most */
#define LINE_KEEP_BYTES	    ((size_t)256 << 10) /* memory kept between events */
#define AUDIT_LOG_DELAY_NS  (25 * NSEC_PER_MSEC)
#define ROOM_WAIT_NS	    (2 * NSEC_PER_MSEC)
#define STALLED_NS	    (5 * NSEC_PER_SEC)
#define SINK_LOSSES_AT_ONCE 16
#define STOP_TIMEOUT_NS	    (5 * NSEC_PER_SEC)

struct export
{
	const struct config *config;
	struct filter_list *allow, *deny;
	struct field_filters *field_filters;
	struct json_event_options json_options;
	struct file_sink *json_sink, *audit_log_sink;
	struct audit *audit;
	struct audit_log *audit_log;
	struct subscribers *subscribers;
	struct buf line, audit_lines;
	struct export_counters counters;
	bool json_failing, audit_log_failing; /* as last said in the daemon's own messages */
	struct file_sink_loss oversized;      /* lines of the JSON log, not reported yet */
	char stream[STREAM_MAX];
	struct previous_log previous;
	uint64_t audit_log_flushed; /* when its writer was last woken in a busy time */
	bool (*may_wait)(void *data);
	void *may_wait_data;
	bool json_stalled, audit_stalled; /* waited for in vain, and no room since */
};

static int parse_filters(struct export *export, struct error *error)
{
	const struct config *config = export->config;
	int r;

	r = filter_list_parse(config->export_allowlist, &export->allow, error);
	if (r < 0)
		return error_wrap(error, "filter.export_allowlist");
	r = filter_list_parse(config->export_denylist, &export->deny, error);
	if (r < 0)
		return error_wrap(error, "filter.export_denylist");
	r = field_filters_parse(config->field_filters, &export->field_filters, error);
	if (r < 0)
		return error_wrap(error, "filter.field_filters");
	return 0;
}

static int start_json(struct export *export, struct error *error)
{
	const struct config *config = export->config;
	struct file_sink_options options = {
		.path = config->json_file,
		.mode = config->json_mode,
		.max_size = config->json_max_size,
		.max_files = config->json_max_files,
		.rotate_seconds = config->json_rotate_interval,
		.queue_size = config->json_queue_size,
		.caller_begins_files = true,
	};

	if (!config->json_enabled)
		return 0;
	previous_log_read(config->json_file, &export->previous);
	return file_sink_start(&options, &export->json_sink, error);
}

static int start_audit_log(struct export *export, struct error *error)
{
	const struct config *config = export->config;
	struct file_sink_options options = {
		.path = config->audit_log_file,
		.mode = 0600,
		.max_size = config->audit_log_max_size,
		.max_files = config->audit_log_max_files,
		.queue_size = config->json_queue_size,
	};
	int r;

	if (!config->audit_log_enabled)
		return 0;
	r = audit_log_new(config, &export->audit_log);
	if (r < 0)
		return error_set(error, r, "audit log: %s", strerror(-r));
	return file_sink_start(&options, &export->audit_log_sink, error);
}

int export_start(const struct config *config, struct audit *audit, struct export **ret_export,
	struct error *error)
{
	struct export *export = calloc(1, sizeof(*export));
	char boot[33];
	int r;

	if (!export)
		return error_set(error, -ENOMEM, "out of memory");
	export->config = config;
	export->audit = audit;
	export->line.limit = export->audit_lines.limit = LINE_MAX_BYTES;
	export->json_options = (struct json_event_options){
		.node_name = config->node_name,
		.cluster_name = config->cluster_name,
		.process_credentials = config->process_credentials,
		.process_namespaces = config->process_namespaces,
		.ancestors = config->ancestors,
		.environment_variables = config->environment_variables,
	};
	r = boot_id(boot);
	if (r < 0)
		snprintf(boot, sizeof(boot), "00000000000000000000000000000000");
	snprintf(export->stream, sizeof(export->stream), "%s-%llu", boot,
		(unsigned long long)clock_boottime_ns());
	r = parse_filters(export, error);
	if (r >= 0)
		r = start_json(export, error);
	if (r >= 0)
		r = start_audit_log(export, error);
	if (r < 0) {
		export_stop(export);
		return r;
	}
	*ret_export = export;
	return 0;
}

void export_set_subscribers(struct export *export, struct subscribers *subscribers)
{
	export->subscribers = subscribers;
}

void export_set_host_namespaces(struct export *export, const struct namespaces *namespaces)
{
	_Static_assert(sizeof(*namespaces) == sizeof(export->json_options.host_namespaces),
		"as many namespaces on both sides");
	memcpy(export->json_options.host_namespaces, namespaces, sizeof(*namespaces));
}

void export_set_may_wait(struct export *export, bool (*may_wait)(void *data), void *data)
{
	export->may_wait = may_wait;
	export->may_wait_data = data;
}

const char *export_stream(const struct export *export)
{
	return export->stream;
}

const struct json_event_options *export_json_options(const struct export *export)
{
	return &export->json_options;
}

/* One command line of 256 KiB must not keep megabytes for ever. */
static void shrink(struct buf *buf)
{
	size_t limit = buf->limit;

	if (buf->capacity <= LINE_KEEP_BYTES)
		return;
	buf_done(buf);
	buf->limit = limit;
}

typedef bool (*put_function)(
	struct file_sink *sink, const void *line, size_t length, uint64_t sequence);

/* A disk that takes nothing for so long has failed in all but name: what comes is counted as lost,
 * and the loop goes back to its signals, clients and watchdog. */
static bool wait_for_room(struct export *export, struct file_sink *sink, size_t length)
{
	uint64_t begin = clock_boottime_ns(), before = begin;

	while (file_sink_free_bytes(sink) < length && export->may_wait(export->may_wait_data)) {
		uint64_t now;
		bool room = file_sink_wait(sink, length, ROOM_WAIT_NS);

		now = clock_boottime_ns();
		if (!room && now - before < ROOM_WAIT_NS / 2)
			return true; /* it says that it is failing: there is nothing to wait for */
		if (!room && now - begin > STALLED_NS)
			return false;
		before = now;
	}
	return true;
}

/* Asked for each line and not for each batch: a batch may hold megabytes, and the lines of one
 * command line of 256 KiB are half a megabyte and more. */
static void put_line(struct export *export, struct file_sink *sink, const struct buf *line,
	uint64_t sequence, put_function put)
{
	bool *stalled = sink == export->json_sink ? &export->json_stalled : &export->audit_stalled;

	if (line->length > export->config->json_queue_size || !export->may_wait)
		; /* it never fits, or nothing waits */
	else if (file_sink_free_bytes(sink) >= line->length)
		*stalled = false;
	else if (!*stalled)
		*stalled = !wait_for_room(export, sink, line->length);
	put(sink, line->data, line->length, sequence);
}

static void count_oversized(struct export *export, uint64_t sequence, uint64_t time)
{
	if (!export->oversized.lines++) {
		export->oversized.first_sequence = sequence;
		export->oversized.since_ns = time;
	}
	export->oversized.last_sequence = sequence;
	export->oversized.until_ns = time;
	export->counters.oversized++;
}

/* A reader of Tetragon's kinds only stops at any other. */
static bool begins_files(const struct export *export)
{
	return export->json_sink && export->config->json_kinds == JSON_KINDS_ALL;
}

/* The first line of a file, numbered like every line: which stream it continues, and where. */
static void begin_json_file(struct export *export)
{
	_cleanup_buf_ struct buf line = {};
	uint64_t sequence = ++export->counters.json_sequence;

	buf_append_char(&line, '{');
	json_key(&line, "log_file");
	json_open_object(&line);
	json_key_string(&line, "stream", export->stream);
	json_key_u64(&line, "first_sequence", sequence);
	json_key_u64(&line, "previous_last_sequence", sequence - 1);
	json_close_object(&line);
	json_key_string(&line, "node_name", export->json_options.node_name);
	json_key(&line, "time");
	json_time(&line, clock_realtime_ns());
	json_event_finish(&line, sequence, export->stream);
	if (line.failed)
		count_oversized(export, sequence, clock_realtime_ns());
	else
		put_line(export, export->json_sink, &line, sequence, file_sink_put_first);
}

static void to_json(struct export *export, const struct event *event)
{
	bool to_file = export->json_sink && (export->config->json_kinds == JSON_KINDS_ALL ||
						    event_kind_is_tetragon(event->kind));
	bool to_subscribers = export->subscribers && subscribers_any(export->subscribers);
	struct buf *line = &export->line;
	uint64_t sequence;
	bool due;

	if (!to_file && !to_subscribers)
		return;
	buf_clear(line);
	json_event_format(&export->json_options, event, line);
	if (!line->failed && field_filters_any(export->field_filters, event->kind) &&
		field_filters_apply(export->field_filters, event->kind, line) < 0)
		line->failed = true;
	if (to_subscribers && !line->failed)
		subscribers_publish(export->subscribers, event, line);
	if (!to_file)
		return;
	due = file_sink_new_file_due(export->json_sink, line->length + LINE_END_BYTES);
	if (due && begins_files(export)) {
		begin_json_file(export);
		due = false;
	}
	sequence = ++export->counters.json_sequence;
	json_event_finish(line, sequence, export->stream);
	if (line->failed) { /* it used up its number: the gap is seen, and said with its cause */
		count_oversized(export, sequence, event->time);
		return;
	}
	put_line(export, export->json_sink, line, sequence,
		due ? file_sink_put_first : file_sink_put);
}

static void to_audit_log(struct export *export, const struct event *event)
{
	struct buf *lines = &export->audit_lines;

	if (!export->audit_log_sink)
		return;
	buf_clear(lines);
	if (!audit_log_format(export->audit_log, event, lines))
		return;
	if (lines->failed) {
		export->counters.oversized++;
		return;
	}
	put_line(export, export->audit_log_sink, lines, ++export->counters.audit_log_sequence,
		file_sink_put);
}

void export_event(struct export *export, const struct event *event)
{
	if (!filter_allows(export->allow, export->deny, event)) {
		export->counters.filtered++;
		return;
	}
	export->counters.events[event->kind]++;
	to_json(export, event);
	if (export->audit)
		audit_event(export->audit, event);
	to_audit_log(export, event);
}

void export_flush(struct export *export, bool more)
{
	uint64_t now = more ? clock_boottime_ns() : 0;

	if (export->json_sink)
		file_sink_flush(export->json_sink);
	if (export->audit_log_sink &&
		(!more || now - export->audit_log_flushed > AUDIT_LOG_DELAY_NS)) {
		file_sink_flush(export->audit_log_sink);
		export->audit_log_flushed = now;
	}
	shrink(&export->line);
	shrink(&export->audit_lines);
}

static void report_loss(struct export *export, const char *stage, const char *reason,
	const struct file_sink_loss *loss)
{
	struct event event = {.kind = EVENT_EVENT_LOSS, .time = clock_realtime_ns()};

	event.loss.stage = stage;
	event.loss.reason = reason;
	event.loss.since = loss->since_ns;
	event.loss.until = loss->until_ns;
	event.loss.total = loss->lines;
	event.loss.first_sequence = loss->first_sequence;
	event.loss.last_sequence = loss->last_sequence;
	export_event(export, &event);
}

static void report_sink(struct export *export, struct file_sink *sink, const char *stage)
{
	struct file_sink_loss loss;

	/* bounded: the lines that tell of a loss can be lost too */
	for (int i = 0; sink && i < SINK_LOSSES_AT_ONCE && file_sink_take_loss(sink, &loss); i++)
		report_loss(export, stage, loss.reason, &loss);
}

/* Once when it begins and once when it ends: the log itself cannot tell of it meanwhile. */
static void say_failing(struct file_sink *sink, const char *path, bool *failing)
{
	struct file_sink_counters counters;

	if (!sink)
		return;
	file_sink_counters_get(sink, &counters);
	if (counters.failing == *failing)
		return;
	*failing = counters.failing;
	if (counters.failing)
		log_error(
			"%s: %s: its lines are kept as far as the queue holds them, then they are "
			"lost and counted",
			path, counters.reason);
	else
		log_notice("%s takes lines again; %llu have been lost so far", path,
			(unsigned long long)counters.lost);
}

void export_report_losses(struct export *export)
{
	struct file_sink_loss oversized = export->oversized;
	uint64_t count, since;

	if (oversized.lines) {
		export->oversized = (struct file_sink_loss){};
		report_loss(export, "json", "line too long, or no memory for it", &oversized);
	}
	say_failing(export->json_sink, export->config->json_file, &export->json_failing);
	say_failing(
		export->audit_log_sink, export->config->audit_log_file, &export->audit_log_failing);
	/* by time, also without an event */
	if (begins_files(export) && file_sink_new_file_due(export->json_sink, 0))
		begin_json_file(export);
	report_sink(export, export->json_sink, "json");
	report_sink(export, export->audit_log_sink, "audit_log");
	if (export->audit && audit_take_loss(export->audit, &count, &since)) {
		struct event event = {.kind = EVENT_EVENT_LOSS, .time = clock_realtime_ns()};

		event.loss.stage = "audit";
		event.loss.reason = "queue full";
		event.loss.since = since;
		event.loss.until = event.time;
		event.loss.total = count;
		export_event(export, &event);
	}
}

void export_daemon_start(struct export *export)
{
	const struct previous_log *previous = &export->previous;
	struct event event = {.kind = EVENT_DAEMON_START, .time = clock_realtime_ns()};

	event.daemon_start.found = previous->found;
	event.daemon_start.clean = previous->clean;
	event.daemon_start.last_sequence = previous->last_sequence;
	event.daemon_start.unobserved_since = previous->last_time;
	event.daemon_start.unobserved_until = event.time;
	event.daemon_start.previous_stream = previous->stream;
	export_event(export, &event);
}

void export_daemon_stop(struct export *export, const char *reason)
{
	struct event event = {.kind = EVENT_DAEMON_STOP, .time = clock_realtime_ns()};

	event.daemon_stop.reason = reason;
	export_event(export, &event);
}

void export_reopen(struct export *export)
{
	if (export->json_sink) {
		file_sink_reopen(export->json_sink);
		if (begins_files(export))
			begin_json_file(export);
	}
	if (export->audit_log_sink)
		file_sink_reopen(export->audit_log_sink);
}

void export_counters_get(const struct export *export, struct export_counters *ret)
{
	*ret = export->counters;
	ret->searches_given_up =
		filter_list_run_aways(export->allow) + filter_list_run_aways(export->deny);
}

const struct file_sink *export_json_sink(const struct export *export)
{
	return export->json_sink;
}

const struct file_sink *export_audit_log_sink(const struct export *export)
{
	return export->audit_log_sink;
}

struct export *export_stop(struct export *export)
{
	if (!export)
		return NULL;
	file_sink_stop(export->json_sink, STOP_TIMEOUT_NS);
	file_sink_stop(export->audit_log_sink, STOP_TIMEOUT_NS);
	audit_log_free(export->audit_log);
	filter_list_free(export->allow);
	filter_list_free(export->deny);
	field_filters_free(export->field_filters);
	buf_done(&export->line);
	buf_done(&export->audit_lines);
	free(export);
	return NULL;
}
