/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/filter_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/filter/cel.h"
#include "daemon/filter/json_objects.h"
#include "lib/util.h"

#define ARGUMENTS_JOINED_MAX ((size_t)4 * ARGUMENTS_TOTAL_MAX) /* each argument may get quotes */

typedef int parse_function(struct filter *filter, enum filter_field field,
	const struct json_value *value, struct error *error);

static parse_function parse_event_set, parse_numbers, parse_boolean, parse_texts,
	parse_capabilities, parse_labels, parse_regex, parse_cel;

/* Tetragon's names, in the order of its documentation. */
static const struct {
	const char *name;
	enum filter_field field;
	parse_function *parse;
} fields[] = {
	{"binary_regex", FILTER_BINARY_REGEX, parse_regex},
	{"namespace", FILTER_NAMESPACE, parse_texts},
	{"health_check", FILTER_HEALTH_CHECK, parse_boolean},
	{"pid", FILTER_PID, parse_numbers},
	{"pid_set", FILTER_PID_SET, parse_numbers},
	{"event_set", FILTER_EVENT_SET, parse_event_set},
	{"pod_regex", FILTER_POD_REGEX, parse_regex},
	{"arguments_regex", FILTER_ARGUMENTS_REGEX, parse_regex},
	{"labels", FILTER_LABELS, parse_labels},
	{"policy_names", FILTER_POLICY_NAMES, parse_texts},
	{"capabilities", FILTER_CAPABILITIES, parse_capabilities},
	{"parent_binary_regex", FILTER_PARENT_BINARY_REGEX, parse_regex},
	{"cel_expression", FILTER_CEL_EXPRESSION, parse_cel},
	{"parent_arguments_regex", FILTER_PARENT_ARGUMENTS_REGEX, parse_regex},
	{"container_id", FILTER_CONTAINER_ID, parse_regex},
	{"in_init_tree", FILTER_IN_INIT_TREE, parse_boolean},
	{"ancestor_binary_regex", FILTER_ANCESTOR_BINARY_REGEX, parse_regex},
	{"container_name_regex", FILTER_CONTAINER_NAME_REGEX, parse_regex},
	{"namespace_regex", FILTER_NAMESPACE_REGEX, parse_regex},
};
_Static_assert(ARRAY_SIZE(fields) == FILTER_FIELD_MAX, "every field has a name");

static const char *field_name(enum filter_field field)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].field == field)
			return fields[i].name;
	return "?";
}

static int parse_event_set(struct filter *filter, enum filter_field field,
	const struct json_value *value, struct error *error)
{
	json_position(value, &filter->event_set_line, &filter->event_set_column);
	return event_set_parse(value, &filter->event_set, error);
}

static int parse_boolean(struct filter *filter, enum filter_field field,
	const struct json_value *value, struct error *error)
{
	if (json_type(value) != JSON_BOOLEAN)
		return json_value_error(error, value, field_name(field), "must be true or false");
	if (field == FILTER_IN_INIT_TREE)
		filter->in_init_tree = json_is_true(value);
	else
		filter->health_check = json_is_true(value);
	return 0;
}

static int parse_capabilities(struct filter *filter, enum filter_field field,
	const struct json_value *value, struct error *error)
{
	return capability_filter_parse(value, &filter->capabilities, error);
}

static int parse_regex(struct filter *filter, enum filter_field field,
	const struct json_value *value, struct error *error)
{
	return regex_list_parse(value, field_name(field), &filter->regex[field], error);
}

static int parse_numbers(struct filter *filter, enum filter_field field,
	const struct json_value *value, struct error *error)
{
	struct filter_numbers *numbers = field == FILTER_PID ? &filter->pid : &filter->pid_set;
	size_t count = json_count(value);
	uint64_t number;

	if (json_type(value) != JSON_ARRAY || !count)
		return json_value_error(
			error, value, field_name(field), "must be a list of pids: [1]");
	numbers->items = calloc(count, sizeof(*numbers->items));
	if (!numbers->items)
		return error_set(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < count; i++) {
		const struct json_value *item = json_at(value, i);

		if (json_type(item) != JSON_NUMBER || json_u64(item, &number) < 0 ||
			number > UINT32_MAX)
			return json_value_error(
				error, item, field_name(field), "must be a pid: 0 to 4294967295");
		numbers->items[numbers->count++] = (uint32_t)number;
	}
	return 0;
}

static int add_text(void *data, const char *text, size_t length, struct error *error)
{
	struct filter_texts *texts = data;
	char **grown = reallocarray(texts->items, texts->count + 1, sizeof(*grown));

	if (!grown)
		return error_set(error, -ENOMEM, "no memory");
	texts->items = grown;
	grown[texts->count] = strndup(text, length);
	if (!grown[texts->count])
		return error_set(error, -ENOMEM, "no memory");
	texts->count++;
	return 0;
}

static int parse_texts(struct filter *filter, enum filter_field field,
	const struct json_value *value, struct error *error)
{
	return json_each_string(value, field_name(field), add_text,
		field == FILTER_NAMESPACE ? &filter->namespaces : &filter->policy_names, error);
}

static int add_selector(void *data, const char *text, size_t length, struct error *error)
{
	struct filter *filter = data;
	struct label_selector **grown =
		reallocarray(filter->labels.items, filter->labels.count + 1, sizeof(*grown));
	int r;

	if (!grown)
		return error_set(error, -ENOMEM, "no memory");
	filter->labels.items = grown;
	r = label_selector_parse(text, length, &grown[filter->labels.count], error);
	if (r == 0)
		filter->labels.count++;
	return r;
}

static int parse_labels(struct filter *filter, enum filter_field field,
	const struct json_value *value, struct error *error)
{
	return json_each_string(value, field_name(field), add_selector, filter, error);
}

static int add_expression(void *data, const char *text, size_t length, struct error *error)
{
	struct filter *filter = data;
	struct cel **grown = reallocarray(
		filter->cel_expressions.items, filter->cel_expressions.count + 1, sizeof(*grown));
	int r;

	if (!grown)
		return error_set(error, -ENOMEM, "no memory");
	filter->cel_expressions.items = grown;
	r = cel_parse(text, length, &grown[filter->cel_expressions.count], error);
	if (r == 0)
		filter->cel_expressions.count++;
	return r;
}

static int parse_cel(struct filter *filter, enum filter_field field, const struct json_value *value,
	struct error *error)
{
	return json_each_string(value, field_name(field), add_expression, filter, error);
}

static void filter_done(struct filter *filter)
{
	free(filter->pid.items);
	free(filter->pid_set.items);
	for (size_t i = 0; i < filter->policy_names.count; i++)
		free(filter->policy_names.items[i]);
	free(filter->policy_names.items);
	for (size_t i = 0; i < filter->namespaces.count; i++)
		free(filter->namespaces.items[i]);
	free(filter->namespaces.items);
	for (size_t i = 0; i < filter->labels.count; i++)
		label_selector_free(filter->labels.items[i]);
	free(filter->labels.items);
	for (size_t i = 0; i < filter->cel_expressions.count; i++)
		cel_free(filter->cel_expressions.items[i]);
	free(filter->cel_expressions.items);
	for (size_t i = 0; i < FILTER_FIELD_MAX; i++)
		regex_list_done(&filter->regex[i]);
}

static int unknown_field(const struct json_value *value, const char *name, struct error *error)
{
	_cleanup_buf_ struct buf allowed = {};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		buf_printf(&allowed, "%s%s", i ? ", " : "", fields[i].name);
	return json_value_error(error, value, name, "unknown field, allowed: %s",
		buf_string(&allowed) ?: "binary_regex …");
}

static int parse_field(struct filter *filter, const char *name, const struct json_value *value,
	struct error *error)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(fields[i].name, name) != 0)
			continue;
		r = fields[i].parse(filter, fields[i].field, value, error);
		if (r == 0)
			filter->fields |= 1u << fields[i].field;
		return r;
	}
	return unknown_field(value, name, error);
}

static int parse_filter(
	struct filter_list *list, const struct json_value *object, struct error *error)
{
	struct filter *grown = reallocarray(list->filters, list->count + 1, sizeof(*grown)),
		      *filter;
	int r;

	if (!grown)
		return error_set(error, -ENOMEM, "no memory");
	list->filters = grown;
	filter = &grown[list->count++];
	*filter = (struct filter){};
	for (size_t i = 0; i < json_count(object); i++) {
		const char *name;
		const struct json_value *value = json_member(object, i, &name, NULL);

		r = parse_field(filter, name, value, error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_objects(const char *text, struct filter_list *list, struct error *error)
{
	struct json_objects objects;
	int r;

	json_objects_init(&objects, text);
	for (;;) {
		_cleanup_json_ struct json_document *document = NULL;

		r = json_objects_next(&objects, &document, error);
		if (r <= 0)
			break;
		r = parse_filter(list, json_root(document), error);
		if (r < 0)
			break;
	}
	json_objects_done(&objects);
	return r;
}

static struct filter_scratch *scratch_free(struct filter_scratch *scratch)
{
	if (!scratch)
		return NULL;
	regex_machine_free(scratch->machine);
	buf_done(&scratch->arguments);
	buf_done(&scratch->parent_arguments);
	free(scratch);
	return NULL;
}

static int scratch_new(struct filter_scratch **ret_scratch)
{
	struct filter_scratch *scratch = calloc(1, sizeof(*scratch));

	if (!scratch)
		return -ENOMEM;
	scratch->arguments.limit = scratch->parent_arguments.limit = ARGUMENTS_JOINED_MAX;
	if (regex_machine_new(&scratch->machine) < 0) {
		scratch_free(scratch);
		return -ENOMEM;
	}
	*ret_scratch = scratch;
	return 0;
}

struct filter_list *filter_list_free(struct filter_list *list)
{
	if (!list)
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		filter_done(&list->filters[i]);
	free(list->filters);
	scratch_free(list->scratch);
	free(list);
	return NULL;
}

uint64_t filter_list_run_aways(const struct filter_list *list)
{
	return list ? regex_machine_run_aways(list->scratch->machine) : 0;
}

int filter_list_parse(const char *text, struct filter_list **ret_list, struct error *error)
{
	_cleanup_(filter_list_free_p) struct filter_list *list = calloc(1, sizeof(*list));
	int r;

	if (!list || scratch_new(&list->scratch) < 0)
		return error_set(error, -ENOMEM, "no memory");
	r = parse_objects(text, list, error);
	if (r < 0)
		return r;
	*ret_list = TAKE_PTR(list);
	return 0;
}
