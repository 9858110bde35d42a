/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/hook_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/json_writer.h"
#include "lib/util.h"

static const char *const stage_names[HOOK_STAGE_MAX] = {
	[HOOK_STAGE_CREATE_RUNTIME] = "createRuntime",
	[HOOK_STAGE_CONTAINER] = "createContainer",
	[HOOK_STAGE_POSTSTART] = "poststart",
	[HOOK_STAGE_POSTSTOP] = "poststop",
};

const char *hook_stage_name(enum hook_stage stage)
{
	return stage_names[stage];
}

enum hook_stage hook_stage_of(const struct oci_state *state)
{
	if (state->status == OCI_STATUS_STOPPED)
		return HOOK_STAGE_POSTSTOP;
	if (state->pid <= 1) /* runc says 1 in there, crun 0 */
		return HOOK_STAGE_CONTAINER;
	return state->status == OCI_STATUS_RUNNING ? HOOK_STAGE_POSTSTART
						   : HOOK_STAGE_CREATE_RUNTIME;
}

uint32_t oci_state_write(const struct oci_state *state, size_t longest, struct buf *buf)
{
	uint32_t left_out = 0;

	json_open_object(buf);
	json_key_string(buf, "ociVersion", state->version);
	json_key_string(buf, "id", state->id);
	json_key_string(buf, "status", oci_status_name(state->status));
	if (state->pid)
		json_key_number(buf, "pid", state->pid);
	json_key_string(buf, "bundle", state->bundle);
	json_key(buf, "annotations");
	json_open_object(buf);
	for (size_t i = 0; i < state->annotation_count; i++) {
		const struct oci_annotation *annotation = &state->annotations[i];

		if (strlen(annotation->key) + strlen(annotation->value) > longest) {
			left_out++;
			continue;
		}
		json_string(buf, annotation->key); /* json_key() would not escape it */
		buf_append_char(buf, ':');
		json_string(buf, annotation->value);
	}
	json_close_object(buf);
	json_close_object(buf);
	return left_out;
}

static void write_conmon(const struct hook_message *message, struct buf *buf)
{
	size_t position = 0;

	json_key(buf, "conmon");
	json_open_array(buf);
	while (position < message->conmon_length) {
		const char *argument = message->conmon + position;
		size_t length = strnlen(argument, message->conmon_length - position);

		json_string_n(buf, argument, length);
		position += length + 1;
	}
	json_close_array(buf);
}

static uint32_t write_message(
	const struct hook_message *message, size_t longest, bool conmon, struct buf *buf)
{
	uint32_t left_out;

	json_open_object(buf);
	json_key_unsigned(buf, "version", HOOK_MESSAGE_VERSION);
	json_key_string(buf, "stage", hook_stage_name(message->stage));
	json_key_u64(buf, "started", message->started_ns);
	json_key_unsigned(buf, "budget_ms", message->budget_ms);
	json_key_string(buf, "boot_id", message->boot_id);
	json_key_u64(buf, "init_start_ticks", message->init_start_ticks);
	json_key(buf, "state");
	left_out = oci_state_write(message->state, longest, buf);
	json_key_unsigned(buf, "annotations_left_out", left_out + message->annotations_left_out);
	if (conmon)
		write_conmon(message, buf);
	json_close_object(buf);
	return left_out;
}

int hook_message_write(const struct hook_message *message, struct buf *buf, uint32_t *ret_left_out)
{
	static const size_t longest[] = {SIZE_MAX, 4096, 512, 0, 0};
	size_t begin = buf->length;

	for (size_t i = 0; i < ARRAY_SIZE(longest); i++) {
		bool last = i == ARRAY_SIZE(longest) - 1;
		uint32_t left_out;

		buf->length = begin;
		left_out = write_message(message, longest[i], !last, buf);
		if (buf->failed)
			return -ENOMEM;
		if (buf->length - begin > HOOK_MESSAGE_MAX)
			continue;
		if (ret_left_out)
			*ret_left_out = left_out;
		return 0;
	}
	buf->length = begin;
	return -EMSGSIZE;
}

static int parse_stage(
	const struct json_value *root, struct hook_message *message, struct error *error)
{
	const char *stage = json_text(json_get(root, "stage"));

	for (size_t i = 0; stage && i < ARRAY_SIZE(stage_names); i++) {
		if (strcmp(stage, stage_names[i]))
			continue;
		message->stage = (enum hook_stage)i;
		return 0;
	}
	return error_set(error, -EINVAL, "\"stage\" is none that is known");
}

static int parse_numbers(
	const struct json_value *root, struct hook_message *message, struct error *error)
{
	const char *boot = json_text(json_get(root, "boot_id"));
	uint64_t budget, left_out;

	if (json_u64(json_get(root, "started"), &message->started_ns) < 0)
		return error_set(error, -EINVAL, "\"started\" is not a number");
	if (json_u64(json_get(root, "budget_ms"), &budget) < 0 || budget > HOOK_BUDGET_MS_MAX)
		return error_set(error, -EINVAL, "\"budget_ms\" is not a number up to %d",
			HOOK_BUDGET_MS_MAX);
	message->budget_ms = (uint32_t)budget;
	if (json_u64(json_get(root, "init_start_ticks"), &message->init_start_ticks) < 0)
		return error_set(error, -EINVAL, "\"init_start_ticks\" is not a number");
	if (json_u64(json_get(root, "annotations_left_out"), &left_out) < 0 ||
		left_out > UINT32_MAX)
		return error_set(error, -EINVAL, "\"annotations_left_out\" is not a number");
	message->annotations_left_out = (uint32_t)left_out;
	if (!boot || strlen(boot) >= sizeof(message->boot_id))
		return error_set(error, -EINVAL, "\"boot_id\" is not a boot id");
	memcpy(message->boot_id, boot, strlen(boot) + 1);
	return 0;
}

static int parse_conmon(
	const struct json_value *root, struct hook_message *message, struct error *error)
{
	const struct json_value *conmon = json_get(root, "conmon");
	_cleanup_buf_ struct buf line = {.limit = HOOK_CONMON_MAX};
	size_t count = json_count(conmon);

	if (!conmon)
		return 0;
	if (json_type(conmon) != JSON_ARRAY || count > HOOK_CONMON_ARGUMENTS_MAX)
		return error_set(error, -EINVAL, "\"conmon\" is not an array of up to %d arguments",
			HOOK_CONMON_ARGUMENTS_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *argument = json_text(json_at(conmon, i));

		if (!argument)
			return error_set(
				error, -EINVAL, "\"conmon\" holds something that is no argument");
		buf_append(&line, argument, strlen(argument) + 1);
	}
	if (line.failed)
		return error_set(
			error, -E2BIG, "\"conmon\" is longer than %u bytes", HOOK_CONMON_MAX);
	message->conmon_length = line.length;
	message->conmon = TAKE_PTR(line.data);
	return 0;
}

int hook_message_parse(
	const char *text, size_t length, struct hook_message **ret_message, struct error *error)
{
	static const struct json_limits limits = {
		.bytes = HOOK_MESSAGE_MAX,
		.depth = OCI_STATE_DEPTH_MAX + 1,
		.values = OCI_STATE_ANNOTATIONS_MAX * 4,
	};
	_cleanup_hook_message_ struct hook_message *message = NULL;
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *root;
	uint64_t version;
	int r;

	r = json_parse(text, length, &limits, &document, error);
	if (r < 0)
		return r;
	root = json_root(document);
	if (json_type(root) != JSON_OBJECT)
		return error_set(error, -EINVAL, "the message is not a JSON object");
	if (json_u64(json_get(root, "version"), &version) < 0 || version != HOOK_MESSAGE_VERSION)
		return error_set(error, -EINVAL, "\"version\" is not %d", HOOK_MESSAGE_VERSION);
	message = calloc(1, sizeof(*message));
	if (!message)
		return error_set(error, -ENOMEM, "no memory");
	r = parse_stage(root, message, error);
	if (r < 0)
		return r;
	r = parse_numbers(root, message, error);
	if (r < 0)
		return r;
	r = parse_conmon(root, message, error);
	if (r < 0)
		return r;
	r = oci_state_from_json(json_get(root, "state"), &message->state, error);
	if (r < 0)
		return r;
	*ret_message = TAKE_PTR(message);
	return 0;
}

struct hook_message *hook_message_free(struct hook_message *message)
{
	if (!message)
		return NULL;
	oci_state_free(message->state);
	free(message->conmon);
	free(message);
	return NULL;
}

void hook_answer_write(struct buf *buf, const char *reason)
{
	json_open_object(buf);
	json_key_unsigned(buf, "version", HOOK_MESSAGE_VERSION);
	json_key_bool(buf, "registered", !reason);
	if (reason)
		json_key_string(buf, "error", reason);
	json_close_object(buf);
}

int hook_answer_parse(const char *text, size_t length, bool *ret_registered, struct error *reason)
{
	static const struct json_limits limits = {
		.bytes = HOOK_ANSWER_MAX, .depth = 2, .values = 16};
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *registered;
	const char *text_of_reason;
	int r;

	r = json_parse(text, length, &limits, &document, reason);
	if (r < 0)
		return r;
	registered = json_get(json_root(document), "registered");
	if (json_type(registered) != JSON_BOOLEAN)
		return error_set(reason, -EINVAL, "the answer does not say whether it registered");
	*ret_registered = json_is_true(registered);
	if (*ret_registered)
		return 0;
	text_of_reason = json_text(json_get(json_root(document), "error"));
	error_set(reason, -EACCES, "%s", text_of_reason ? text_of_reason : "no reason given");
	return 0;
}
