/* SPDX-License-Identifier: Apache-2.0 */
/* The methods about policies. The policy thread does what they ask; until its reply comes the
 * client waits, and its further calls with it. */
#include "daemon/api/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policy/policy_queue.h"
#include "lib/cleanup.h"
#include "lib/json_writer.h"

#define INTERFACE CLIENT_INTERFACE

static void out_of_memory(struct client *client)
{
	varlink_error(&client->out, INTERFACE ".OutOfMemory", NULL, NULL, NULL);
}

static bool may_change(struct client *client)
{
	if (client_may_change(client))
		return true;
	varlink_error(&client->out, VARLINK_PERMISSION_DENIED, NULL, NULL,
		"policies are changed by root alone");
	return false;
}

/* A copy of an optional string; false when the client has been answered. */
static bool take_text(
	struct client *client, const struct varlink_call *call, const char *name, char **ret_text)
{
	const char *text = NULL;

	if (varlink_parameter_string(call, name, &text)) {
		client_invalid_parameter(client, name, "a string without NUL");
		return false;
	}
	if (!text)
		return true;
	*ret_text = strdup(text);
	if (*ret_text)
		return true;
	out_of_memory(client);
	return false;
}

static bool take_mode(
	struct client *client, const struct varlink_call *call, struct policy_request *request)
{
	const char *text = NULL;

	if (!varlink_parameter_string(call, "mode", &text) && !text)
		return true;
	if (text && !policy_mode_parse(text, &request->mode)) {
		request->mode_is_set = true;
		return true;
	}
	client_invalid_parameter(client, "mode", "enforce or monitor");
	return false;
}

static void policy_request_free_p(struct policy_request **request)
{
	policy_request_free(*request);
}
#define _cleanup_request_ _cleanup_(policy_request_free_p)

static void submit(struct client *client, struct policy_request *request)
{
	const struct control_handlers *handlers = client->owner->handlers;

	request->client = client->id;
	request->uid = client->uid;
	client->waiting_for = request->verb;
	if (handlers->policy(handlers->data, request) < 0)
		varlink_error(&client->out, INTERFACE ".Busy", NULL, NULL,
			"too many changes of policies wait already");
	else
		client->waiting = true;
}

void client_add_policy(struct client *client, const struct varlink_call *call)
{
	_cleanup_request_ struct policy_request *request = NULL;
	size_t length;
	const char *text = json_text_n(json_get(call->parameters, "text"), &length);

	if (!may_change(client))
		return;
	if (!text) {
		client_invalid_parameter(client, "text", "the text of a policy's file is needed");
		return;
	}
	request = calloc(1, sizeof(*request));
	if (request)
		request->text = malloc(length + 1);
	if (!request || !request->text) {
		out_of_memory(client);
		return;
	}
	memcpy(request->text, text, length);
	request->text[length] = '\0';
	request->length = length;
	request->verb = POLICY_VERB_ADD;
	if (varlink_parameter_bool(call, "replace", &request->replace)) {
		client_invalid_parameter(client, "replace", "true or false");
		return;
	}
	if (take_text(client, call, "file", &request->file) && take_mode(client, call, request))
		submit(client, TAKE_PTR(request));
}

static void change(struct client *client, const struct varlink_call *call, enum policy_verb verb)
{
	_cleanup_request_ struct policy_request *request = NULL;

	if (!may_change(client))
		return;
	request = calloc(1, sizeof(*request));
	if (!request) {
		out_of_memory(client);
		return;
	}
	request->verb = verb;
	if (!take_text(client, call, "name", &request->name) ||
		!take_text(client, call, "namespace", &request->namespace))
		return;
	if (!request->name) {
		client_invalid_parameter(client, "name", "the name of a policy is needed");
		return;
	}
	if (verb == POLICY_VERB_SET_MODE) {
		if (!take_mode(client, call, request))
			return;
		if (!request->mode_is_set) {
			client_invalid_parameter(client, "mode", "enforce or monitor");
			return;
		}
	}
	submit(client, TAKE_PTR(request));
}

void client_delete_policy(struct client *client, const struct varlink_call *call)
{
	change(client, call, POLICY_VERB_DELETE);
}

void client_enable_policy(struct client *client, const struct varlink_call *call)
{
	change(client, call, POLICY_VERB_ENABLE);
}

void client_disable_policy(struct client *client, const struct varlink_call *call)
{
	change(client, call, POLICY_VERB_DISABLE);
}

void client_set_policy_mode(struct client *client, const struct varlink_call *call)
{
	change(client, call, POLICY_VERB_SET_MODE);
}

void client_list_policies(struct client *client, const struct varlink_call *call)
{
	struct policy_request *request = calloc(1, sizeof(*request));

	if (!request) {
		out_of_memory(client);
		return;
	}
	request->verb = POLICY_VERB_LIST;
	client->list.more = call->more;
	submit(client, request);
}

static const char *error_name(int code)
{
	switch (code) {
	case -ENOENT:
		return INTERFACE ".NoSuchPolicy";
	case -ENOTUNIQ:
		return INTERFACE ".AmbiguousPolicy";
	case -EEXIST:
		return INTERFACE ".PolicyExists";
	case -EROFS:
		return INTERFACE ".PolicyOfFile";
	case -ENOMEM:
		return INTERFACE ".OutOfMemory";
	default:
		return INTERFACE ".PolicyRefused";
	}
}

/* Of AddPolicy, its object has `problems`; all have the message. */
static void put_error(struct client *client, const struct policy_notice *notice)
{
	struct buf *out = &client->out;

	buf_append_literal(out, "{\"error\":");
	json_string(out, error_name(notice->code));
	buf_append_literal(out, ",\"parameters\":");
	if (notice->json.length > 1)
		buf_append(out, notice->json.data, notice->json.length - 1);
	else
		buf_append_char(out, '{');
	json_key_string(out, "message", notice->error ? notice->error : strerror(-notice->code));
	buf_append(out, "}}", 3); /* and the NUL */
}

void client_policy_reply(struct client *client, struct policy_notice *notice)
{
	client->waiting = false;
	if (notice->code < 0) {
		put_error(client, notice);
	} else if (client->waiting_for == POLICY_VERB_LIST) {
		client->list.items = notice->json;
		notice->json = (struct buf){0};
		client_begin_list(client, CLIENT_LIST_POLICIES, client->list.more);
	} else {
		varlink_reply_open(&client->out);
		if (notice->json.length)
			json_raw(&client->out, notice->json.data, notice->json.length);
		else
			buf_append_literal(&client->out, "{}");
		varlink_reply_close(&client->out, false);
	}
	if (client->out.failed)
		client->broken = true;
	client_wake(client);
}
