/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of org.varlink.service and io.tallyman. */
#include "daemon/api/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "daemon/api/interface_text.h" /* made from io.tallyman.varlink */
#include "daemon/event.h"
#include "daemon/filter/filter.h"
#include "lib/json_writer.h"
#include "lib/util.h"

#define INTERFACE CLIENT_INTERFACE

static const char service_interface[] =
	"# What every varlink service has.\n"
	"interface org.varlink.service\n"
	"method GetInfo() -> (vendor: string, product: string, version: string, url: string, "
	"interfaces: []string)\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"error InterfaceNotFound (interface: string)\n"
	"error MethodNotFound (method: string)\n"
	"error MethodNotImplemented (method: string)\n"
	"error InvalidParameter (parameter: string)\n"
	"error PermissionDenied ()\n"
	"error ExpectedMore ()\n";

void client_invalid_parameter(struct client *client, const char *name, const char *message)
{
	varlink_error(&client->out, VARLINK_INVALID_PARAMETER, "parameter", name, message);
}

static void get_info(struct client *client, const struct varlink_call *call)
{
	struct buf *out = &client->out;

	varlink_reply_open(out);
	json_open_object(out);
	json_key_string(out, "vendor", "Tallyman");
	json_key_string(out, "product", PACKAGE_NAME);
	json_key_string(out, "version", PACKAGE_VERSION);
	json_key_string(out, "url", "");
	json_key(out, "interfaces");
	json_open_array(out);
	json_string(out, "org.varlink.service");
	json_string(out, INTERFACE);
	json_close_array(out);
	json_close_object(out);
	varlink_reply_close(out, false);
}

static void get_interface_description(struct client *client, const struct varlink_call *call)
{
	const char *name = NULL, *text;

	if (varlink_parameter_string(call, "interface", &name) || !name) {
		client_invalid_parameter(client, "interface", "the name of an interface is needed");
		return;
	}
	if (!strcmp(name, INTERFACE))
		text = interface_text;
	else if (!strcmp(name, "org.varlink.service"))
		text = service_interface;
	else {
		varlink_error(&client->out, VARLINK_INTERFACE_NOT_FOUND, "interface", name, NULL);
		return;
	}
	varlink_reply_open(&client->out);
	json_open_object(&client->out);
	json_key_string(&client->out, "description", text);
	json_close_object(&client->out);
	varlink_reply_close(&client->out, false);
}

static void get_version(struct client *client, const struct varlink_call *call)
{
	varlink_reply_open(&client->out);
	json_open_object(&client->out);
	json_key_string(&client->out, "version", PACKAGE_VERSION);
	json_key_string(&client->out, "stream", client->owner->stream);
	json_close_object(&client->out);
	varlink_reply_close(&client->out, false);
}

/* Take back a reply that did not fit and say so instead. */
static void replace_reply(struct client *client, size_t start, const char *error)
{
	client->out.length = start;
	client->out.failed = false;
	varlink_error(&client->out, error, NULL, NULL, NULL);
}

static void get_status(struct client *client, const struct varlink_call *call)
{
	const struct control_handlers *handlers = client->owner->handlers;
	size_t start = client->out.length;

	varlink_reply_open(&client->out);
	buf_append_literal(&client->out, "{\"status\":");
	handlers->status(handlers->data, &client->out);
	buf_append_literal(&client->out, "}");
	varlink_reply_close(&client->out, false);
	if (client->out.failed)
		replace_reply(client, start, INTERFACE ".OutOfMemory");
}

/* ---- lists ---- */

static bool emit_item(void *data, const char *json, size_t length)
{
	struct client *client = data;

	json_raw(&client->out, json, length);
	return !client->out.failed && client_queued(client) < CLIENT_PIECE;
}

/* They came all at once. */
static int walk_items(struct client *client)
{
	const struct buf *items = &client->list.items;
	const char *end;

	if (!items->length)
		return 0;
	end = items->data + items->length;
	while (client->list.cursor < items->length) {
		const char *item = items->data + client->list.cursor;
		const char *stop = memchr(item, '\n', (size_t)(end - item));
		size_t length = (size_t)((stop ? stop : end) - item);

		client->list.cursor += length + 1;
		if (!emit_item(client, item, length))
			return client->list.cursor < items->length;
	}
	return 0;
}

static int walk(struct client *client)
{
	const struct control_handlers *handlers = client->owner->handlers;

	if (client->list.kind == CLIENT_LIST_POLICIES)
		return walk_items(client);
	if (client->list.kind == CLIENT_LIST_CONTAINERS)
		return handlers->containers(
			handlers->data, client->list.all, &client->list.cursor, emit_item, client);
	return handlers->processes(handlers->data, client->list.container, client->list.all,
		&client->list.cursor, emit_item, client);
}

static void end_list(struct client *client)
{
	free(client->list.container);
	buf_done(&client->list.items);
	memset(&client->list, 0, sizeof(client->list));
}

void client_continue_list(struct client *client)
{
	static const char *const openings[] = {
		[CLIENT_LIST_CONTAINERS] = "{\"containers\":[",
		[CLIENT_LIST_PROCESSES] = "{\"processes\":[",
		[CLIENT_LIST_POLICIES] = "{\"policies\":[",
	};
	bool first = client->list.cursor == 0;
	size_t start = client->out.length, limit;
	int rc;

	varlink_reply_open(&client->out);
	buf_append_string(&client->out, openings[client->list.kind]);
	/* Without `more` there is one reply, as long as the output may be. */
	limit = client->out.length + CLIENT_OUTPUT_MAX / 2;
	do
		rc = walk(client);
	while (rc > 0 && !client->list.more && !client->out.failed && client->out.length < limit);
	buf_append_literal(&client->out, "]}");
	varlink_reply_close(&client->out, rc > 0);
	if (rc == -ENOENT && first) {
		client->out.length = start;
		varlink_error(&client->out, INTERFACE ".NoSuchContainer", "container",
			client->list.container ? client->list.container : "", NULL);
	} else if (rc > 0 && !client->list.more) {
		replace_reply(client, start, INTERFACE ".TooMany");
	} else if (client->out.failed) {
		replace_reply(client, start, INTERFACE ".OutOfMemory");
	} else if (rc > 0) {
		return;
	}
	end_list(client);
}

void client_begin_list(struct client *client, enum client_list kind, bool more)
{
	client->list.kind = kind;
	client->list.more = more;
	client->list.cursor = 0;
	client_continue_list(client);
}

static void begin_list(
	struct client *client, const struct varlink_call *call, enum client_list kind)
{
	const char *container = NULL;

	client->list.all = false;
	if (varlink_parameter_bool(call, "all", &client->list.all)) {
		client_invalid_parameter(client, "all", "true or false");
		return;
	}
	if (varlink_parameter_string(call, "container", &container)) {
		client_invalid_parameter(client, "container", "a name or an id");
		return;
	}
	if (container) {
		client->list.container = strdup(container);
		if (!client->list.container) {
			varlink_error(&client->out, INTERFACE ".OutOfMemory", NULL, NULL, NULL);
			return;
		}
	}
	client_begin_list(client, kind, call->more);
}

static void list_containers(struct client *client, const struct varlink_call *call)
{
	begin_list(client, call, CLIENT_LIST_CONTAINERS);
}

static void list_processes(struct client *client, const struct varlink_call *call)
{
	begin_list(client, call, CLIENT_LIST_PROCESSES);
}

/* ---- the event stream ---- */

static size_t subscriber_room(void *data)
{
	struct client *client = data;
	size_t queued = client_queued(client);

	if (client->broken)
		return 0;
	/* In a storm the loop comes late to us: let the socket's own buffer take some first. */
	if (queued >= CLIENT_PIECE) {
		client_send(client);
		queued = client_queued(client);
	}
	return queued < SUBSCRIBER_QUEUE_MAX ? SUBSCRIBER_QUEUE_MAX - queued : 0;
}

static void subscriber_send(void *data, const char *json, size_t length)
{
	struct client *client = data;

	varlink_reply_open(&client->out);
	buf_append_literal(&client->out, "{\"event\":");
	buf_append(&client->out, json, length);
	buf_append_literal(&client->out, "}");
	varlink_reply_close(&client->out, true);
	if (client->out.failed)
		client->broken = true; /* half a message may stand there */
	client_wake(client);
}

/* Bits of the kinds named; 0 and *ret_bad set when one is no kind. */
static uint32_t parse_kinds(const struct json_value *names, bool *ret_bad)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < json_count(names); i++) {
		const char *name = json_text(json_at(names, i));
		enum event_kind kind = name ? event_kind_find(name) : EVENT_KIND_MAX;

		if (kind == EVENT_KIND_MAX) {
			*ret_bad = true;
			return 0;
		}
		kinds |= 1u << kind;
	}
	return kinds;
}

static int parse_filter(struct client *client, const struct varlink_call *call, const char *name,
	struct filter_list **ret_list)
{
	struct error error = {0};
	const char *text = NULL;
	int rc = varlink_parameter_string(call, name, &text);

	if (rc)
		error_set(&error, rc, "filters are a string");
	else if (text)
		rc = filter_list_parse(text, ret_list, &error);
	if (rc)
		client_invalid_parameter(client, name, error.message);
	return rc;
}

static void subscribe_events(struct client *client, const struct varlink_call *call)
{
	const struct json_value *names = json_get(call->parameters, "kinds");
	_cleanup_(filter_list_free_p) struct filter_list *allow = NULL, *deny = NULL;
	struct subscriber_options options = {
		.output = {.data = client, .room = subscriber_room, .send = subscriber_send}};
	bool bad = names && json_type(names) != JSON_ARRAY && json_type(names) != JSON_NULL;
	int rc;

	if (!call->more) {
		varlink_error(&client->out, VARLINK_EXPECTED_MORE, NULL, NULL, NULL);
		return;
	}
	options.kinds = parse_kinds(names, &bad);
	if (bad) {
		client_invalid_parameter(client, "kinds", "an array of names of events");
		return;
	}
	if (parse_filter(client, call, "allow_list", &allow) ||
		parse_filter(client, call, "deny_list", &deny))
		return;
	options.allow = allow;
	options.deny = deny;
	rc = subscriber_add(client->owner->subscribers, &options, &client->subscriber);
	if (rc == -EBUSY) {
		varlink_error(&client->out, INTERFACE ".Busy", NULL, NULL,
			"as many subscribers as are served are there already");
		return;
	}
	if (rc) {
		varlink_error(&client->out, INTERFACE ".OutOfMemory", NULL, NULL, NULL);
		return;
	}
	allow = deny = NULL;
	varlink_reply_open(&client->out);
	json_open_object(&client->out);
	json_key_string(&client->out, "stream", subscriber_stream(client->subscriber));
	json_close_object(&client->out);
	varlink_reply_close(&client->out, true);
}

/* ---- */

#define PARAMETERS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static const struct method {
	const char *name;
	void (*answer)(struct client *client, const struct varlink_call *call);
	const char *const *parameters;
} methods[] = {
	{"org.varlink.service.GetInfo", get_info, PARAMETERS()},
	{"org.varlink.service.GetInterfaceDescription", get_interface_description,
		PARAMETERS("interface")},
	{INTERFACE ".GetVersion", get_version, PARAMETERS()},
	{INTERFACE ".GetStatus", get_status, PARAMETERS()},
	{INTERFACE ".ListContainers", list_containers, PARAMETERS("all")},
	{INTERFACE ".ListProcesses", list_processes, PARAMETERS("container", "all")},
	{INTERFACE ".SubscribeEvents", subscribe_events,
		PARAMETERS("allow_list", "deny_list", "kinds")},
	{INTERFACE ".ListPolicies", client_list_policies, PARAMETERS()},
	{INTERFACE ".AddPolicy", client_add_policy, PARAMETERS("text", "file", "mode", "replace")},
	{INTERFACE ".DeletePolicy", client_delete_policy, PARAMETERS("name", "namespace")},
	{INTERFACE ".EnablePolicy", client_enable_policy, PARAMETERS("name", "namespace")},
	{INTERFACE ".DisablePolicy", client_disable_policy, PARAMETERS("name", "namespace")},
	{INTERFACE ".SetPolicyMode", client_set_policy_mode,
		PARAMETERS("name", "namespace", "mode")},
};

void client_answer(struct client *client, const struct varlink_call *call)
{
	const char *unknown;

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (strcmp(methods[i].name, call->method))
			continue;
		unknown = varlink_parameter_unknown(call, methods[i].parameters);
		if (unknown)
			client_invalid_parameter(client, unknown, "no such parameter");
		else
			methods[i].answer(client, call);
		return;
	}
	varlink_error(&client->out, VARLINK_METHOD_NOT_FOUND, "method", call->method, NULL);
}
