/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/filter/event_set.h"
#include "daemon/filter/field_mask.h"
#include "daemon/filter/filter.h"
#include "daemon/filter/filter_list.h"
#include "daemon/filter/json_objects.h"
#include "lib/json.h"
#include "lib/util.h"

struct field_filter {
	bool has_event_set, invert_event_set, exclude;
	struct event_set event_set;
	struct field_mask *mask;
};

struct field_filters {
	struct field_filter *filters;
	size_t count;
};

static int parse_fields(
	const struct json_value *value, struct field_filter *filter, struct error *error)
{
	struct error inner = {};
	const char *text;
	size_t length;
	int r;

	text = json_text_n(value, &length);
	if (!text)
		return json_value_error(
			error, value, "fields", "must be a string: \"process.pod,parent\"");
	filter->mask = field_mask_new();
	if (!filter->mask)
		return error_set(error, -ENOMEM, "no memory");
	r = field_mask_add_paths(filter->mask, text, length, filter->exclude, &inner);
	if (r == -ENOMEM)
		return error_set(error, r, "no memory");
	if (r < 0)
		return json_value_error(error, value, "fields", "%s", inner.message);
	return 0;
}

static int parse_action(
	const struct json_value *value, struct field_filter *filter, struct error *error)
{
	const char *text = json_text(value);

	if (!text || (strcmp(text, "INCLUDE") != 0 && strcmp(text, "EXCLUDE") != 0))
		return json_value_error(
			error, value, "action", "must be \"INCLUDE\" or \"EXCLUDE\"");
	filter->exclude = strcmp(text, "EXCLUDE") == 0;
	return 0;
}

static int parse_field(const char *name, const struct json_value *value,
	struct field_filter *filter, struct error *error)
{
	if (strcmp(name, "fields") == 0 || strcmp(name, "action") == 0)
		return 0; /* see parse_filter() */
	if (strcmp(name, "event_set") == 0) {
		filter->has_event_set = true;
		return event_set_parse(value, &filter->event_set, error);
	}
	if (strcmp(name, "invert_event_set") != 0)
		return json_value_error(error, value, name,
			"unknown field, allowed: event_set, fields, action, invert_event_set");
	if (json_type(value) != JSON_BOOLEAN)
		return json_value_error(error, value, name, "must be true or false");
	filter->invert_event_set = json_is_true(value);
	return 0;
}

static int parse_filter(
	const struct json_value *object, struct field_filter *filter, struct error *error)
{
	const struct json_value *action = json_get(object, "action"),
				*fields = json_get(object, "fields");
	int r;

	for (size_t i = 0; i < json_count(object); i++) {
		const char *name;
		const struct json_value *value = json_member(object, i, &name, NULL);

		r = parse_field(name, value, filter, error);
		if (r < 0)
			return r;
	}
	if (action) {
		r = parse_action(action, filter, error);
		if (r < 0)
			return r;
	}
	if (!fields)
		return json_value_error(error, object, "fields", "is missing");
	if (filter->invert_event_set && !filter->has_event_set)
		return json_value_error(error, object, "invert_event_set", "needs an event_set");
	return parse_fields(fields, filter, error);
}

struct field_filters *field_filters_free(struct field_filters *filters)
{
	if (!filters)
		return NULL;
	for (size_t i = 0; i < filters->count; i++)
		field_mask_free(filters->filters[i].mask);
	free(filters->filters);
	free(filters);
	return NULL;
}

static int parse_objects(const char *text, struct field_filters *filters, struct error *error)
{
	struct json_objects objects;
	int r;

	json_objects_init(&objects, text);
	for (;;) {
		_cleanup_json_ struct json_document *document = NULL;
		struct field_filter *grown;

		r = json_objects_next(&objects, &document, error);
		if (r <= 0)
			break;
		grown = reallocarray(filters->filters, filters->count + 1, sizeof(*grown));
		if (!grown) {
			r = error_set(error, -ENOMEM, "no memory");
			break;
		}
		filters->filters = grown;
		grown[filters->count] = (struct field_filter){};
		r = parse_filter(json_root(document), &grown[filters->count++], error);
		if (r < 0)
			break;
	}
	json_objects_done(&objects);
	return r;
}

int field_filters_parse(const char *text, struct field_filters **ret_filters, struct error *error)
{
	struct field_filters *filters = calloc(1, sizeof(*filters));
	int r;

	if (!filters)
		return error_set(error, -ENOMEM, "no memory");
	r = parse_objects(text, filters, error);
	if (r < 0) {
		field_filters_free(filters);
		return r;
	}
	*ret_filters = filters;
	return 0;
}

static bool applies(const struct field_filter *filter, enum event_kind kind)
{
	if (!filter->has_event_set)
		return true;
	return event_set_has(filter->event_set, kind) != filter->invert_event_set;
}

/* A configuration made for Tetragon says INCLUDE of the fields that Tetragon has. Of a kind it
 * never heard of, it can only mean the processes in it. */
static enum field_mask_mode mode_of(const struct field_filter *filter, enum event_kind kind)
{
	bool named = filter->has_event_set && event_set_has(filter->event_set, kind);

	if (filter->exclude)
		return FIELD_MASK_EXCLUDE;
	return named || event_kind_is_tetragon(kind) ? FIELD_MASK_INCLUDE
						     : FIELD_MASK_INCLUDE_PROCESSES;
}

bool field_filters_any(const struct field_filters *filters, enum event_kind kind)
{
	for (size_t i = 0; filters && i < filters->count; i++)
		if (applies(&filters->filters[i], kind))
			return true;
	return false;
}

int field_filters_apply(const struct field_filters *filters, enum event_kind kind, struct buf *json)
{
	int r;

	for (size_t i = 0; filters && i < filters->count; i++) {
		const struct field_filter *filter = &filters->filters[i];

		if (!applies(filter, kind))
			continue;
		r = field_mask_apply(filter->mask, mode_of(filter, kind), json);
		if (r < 0) {
			/* Half rewritten: nobody may send it. */
			json->failed = true;
			return r;
		}
	}
	return 0;
}
