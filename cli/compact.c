/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/compact.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/compact_line.h"
#include "cli/text.h"
#include "lib/base64.h"
#include "lib/event_kind.h"
#include "lib/util.h"

#define BUILD_ID_MAX 64

/* ---- Tetragon's kinds ---- */

static bool format_exec(struct compact_line *line)
{
	const struct json_value *process = json_get(line->body, "process");
	const char *phase = json_text(json_get(process, "phase"));

	if (!compact_process(line, "🚀", "process"))
		return false;
	compact_word(line, COLOUR_CYAN, json_get(process, "arguments"));
	if (phase && !strcmp(phase, "setup"))
		compact_text(line, COLOUR_DIM, "(setup)");
	return true;
}

static bool format_exit(struct compact_line *line)
{
	const struct json_value *signal = json_get(line->body, "signal");
	const char *name = json_text(signal);
	uint64_t status = 0;

	if (!compact_process(line, "💥", "exit"))
		return false;
	compact_word(line, COLOUR_CYAN, json_path(line->body, "process", "arguments", NULL));
	json_u64(json_get(line->body, "status"), &status); /* left out when it is 0 */
	if (name && *name)
		compact_word(line, COLOUR_RED, signal);
	else
		compact_printf(line, COLOUR_RED, "%" PRIu64, status);
	return true;
}

static bool format_throttle(struct compact_line *line)
{
	const char *type = json_text(json_get(line->body, "type"));
	bool start = type && !strcmp(type, "THROTTLE_START");

	compact_name(line, "🧬", "throttle");
	compact_text(line, COLOUR_YELLOW, start ? "START" : "STOP ");
	compact_word(line, COLOUR_CYAN, json_get(line->body, "cgroup"));
	return true;
}

static bool format_loader(struct compact_line *line)
{
	const char *build_id = json_text(json_get(line->body, "buildid"));
	uint8_t bytes[BUILD_ID_MAX];
	char text[2 * BUILD_ID_MAX + 1];
	ssize_t length = 0;

	if (!compact_process(line, "🧬", "loader"))
		return false;
	if (build_id && strlen(build_id) <= BASE64_LENGTH(sizeof(bytes)) - 4)
		length = base64_decode(build_id, strlen(build_id), bytes);
	for (ssize_t i = 0; i < length; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	if (length > 0)
		compact_text(line, COLOUR_CYAN, text);
	compact_word(line, COLOUR_CYAN, json_get(line->body, "path"));
	return true;
}

static bool format_uprobe(struct compact_line *line)
{
	uint64_t offset;

	if (!compact_process(line, "🕵️", "uprobe"))
		return false;
	compact_word(line, COLOUR_CYAN, json_get(line->body, "path"));
	if (json_text(json_get(line->body, "symbol")))
		compact_word(line, COLOUR_CYAN, json_get(line->body, "symbol"));
	else if (!json_u64(json_get(line->body, "offset"), &offset))
		compact_printf(line, COLOUR_CYAN, "0x%" PRIx64, offset);
	return true;
}

static bool format_usdt(struct compact_line *line)
{
	if (!compact_process(line, "🕵️", "usdt"))
		return false;
	compact_word(line, COLOUR_CYAN, json_get(line->body, "path"));
	compact_word(line, COLOUR_CYAN, json_get(line->body, "provider"));
	compact_word(line, COLOUR_CYAN, json_get(line->body, "name"));
	return true;
}

static bool format_lsm(struct compact_line *line)
{
	if (!compact_process(line, "🔒", "LSM"))
		return false;
	compact_word(line, COLOUR_CYAN, json_get(line->body, "function_name"));
	return true;
}

/* Below the line: `   PATH sha256:…` */
static void append_hash(struct compact_line *line)
{
	const struct json_value *hash = json_get(line->body, "ima_hash");
	const struct json_value *argument = json_at(json_get(line->body, "args"), 0);
	const struct json_value *path = json_path(argument, "file_arg", "path", NULL);

	if (!json_text(hash))
		return;
	buf_append_string(line->out, "  ");
	compact_word(line, COLOUR_CYAN,
		path ? path : json_path(argument, "linux_binprm_arg", "path", NULL));
	compact_word(line, NULL, hash);
	buf_append_char(line->out, '\n');
}

/* ---- ours ---- */

static void append_container(struct compact_line *line)
{
	const struct json_value *container = event_container(line->body);
	const char *id = json_text(json_get(container, "id"));

	if (id)
		compact_printf(line, COLOUR_DIM, "%.*s", COMPACT_ID, id);
	compact_word(line, COLOUR_CYAN, json_path(container, "image", "name", NULL));
}

static bool format_container_start(struct compact_line *line)
{
	const struct json_value *container = event_container(line->body);
	uint64_t auid;

	compact_name(line, "📦", "start");
	compact_who(line);
	append_container(line);
	if (!json_u64(json_path(container, "started_by", "auid", NULL), &auid)) {
		if (auid == UINT32_MAX)
			compact_text(line, NULL, "by no login");
		else
			compact_printf(line, NULL, "by auid %" PRIu64, auid);
	}
	return true;
}

static bool format_container_update(struct compact_line *line)
{
	compact_name(line, "🏷️", "update");
	compact_who(line);
	append_container(line);
	return true;
}

static bool format_container_stop(struct compact_line *line)
{
	uint64_t code;

	compact_name(line, "🏁", "stop");
	compact_who(line);
	append_container(line);
	compact_word(line, NULL, json_get(line->body, "reason"));
	if (json_get(line->body, "signal"))
		compact_word(line, COLOUR_RED, json_get(line->body, "signal"));
	else if (!json_u64(json_get(line->body, "status"), &code))
		compact_printf(line, COLOUR_RED, "%" PRIu64, code);
	return true;
}

static bool format_unregistered(struct compact_line *line)
{
	compact_name(line, "👻", "unregistered");
	compact_who(line);
	compact_word(line, COLOUR_MAGENTA, json_path(line->body, "process", "binary", NULL));
	compact_word(line, NULL, json_get(line->body, "runtime"));
	compact_word(line, COLOUR_CYAN, json_get(line->body, "id"));
	compact_word(line, COLOUR_CYAN, json_get(line->body, "cgroup"));
	return true;
}

static bool format_escape(struct compact_line *line)
{
	if (!compact_process(line, "🚨", "escape"))
		return false;
	compact_text(line, COLOUR_RED, "left its container's cgroup for");
	if (json_text(json_get(line->body, "cgroup")))
		compact_word(line, COLOUR_CYAN, json_get(line->body, "cgroup"));
	else
		compact_text(line, COLOUR_CYAN, "an unknown one");
	return true;
}

static bool format_loss(struct compact_line *line)
{
	uint64_t total = 0, first, last;

	json_u64(json_get(line->body, "lost"), &total);
	compact_name(line, "❗", "loss");
	compact_who(line);
	compact_printf(line, COLOUR_RED, "%" PRIu64 " event%s lost", total, total == 1 ? "" : "s");
	compact_word(line, COLOUR_CYAN, json_get(line->body, "stage"));
	compact_word(line, NULL, json_get(line->body, "reason"));
	if (!json_u64(json_get(line->body, "first_sequence"), &first) &&
		!json_u64(json_get(line->body, "last_sequence"), &last) && first)
		compact_printf(line, NULL, "(%" PRIu64 " to %" PRIu64 ")", first, last);
	return true;
}

static bool format_policy_change(struct compact_line *line)
{
	const char *change = json_text(json_get(line->body, "change"));
	const char *source = json_text(json_get(line->body, "source"));
	bool refused = change && !strcmp(change, "refused");

	compact_name(line, "📜", "policy");
	compact_who(line);
	compact_word(line, COLOUR_CYAN, json_get(line->body, "name"));
	compact_word(line, refused ? COLOUR_RED : NULL, json_get(line->body, "change"));
	if (source) {
		compact_text(line, NULL, *source == '/' ? "from" : "by");
		compact_word(line, NULL, json_get(line->body, "source"));
	}
	compact_word(line, COLOUR_RED, json_get(line->body, "error"));
	return true;
}

static bool format_daemon_start(struct compact_line *line)
{
	const struct json_value *clean = json_get(line->body, "last_stop_clean");

	compact_name(line, "🟢", "daemon");
	compact_who(line);
	compact_text(line, NULL, "start");
	if (clean && !json_is_true(clean))
		compact_text(line, COLOUR_RED, "(the last stop was not clean)");
	if (json_text(json_get(line->body, "unobserved_since"))) {
		compact_text(line, NULL, "not observed from");
		compact_word(line, NULL, json_get(line->body, "unobserved_since"));
		compact_text(line, NULL, "to");
		compact_word(line, NULL, json_get(line->body, "unobserved_until"));
	}
	return true;
}

static bool format_daemon_stop(struct compact_line *line)
{
	compact_name(line, "🔴", "daemon");
	compact_who(line);
	compact_text(line, NULL, "stop");
	compact_word(line, NULL, json_get(line->body, "reason"));
	return true;
}

/* The record at the head of a log file. */
static bool format_log_file(struct compact_line *line)
{
	uint64_t first;

	compact_name(line, "📄", "file");
	compact_who(line);
	if (!json_u64(json_get(line->body, "first_sequence"), &first))
		compact_printf(line, NULL, "begins with %" PRIu64 " of", first);
	compact_word(line, COLOUR_CYAN, json_get(line->body, "stream"));
	return true;
}

/* ---- */

/* They return false when the event is not what it should be. */
static bool (*const formats[EVENT_KIND_MAX])(struct compact_line *line) = {
	[EVENT_PROCESS_EXEC] = format_exec,
	[EVENT_PROCESS_EXIT] = format_exit,
	[EVENT_PROCESS_THROTTLE] = format_throttle,
	[EVENT_PROCESS_KPROBE] = compact_kprobe,
	[EVENT_PROCESS_TRACEPOINT] = compact_tracepoint,
	[EVENT_PROCESS_UPROBE] = format_uprobe,
	[EVENT_PROCESS_USDT] = format_usdt,
	[EVENT_PROCESS_LSM] = format_lsm,
	[EVENT_PROCESS_LOADER] = format_loader,
	[EVENT_CONTAINER_START] = format_container_start,
	[EVENT_CONTAINER_UPDATE] = format_container_update,
	[EVENT_CONTAINER_STOP] = format_container_stop,
	[EVENT_UNREGISTERED_CONTAINER] = format_unregistered,
	[EVENT_CGROUP_ESCAPE] = format_escape,
	[EVENT_EVENT_LOSS] = format_loss,
	[EVENT_POLICY_CHANGE] = format_policy_change,
	[EVENT_DAEMON_START] = format_daemon_start,
	[EVENT_DAEMON_STOP] = format_daemon_stop,
};

static bool format_unknown(struct compact_line *line, const char *name)
{
	compact_name(line, "❓", "event");
	compact_who(line);
	compact_text(line, COLOUR_CYAN, name);
	return true;
}

static bool format_event(struct compact_line *line, const char *name)
{
	enum event_kind kind = event_kind_find(name);

	if (kind < EVENT_KIND_MAX)
		return formats[kind](line);
	return strcmp(name, "log_file") ? format_unknown(line, name) : format_log_file(line);
}

const char *event_kind_of(const struct json_value *event, const struct json_value **ret_body)
{
	for (size_t i = 0; i < json_count(event); i++) {
		const struct json_value *body;
		const char *key;

		body = json_member(event, i, &key, NULL);
		/* A kind we do not know is an object too, and stands first. */
		if (json_type(body) != JSON_OBJECT || !strcmp(key, "node_labels"))
			continue;
		if (ret_body)
			*ret_body = body;
		return key;
	}
	return NULL;
}

const struct json_value *event_container(const struct json_value *body)
{
	const struct json_value *container = json_get(body, "container");

	return container ? container : json_path(body, "process", "container", NULL);
}

void compact_format(
	const struct compact_options *options, const struct json_value *event, struct buf *out)
{
	struct compact_line line = {
		.options = options, .event = event, .out = out, .start = out->length};
	const char *name = event_kind_of(event, &line.body);

	if (!name)
		return;
	if (options->timestamps)
		compact_time(&line);
	if (!format_event(&line, name)) {
		out->length = line.start;
		return;
	}
	if (!out->failed)
		compact_capabilities(&line);
	buf_append_char(out, '\n');
	compact_stacks(&line);
	append_hash(&line);
}
