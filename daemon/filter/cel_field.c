/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/cel_field.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "daemon/export/json_hit.h"
#include "daemon/filter/filter_match.h"
#include "lib/util.h"

#define DOCKER_LENGTH 31 /* what Tetragon keeps of the id */

enum field_number {
	FIELD_PID,
	FIELD_TID,
	FIELD_UID,
	FIELD_AUID,
	FIELD_CWD,
	FIELD_BINARY,
	FIELD_ARGUMENTS,
	FIELD_IN_INIT_TREE,
	FIELD_DOCKER,
	FIELD_POD_NAMESPACE,
	FIELD_POD_NAME,
	FIELD_POD_UID,
	FIELD_POD_CONTAINER_NAME,
	FIELD_POD_LABELS,
	FIELD_CONTAINER_ID,
	FIELD_CONTAINER_NAME,
	FIELD_CONTAINER_RUNTIME,
	FIELD_CONTAINER_LABELS,
	FIELD_CONTAINER_IMAGE_NAME,
	FIELD_CONTAINER_IMAGE_ID,
	FIELD_CONTAINER_POD_NAME,
	FIELD_SIGNAL,
	FIELD_STATUS,
	FIELD_FUNCTION_NAME,
	FIELD_POLICY_NAME,
	FIELD_MESSAGE,
	FIELD_ACTION,
	FIELD_SUBSYSTEM,
	FIELD_EVENT,
	FIELD_PATH,
	FIELD_SYMBOL,
	FIELD_PROVIDER,
};

struct field_entry {
	const char *name;
	enum cel_type type;
	enum field_number number;
};

static const struct field_entry process_fields[] = {
	{"pid", CEL_NUMBER, FIELD_PID},
	{"tid", CEL_NUMBER, FIELD_TID},
	{"uid", CEL_NUMBER, FIELD_UID},
	{"auid", CEL_NUMBER, FIELD_AUID},
	{"cwd", CEL_STRING, FIELD_CWD},
	{"binary", CEL_STRING, FIELD_BINARY},
	{"arguments", CEL_STRING, FIELD_ARGUMENTS},
	{"in_init_tree", CEL_BOOLEAN, FIELD_IN_INIT_TREE},
	{"docker", CEL_STRING, FIELD_DOCKER},
	{"pod.namespace", CEL_STRING, FIELD_POD_NAMESPACE},
	{"pod.name", CEL_STRING, FIELD_POD_NAME},
	{"pod.uid", CEL_STRING, FIELD_POD_UID},
	{"pod.container.name", CEL_STRING, FIELD_POD_CONTAINER_NAME},
	{"pod.pod_labels", CEL_MAP, FIELD_POD_LABELS},
	{"container.id", CEL_STRING, FIELD_CONTAINER_ID},
	{"container.name", CEL_STRING, FIELD_CONTAINER_NAME},
	{"container.runtime", CEL_STRING, FIELD_CONTAINER_RUNTIME},
	{"container.labels", CEL_MAP, FIELD_CONTAINER_LABELS},
	{"container.image.name", CEL_STRING, FIELD_CONTAINER_IMAGE_NAME},
	{"container.image.id", CEL_STRING, FIELD_CONTAINER_IMAGE_ID},
	{"container.pod.name", CEL_STRING, FIELD_CONTAINER_POD_NAME},
	{},
};
static const struct field_entry container_fields[] = {
	{"id", CEL_STRING, FIELD_CONTAINER_ID},
	{"name", CEL_STRING, FIELD_CONTAINER_NAME},
	{"runtime", CEL_STRING, FIELD_CONTAINER_RUNTIME},
	{"labels", CEL_MAP, FIELD_CONTAINER_LABELS},
	{"image.name", CEL_STRING, FIELD_CONTAINER_IMAGE_NAME},
	{"image.id", CEL_STRING, FIELD_CONTAINER_IMAGE_ID},
	{"pod.name", CEL_STRING, FIELD_CONTAINER_POD_NAME},
	{},
};
static const struct field_entry exit_fields[] = {
	{"signal", CEL_STRING, FIELD_SIGNAL},
	{"status", CEL_NUMBER, FIELD_STATUS},
	{},
};
static const struct field_entry function_fields[] = {
	{"function_name", CEL_STRING, FIELD_FUNCTION_NAME},
	{"policy_name", CEL_STRING, FIELD_POLICY_NAME},
	{"message", CEL_STRING, FIELD_MESSAGE},
	{"action", CEL_STRING, FIELD_ACTION},
	{},
};
static const struct field_entry tracepoint_fields[] = {
	{"subsys", CEL_STRING, FIELD_SUBSYSTEM},
	{"event", CEL_STRING, FIELD_EVENT},
	{"policy_name", CEL_STRING, FIELD_POLICY_NAME},
	{"message", CEL_STRING, FIELD_MESSAGE},
	{"action", CEL_STRING, FIELD_ACTION},
	{},
};
static const struct field_entry uprobe_fields[] = {
	{"path", CEL_STRING, FIELD_PATH},
	{"symbol", CEL_STRING, FIELD_SYMBOL},
	{"policy_name", CEL_STRING, FIELD_POLICY_NAME},
	{"message", CEL_STRING, FIELD_MESSAGE},
	{"action", CEL_STRING, FIELD_ACTION},
	{},
};
static const struct field_entry usdt_fields[] = {
	{"path", CEL_STRING, FIELD_PATH},
	{"provider", CEL_STRING, FIELD_PROVIDER},
	{"name", CEL_STRING, FIELD_SYMBOL},
	{"policy_name", CEL_STRING, FIELD_POLICY_NAME},
	{"message", CEL_STRING, FIELD_MESSAGE},
	{"action", CEL_STRING, FIELD_ACTION},
	{},
};
static const struct field_entry loader_fields[] = {
	{"policy_name", CEL_STRING, FIELD_POLICY_NAME},
	{},
};
static const struct field_entry no_fields[] = {{}};

/* What is the event's own. */
static const struct field_entry *const event_fields[EVENT_KIND_MAX] = {
	[EVENT_PROCESS_EXIT] = exit_fields,
	[EVENT_PROCESS_KPROBE] = function_fields,
	[EVENT_PROCESS_LSM] = function_fields,
	[EVENT_PROCESS_TRACEPOINT] = tracepoint_fields,
	[EVENT_PROCESS_UPROBE] = uprobe_fields,
	[EVENT_PROCESS_USDT] = usdt_fields,
	[EVENT_PROCESS_LOADER] = loader_fields,
};

static const struct {
	const char *name;
	enum cel_subject subject;
	const struct field_entry *fields;
} subjects[] = {
	{"process.", CEL_PROCESS, process_fields},
	{"parent.", CEL_PARENT, process_fields},
	{"container.", CEL_CONTAINER, container_fields},
};

const char *cel_type_name(enum cel_type type)
{
	static const char *const names[] = {
		"true or false", "a number", "a string", "a map of labels", "a list"};

	return names[type];
}

static bool has_process(enum event_kind kind)
{
	return kind == EVENT_PROCESS_EXEC || kind == EVENT_PROCESS_EXIT ||
	       kind == EVENT_UNREGISTERED_CONTAINER || kind == EVENT_CGROUP_ESCAPE ||
	       event_kind_is_hit(kind);
}

static bool has_container(enum event_kind kind)
{
	return kind == EVENT_PROCESS_THROTTLE || kind == EVENT_CONTAINER_START ||
	       kind == EVENT_CONTAINER_UPDATE || kind == EVENT_CONTAINER_STOP;
}

static bool starts_with(const char *text, size_t length, const char *prefix)
{
	return length >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

/* What follows KIND: which thing of the event, and its fields. */
static size_t find_subject(enum event_kind kind, const char *rest, size_t length,
	enum cel_subject *ret_subject, const struct field_entry **ret_fields)
{
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
		if (!starts_with(rest, length, subjects[i].name) ||
			!(subjects[i].subject == CEL_CONTAINER ? has_container(kind)
							       : has_process(kind)))
			continue;
		*ret_subject = subjects[i].subject;
		*ret_fields = subjects[i].fields;
		return strlen(subjects[i].name);
	}
	*ret_subject = CEL_EVENT;
	*ret_fields = event_fields[kind] ? event_fields[kind] : no_fields;
	return 0;
}

static int unknown_field(
	const char *path, size_t length, const struct field_entry *fields, struct error *error)
{
	_cleanup_buf_ struct buf allowed = {};

	if (fields == no_fields)
		return error_set(error, -EINVAL,
			"\"%.*s\" is no field that is supported, use process_exec"
			".process.binary and the like",
			(int)MIN(length, (size_t)80), path);
	for (const struct field_entry *entry = fields; entry->name; entry++)
		buf_printf(&allowed, "%s%s", entry == fields ? "" : ", ", entry->name);
	return error_set(error, -EINVAL,
		"\"%.*s\" is no field that is supported, allowed there: %s",
		(int)MIN(length, (size_t)80), path, buf_string(&allowed) ?: "?");
}

int cel_field_find(const char *path, size_t length, struct cel_field *ret_field,
	enum cel_type *ret_type, struct error *error)
{
	const struct field_entry *fields = no_fields;
	enum cel_subject subject = CEL_EVENT;
	const char *rest = path;
	enum event_kind kind;

	for (kind = 0; kind < EVENT_KIND_MAX; kind++) {
		size_t name = strlen(event_kind_name(kind));

		if (!starts_with(path, length, event_kind_name(kind)) || length == name ||
			path[name] != '.')
			continue;
		rest = path + name + 1;
		rest += find_subject(kind, rest, length - name - 1, &subject, &fields);
		break;
	}
	for (const struct field_entry *entry = fields; entry->name; entry++) {
		size_t left = length - (size_t)(rest - path);

		if (strlen(entry->name) != left || memcmp(entry->name, rest, left) != 0)
			continue;
		*ret_field = (struct cel_field){kind, subject, entry->number};
		*ret_type = entry->type;
		return 0;
	}
	return unknown_field(path, length, fields, error);
}

static bool text_value(struct cel_value *value, const char *text)
{
	value->type = CEL_STRING;
	value->text = text ? text : "";
	value->length = strlen(value->text);
	return true;
}

static bool number_value(struct cel_value *value, int64_t number)
{
	value->type = CEL_NUMBER;
	value->number = number;
	return true;
}

static bool labels_value(struct cel_value *value, const struct label *labels, size_t count)
{
	value->type = CEL_MAP;
	value->labels = labels;
	value->label_count = count;
	return true;
}

/* What is not set is empty, as in protobuf. */
static bool get_of_container(
	enum field_number number, const struct container *container, struct cel_value *value)
{
	static const struct container none;
	const struct container_metadata *metadata =
		container ? &container->metadata : &none.metadata;
	bool pod = metadata->pod_namespace; /* Tetragon's `pod`: CRI-O only */

	switch (number) {
	case FIELD_DOCKER:
		text_value(value, container ? container->id : "");
		value->length = MIN(value->length, (size_t)DOCKER_LENGTH);
		return true;
	case FIELD_POD_NAMESPACE:
		return text_value(value, metadata->pod_namespace);
	case FIELD_POD_NAME:
		return text_value(value, pod ? metadata->pod_name : NULL);
	case FIELD_POD_UID:
		return text_value(value, metadata->pod_uid);
	case FIELD_POD_CONTAINER_NAME:
		return text_value(value, metadata->pod_container);
	case FIELD_POD_LABELS:
		return labels_value(value, metadata->pod_labels, metadata->pod_label_count);
	case FIELD_CONTAINER_ID:
		return text_value(value, container ? container->id : "");
	case FIELD_CONTAINER_NAME:
		return text_value(value, metadata->name);
	case FIELD_CONTAINER_RUNTIME:
		return text_value(value, metadata->runtime);
	case FIELD_CONTAINER_LABELS:
		return labels_value(value, metadata->labels, metadata->label_count);
	case FIELD_CONTAINER_IMAGE_NAME:
		return text_value(value, metadata->image_name);
	case FIELD_CONTAINER_IMAGE_ID:
		return text_value(value, metadata->image_id);
	case FIELD_CONTAINER_POD_NAME:
		return text_value(value, metadata->pod_name);
	default:
		return false;
	}
}

static bool image_text(struct cel_value *value, const struct exec_image *image, struct text text)
{
	value->type = CEL_STRING;
	value->text = exec_image_text(image, text);
	value->length = text.length;
	return true;
}

static bool get_of_process(enum field_number number, const struct process *process, bool is_parent,
	struct match *match, struct cel_value *value)
{
	const struct exec_image *image = process->image;
	const struct buf *arguments;

	switch (number) {
	case FIELD_PID:
		return number_value(value, process->pid);
	case FIELD_TID:
		return number_value(value, is_parent ? process->pid : match->event->tid);
	case FIELD_IN_INIT_TREE:
		value->type = CEL_BOOLEAN;
		value->boolean = process->in_init_tree;
		return true;
	case FIELD_UID:
		return image && number_value(value, image->credentials.euid);
	case FIELD_AUID:
		return image && number_value(value, image->credentials.auid);
	case FIELD_CWD:
		return image && image_text(value, image, image->cwd);
	case FIELD_BINARY:
		return image && image_text(value, image, image->binary);
	case FIELD_ARGUMENTS:
		arguments = match_arguments(match, is_parent);
		if (!arguments)
			return false;
		value->type = CEL_STRING;
		value->text = arguments->data;
		value->length = arguments->length;
		return true;
	default:
		return get_of_container(number, process->container, value);
	}
}

static bool get_of_exit(
	enum field_number number, const struct event *event, struct cel_value *value)
{
	const char *name;

	if (number == FIELD_STATUS)
		return number_value(value, event->exit.code >> 8 & 0xff);
	if (!(event->exit.code & 0x7f))
		return text_value(value, "");
	name = sigabbrev_np(event->exit.code & 0x7f);
	if (name)
		snprintf(value->space, sizeof(value->space), "SIG%s", name);
	else
		snprintf(value->space, sizeof(value->space), "SIGRTMIN+%d",
			(int)(event->exit.code & 0x7f) - SIGRTMIN);
	return text_value(value, value->space);
}

static bool get_of_hit(
	enum field_number number, const struct policy_hit *hit, struct cel_value *value)
{
	switch (number) {
	case FIELD_FUNCTION_NAME:
		return text_value(value, hit->function);
	case FIELD_POLICY_NAME:
		return text_value(value, hit->hook->policy);
	case FIELD_MESSAGE:
		return text_value(value, hit->hook->message);
	case FIELD_ACTION:
		return text_value(value, json_action_name(hit->action));
	case FIELD_SUBSYSTEM:
		return text_value(value, hit->hook->subsystem);
	case FIELD_EVENT:
		return text_value(value, hit->hook->event);
	case FIELD_PATH:
		return text_value(value, hit->hook->path);
	case FIELD_SYMBOL:
		return text_value(value, policy_hit_symbol(hit));
	case FIELD_PROVIDER:
		return text_value(value, hit->hook->provider);
	default:
		return false;
	}
}

bool cel_field_get(const struct cel_field *field, struct match *match, struct cel_value *ret_value)
{
	const struct event *event = match->event;
	const struct process *process =
		field->subject == CEL_PARENT ? event->parent : event->process;
	enum field_number number = (enum field_number)field->number;

	if (event->kind != field->kind)
		return false;
	switch (field->subject) {
	case CEL_PROCESS:
	case CEL_PARENT:
		return process && get_of_process(number, process, field->subject == CEL_PARENT,
					  match, ret_value);
	case CEL_CONTAINER:
		return get_of_container(number, event->container, ret_value);
	case CEL_EVENT:
		return event_kind_is_hit(event->kind) ? get_of_hit(number, &event->hit, ret_value)
						      : get_of_exit(number, event, ret_value);
	}
	return false;
}
