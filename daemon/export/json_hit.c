/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/json_hit.h"

#include <stdio.h>
#include <string.h>

#include "daemon/export/json_argument.h"
#include "daemon/export/kernel_names.h"
#include "lib/json_writer.h"

static const char *const action_names[POLICY_ACTION_COUNT] = {
	[POLICY_ACTION_POST] = "KPROBE_ACTION_POST",
	[POLICY_ACTION_SIGKILL] = "KPROBE_ACTION_SIGKILL",
	[POLICY_ACTION_OVERRIDE] = "KPROBE_ACTION_OVERRIDE",
	[POLICY_ACTION_GET_URL] = "KPROBE_ACTION_GETURL",
	[POLICY_ACTION_DNS_LOOKUP] = "KPROBE_ACTION_DNSLOOKUP",
	[POLICY_ACTION_NO_POST] = "KPROBE_ACTION_NOPOST",
	[POLICY_ACTION_SIGNAL] = "KPROBE_ACTION_SIGNAL",
	[POLICY_ACTION_TRACK_SOCK] = "KPROBE_ACTION_TRACKSOCK",
	[POLICY_ACTION_UNTRACK_SOCK] = "KPROBE_ACTION_UNTRACKSOCK",
	[POLICY_ACTION_NOTIFY_ENFORCER] = "KPROBE_ACTION_NOTIFYENFORCER",
	[POLICY_ACTION_CLEANUP_ENFORCER_NOTIFICATION] = "KPROBE_ACTION_CLEANUPENFORCERNOTIFICATION",
	[POLICY_ACTION_SET] = "KPROBE_ACTION_SET",
};

const char *json_action_name(enum policy_action_kind action)
{
	return (unsigned int)action < POLICY_ACTION_COUNT ? action_names[action]
							  : "KPROBE_ACTION_UNKNOWN";
}

static void put_string(struct buf *buf, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	json_key_n(buf, key, strlen(key));
	json_string(buf, text);
}

static bool has_return(const struct policy_hit *hit)
{
	return hit->return_record && hit->hook->has_return &&
	       hit->hook->arguments[HOOK_RETURN_ARGUMENT].present;
}

/* args, or those of `data`. In Tetragon a uprobe's return value stands among its arguments. */
static void put_arguments(const struct json_event_options *options, const struct event *event,
	const char *key, bool data, struct buf *buf)
{
	const struct policy_hit *hit = &event->hit;
	bool return_too = !data && event->kind == EVENT_PROCESS_UPROBE && has_return(hit);
	bool any = return_too;

	for (uint32_t i = 0; i < hit->hook->arguments_count; i++)
		any |= hit->hook->arguments[i].present && hit->hook->arguments[i].data == data;
	if (!any)
		return;
	json_key_n(buf, key, strlen(key));
	json_open_array(buf);
	for (uint32_t i = 0; i < hit->hook->arguments_count; i++)
		if (hit->hook->arguments[i].present && hit->hook->arguments[i].data == data)
			json_argument_format(options, hit, i, buf);
	if (return_too)
		json_argument_format(options, hit, HOOK_RETURN_ARGUMENT, buf);
	json_close_array(buf);
}

static void put_return(
	const struct json_event_options *options, const struct policy_hit *hit, struct buf *buf)
{
	if (!has_return(hit))
		return;
	json_key(buf, "return");
	json_argument_format(options, hit, HOOK_RETURN_ARGUMENT, buf);
}

/* Of a program's own files: in base64 too where bytes had to be replaced. */
static void put_untrusted(struct buf *buf, const char *key, const char *key_b64, const char *text)
{
	if (!text || !*text)
		return;
	json_key_n(buf, key, strlen(key));
	if (!json_string(buf, text))
		return;
	json_key_n(buf, key_b64, strlen(key_b64));
	json_base64(buf, text, strlen(text));
}

/* The kernel's addresses would tell where it is; they stand there only for what has no symbol. */
static void put_frame(const struct stack_frame *frame, struct buf *buf)
{
	json_open_object(buf);
	if (!frame->symbol && !frame->module)
		json_key_u64(buf, "address", frame->address);
	if (frame->offset)
		json_key_u64(buf, "offset", frame->offset);
	put_untrusted(buf, "symbol", "symbol_b64", frame->symbol);
	put_untrusted(buf, "module", "module_b64", frame->module);
	json_close_object(buf);
}

static void put_stack(
	const char *key, const struct stack_frame *frames, size_t depth, struct buf *buf)
{
	if (!depth)
		return;
	json_key_n(buf, key, strlen(key));
	json_open_array(buf);
	for (size_t i = 0; i < depth; i++)
		put_frame(&frames[i], buf);
	json_close_array(buf);
}

static void put_tags(const struct hook_description *hook, struct buf *buf)
{
	if (!hook->tag_count)
		return;
	json_key(buf, "tags");
	json_open_array(buf);
	for (size_t i = 0; i < hook->tag_count; i++)
		json_string(buf, hook->tags[i]);
	json_close_array(buf);
}

static void put_policy(const struct hook_description *hook, struct buf *buf)
{
	json_key_string(buf, "policy_name", hook->policy);
}

static void put_action(const struct policy_hit *hit, struct buf *buf)
{
	json_key_string(buf, "action", json_action_name(hit->action));
}

static void put_offset(struct buf *buf, const char *key, uint64_t offset)
{
	if (!offset)
		return;
	json_key_n(buf, key, strlen(key));
	json_u64_string(buf, offset);
}

static void put_kprobe(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	const struct policy_hit *hit = &event->hit;

	put_string(buf, "function_name", hit->function);
	put_arguments(options, event, "args", false, buf);
	put_return(options, hit, buf);
	put_action(hit, buf);
	put_stack("kernel_stack_trace", hit->kernel_stack, hit->kernel_stack_depth, buf);
	put_policy(hit->hook, buf);
	if (has_return(hit))
		json_key_string(buf, "return_action", json_action_name(hit->return_action));
	put_string(buf, "message", hit->hook->message);
	put_tags(hit->hook, buf);
	put_stack("user_stack_trace", hit->user_stack, hit->user_stack_depth, buf);
}

static void put_tracepoint(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	const struct policy_hit *hit = &event->hit;

	put_string(buf, "subsys", hit->hook->subsystem);
	put_string(buf, "event", hit->hook->event);
	put_arguments(options, event, "args", false, buf);
	put_policy(hit->hook, buf);
	put_action(hit, buf);
	put_string(buf, "message", hit->hook->message);
	put_tags(hit->hook, buf);
}

static void put_uprobe(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	const struct policy_hit *hit = &event->hit;

	put_string(buf, "path", hit->hook->path);
	put_string(buf, "symbol", policy_hit_symbol(hit));
	put_policy(hit->hook, buf);
	put_string(buf, "message", hit->hook->message);
	put_arguments(options, event, "args", false, buf);
	put_tags(hit->hook, buf);
}

static void put_usdt(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	const struct policy_hit *hit = &event->hit;

	put_string(buf, "path", hit->hook->path);
	put_string(buf, "provider", hit->hook->provider);
	put_string(buf, "name", hit->hook->symbol);
	put_policy(hit->hook, buf);
	put_string(buf, "message", hit->hook->message);
	put_arguments(options, event, "args", false, buf);
	put_tags(hit->hook, buf);
}

/* "sha256:2cf2…" */
static void put_hash(const struct policy_hit *hit, struct buf *buf)
{
	char text[32 + 2 * FILE_HASH_MAX];
	size_t length;
	const char *name = hash_algorithm_name(hit->hash_algorithm, &length);
	int at;

	if (!hit->hash || !name)
		return;
	at = snprintf(text, sizeof(text), "%s:", name);
	for (size_t i = 0; i < length; i++)
		at += snprintf(
			text + at, sizeof(text) - (size_t)at, "%02x", (unsigned char)hit->hash[i]);
	json_key_string(buf, "ima_hash", text);
}

static void put_lsm(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	const struct policy_hit *hit = &event->hit;

	put_string(buf, "function_name", hit->function);
	put_policy(hit->hook, buf);
	put_string(buf, "message", hit->hook->message);
	put_arguments(options, event, "args", false, buf);
	put_action(hit, buf);
	put_tags(hit->hook, buf);
	put_hash(hit, buf);
}

/* What was mapped, and its build id: the first path or text and the first bytes. */
static void put_loader(const struct policy_hit *hit, struct buf *buf)
{
	const struct hit_argument *argument;
	bool path = false, build_id = false;
	const char *bytes;

	for (uint32_t i = 0; i < HOOK_ARGUMENTS_MAX; i++) {
		argument = policy_hit_argument(hit, i, &bytes);
		if (!policy_hit_argument_usable(argument))
			continue;
		if (!path && policy_hit_argument_is_text(argument)) {
			json_key(buf, "path");
			if (json_string_n(buf, bytes, strnlen(bytes, argument->length))) {
				json_key(buf, "path_b64");
				json_base64(buf, bytes, strnlen(bytes, argument->length));
			}
			path = true;
		} else if (!build_id && argument->reader == ARGUMENT_CHAR_BUF && argument->length) {
			json_key(buf, "buildid");
			json_base64(buf, bytes, argument->length);
			build_id = true;
		}
	}
	if (!path)
		put_string(buf, "path", hit->hook->path);
}

void json_hit_format(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	switch (event->kind) {
	case EVENT_PROCESS_KPROBE:
		put_kprobe(options, event, buf);
		break;
	case EVENT_PROCESS_TRACEPOINT:
		put_tracepoint(options, event, buf);
		break;
	case EVENT_PROCESS_UPROBE:
		put_uprobe(options, event, buf);
		break;
	case EVENT_PROCESS_USDT:
		put_usdt(options, event, buf);
		break;
	case EVENT_PROCESS_LSM:
		put_lsm(options, event, buf);
		break;
	case EVENT_PROCESS_LOADER:
		put_loader(&event->hit, buf);
		break;
	default:
		break;
	}
}

/* What Tetragon does not have. */
static void put_ours(const struct event *event, struct buf *buf)
{
	const struct policy_hit *hit = &event->hit;
	const struct hook_description *hook = hit->hook;

	if (event->kind == EVENT_PROCESS_LOADER)
		put_policy(hook, buf);
	else if (event->kind != EVENT_PROCESS_KPROBE) {
		put_stack("kernel_stack_trace", hit->kernel_stack, hit->kernel_stack_depth, buf);
		put_stack("user_stack_trace", hit->user_stack, hit->user_stack_depth, buf);
	}
	put_string(buf, "policy_namespace", hook->namespace);
	if (hit->record->selector < hook->selector_count)
		put_string(buf, "selector", hook->selectors[hit->record->selector].label);
	if (hit->acted || hit->monitored)
		json_key_bool(buf, "enforced", hit->acted);
	if (hit->record->hit_flags & HIT_STACK_CUT)
		json_key_bool(buf, "stack_cut", true);
}

void json_hit_format_end(
	const struct json_event_options *options, const struct event *event, struct buf *buf)
{
	const struct policy_hit *hit = &event->hit;
	const struct hook_place_description *place = policy_hit_place(hit);

	switch (event->kind) {
	case EVENT_PROCESS_KPROBE:
		put_arguments(options, event, "data", true, buf);
		break;
	case EVENT_PROCESS_UPROBE:
		if (place) {
			put_offset(buf, "offset", place->offset);
			put_offset(buf, "ref_ctr_offset", place->reference_counter_offset);
		}
		put_action(hit, buf);
		put_arguments(options, event, "data", true, buf);
		break;
	case EVENT_PROCESS_USDT:
		put_action(hit, buf);
		break;
	default:
		break;
	}
	put_ours(event, buf);
}
