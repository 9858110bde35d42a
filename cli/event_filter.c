/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/event_filter.h"

#include <string.h>

#include "cli/compact.h"
#include "lib/event_kind.h"
#include "lib/json_writer.h"
#include "lib/util.h"

#define SHORT_ID 12 /* characters of an id that engines show and take for the whole */

const char *event_filter_kind(const char *name)
{
	for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++) {
		const char *known = event_kind_name(kind);

		if (!strcmp(known, name) ||
			(!strncmp(known, "process_", 8) && !strcmp(known + 8, name)))
			return known;
	}
	return NULL;
}

void event_filter_kinds(struct buf *buf)
{
	for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++)
		buf_printf(buf, "%s%s", kind ? ", " : "", event_kind_name(kind));
}

bool event_filter_any(const struct event_filter *filter)
{
	return filter->container_count || filter->label_count || filter->kind_count ||
	       filter->containers_only || filter->host || filter->tetragon;
}

static bool kind_matches(const struct event_filter *filter, const char *kind)
{
	if (filter->tetragon && !event_kind_is_tetragon(event_kind_find(kind)))
		return false;
	for (size_t i = 0; i < filter->kind_count; i++)
		if (!strcmp(filter->kinds[i], kind))
			return true;
	return !filter->kind_count;
}

static bool container_matches(const struct event_filter *filter, const struct json_value *container)
{
	const char *name = json_text(json_get(container, "name"));
	const char *id = json_text(json_get(container, "id"));

	for (size_t i = 0; i < filter->container_count; i++) {
		const char *wanted = filter->containers[i];
		size_t length = strlen(wanted);

		if ((name && !strcmp(name, wanted)) ||
			(id && length >= SHORT_ID && !strncmp(id, wanted, length)))
			return true;
	}
	return !filter->container_count;
}

static bool has_label(const struct json_value *labels, const char *wanted)
{
	const char *equals = strchr(wanted, '=');
	size_t wanted_length = equals ? (size_t)(equals - wanted) : strlen(wanted), length;
	const char *key;

	for (size_t i = 0; i < json_count(labels); i++) {
		const char *value = json_text(json_member(labels, i, &key, &length));

		if (length == wanted_length && !memcmp(key, wanted, length) &&
			(!equals || (value && !strcmp(value, equals + 1))))
			return true;
	}
	return false;
}

static bool labels_match(const struct event_filter *filter, const struct json_value *body,
	const struct json_value *container)
{
	const struct json_value *labels = json_get(container, "labels");
	const struct json_value *pod_labels = json_path(body, "process", "pod", "pod_labels", NULL);

	for (size_t i = 0; i < filter->label_count; i++)
		if (!has_label(labels, filter->labels[i]) &&
			!has_label(pod_labels, filter->labels[i]))
			return false;
	return true;
}

bool event_filter_matches(const struct event_filter *filter, const struct json_value *event)
{
	const struct json_value *body = NULL, *container;
	const char *kind = event_kind_of(event, &body);
	bool about_containers =
		filter->container_count || filter->label_count || filter->containers_only;

	if (!kind || !kind_matches(filter, kind))
		return false;
	if (!about_containers && !filter->host)
		return true;
	container = event_container(body);
	if (container)
		return about_containers && container_matches(filter, container) &&
		       labels_match(filter, body, container);
	/* A loss that cannot be put to one container can be of any. */
	if (!strcmp(kind, "event_loss"))
		return true;
	if (!strcmp(kind, "unregistered_container"))
		return filter->containers_only;
	return filter->host && json_get(body, "process");
}

static void append_kinds(const struct event_filter *filter, struct buf *buf)
{
	json_key(buf, "kinds");
	json_open_array(buf);
	for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++)
		if (kind_matches(filter, event_kind_name(kind)))
			json_string(buf, event_kind_name(kind));
	json_close_array(buf);
}

/* `text` as an expression for itself, in JSON. */
static void append_literal_expression(struct buf *buf, const char *text, bool whole)
{
	_cleanup_buf_ struct buf expression = {0};

	buf_append_char(&expression, '^');
	for (; *text; text++) {
		if (strchr("\\^$.[]|()?*+{}", *text))
			buf_append_char(&expression, '\\');
		buf_append_char(&expression, *text);
	}
	if (whole)
		buf_append_char(&expression, '$');
	json_string_n(buf, expression.data, expression.length);
}

/* A selector of all labels; false when a character has a meaning of its own there: then every
 * container comes, and is looked at here. */
static bool append_selector(const struct event_filter *filter, struct buf *buf)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_./-=";

	for (size_t i = 0; i < filter->label_count; i++) {
		const char *label = filter->labels[i], *equals = strchr(label, '=');

		if (!*label || label[strspn(label, plain)] || equals == label ||
			(equals && (!equals[1] || strchr(equals + 1, '='))))
			return false;
		buf_printf(buf, "%s%s", i ? "," : "", label);
	}
	return filter->label_count > 0;
}

static void append_filter(
	struct buf *list, const char *key, const char *text, bool whole, const struct buf *selector)
{
	json_open_object(list);
	if (key) {
		json_key_n(list, key, strlen(key));
		json_open_array(list);
		append_literal_expression(list, text, whole);
		json_close_array(list);
	}
	if (selector->length) {
		json_key(list, "labels");
		json_open_array(list);
		json_string_n(list, selector->data, selector->length);
		json_close_array(list);
	}
	json_close_object(list);
	buf_append_char(list, '\n');
}

static void append_containers(const struct event_filter *filter, struct buf *buf)
{
	_cleanup_buf_ struct buf list = {0}, selector = {0};

	if (!append_selector(filter, &selector))
		buf_clear(&selector);
	for (size_t i = 0; i < filter->container_count; i++) {
		const char *wanted = filter->containers[i];

		append_filter(&list, "container_name_regex", wanted, true, &selector);
		if (strlen(wanted) >= SHORT_ID)
			append_filter(&list, "container_id", wanted, false, &selector);
	}
	if (!filter->container_count && selector.length)
		append_filter(&list, NULL, NULL, false, &selector);
	else if (!filter->container_count && filter->containers_only)
		buf_append_literal(&list, "{\"container_id\":[\"\"]}\n"
					  "{\"event_set\":[\"UNREGISTERED_CONTAINER\"]}\n");
	if (!list.length)
		return;
	json_key(buf, "allow_list");
	json_string_n(buf, list.data, list.length);
}

void event_filter_parameters(const struct event_filter *filter, struct buf *buf)
{
	json_open_object(buf);
	if (filter->kind_count || filter->tetragon)
		append_kinds(filter, buf);
	if (!filter->host)
		append_containers(filter, buf);
	json_close_object(buf);
}
