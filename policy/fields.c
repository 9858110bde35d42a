/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"

/* Every array of the model begins so. */
struct array {
	void *items;
	size_t count;
};

const char *yaml_value_description(const struct yaml_value *value)
{
	if (value->kind == YAML_KIND_SEQUENCE)
		return "an array";
	if (value->kind == YAML_KIND_MAPPING)
		return "an object";
	switch (yaml_value_meaning(value)) {
	case YAML_MEANS_NULL:
		return "nothing";
	case YAML_MEANS_BOOLEAN:
		return "a boolean";
	case YAML_MEANS_INTEGER:
		return "an integer";
	case YAML_MEANS_FLOAT:
		return "a number with a fraction";
	case YAML_MEANS_STRING:
		break;
	}
	return "a string";
}

static void wrong_type(
	struct field_reader *reader, const struct yaml_value *value, const char *wanted)
{
	bool glued = value->kind == YAML_KIND_SCALAR && value->plain && value->length &&
		     memchr(value->text, ':', value->length);

	report_error(reader->report, value, "%s is wanted, this is %s%s", wanted,
		yaml_value_description(value),
		glued ? "; is the blank after the colon missing?" : "");
}

/* Without quotes these are no strings, and a cluster refuses them; Tetragon's reader of files
 * writes them as strings. -EINVAL: nothing of that. */
static int read_other_as_text(struct field_reader *reader, const struct yaml_value *value,
	const struct field *field, struct policy_text *text)
{
	char written[24];
	int64_t integer;
	bool boolean;
	char *copy;

	if (field->integers_too && yaml_value_integer(value, &integer) == 0)
		snprintf(written, sizeof(written), "%" PRId64, integer);
	else if (field->booleans_too && yaml_value_boolean(value, &boolean) == 0)
		snprintf(written, sizeof(written), "%s", boolean ? "true" : "false");
	else
		return -EINVAL;
	text->length = strlen(written);
	copy = arena_allocate(reader->arena, text->length + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, written, text->length + 1);
	text->data = copy;
	text->source = value;
	return 0;
}

static int read_text(struct field_reader *reader, const struct yaml_value *value,
	const struct field *field, struct policy_text *text)
{
	size_t length_max = field->length_max ? field->length_max : POLICY_PATH_LENGTH_MAX;
	int r = read_other_as_text(reader, value, field, text);

	if (r != -EINVAL)
		return r;
	if (value->kind != YAML_KIND_SCALAR) {
		wrong_type(reader, value, "a string");
	} else if (yaml_value_meaning(value) != YAML_MEANS_STRING) {
		report_error(reader->report, value,
			"a string is wanted, this is %s: write it in quotes, '%s'",
			yaml_value_description(value), value->text);
	} else if (value->length > length_max) {
		report_error(reader->report, value, "has %zu bytes; allowed: at most %zu",
			value->length, length_max);
	} else {
		*text = (struct policy_text){
			.data = value->text, .length = value->length, .source = value};
	}
	return 0;
}

static int read_boolean(
	struct field_reader *reader, const struct yaml_value *value, bool *ret_boolean)
{
	if (yaml_value_boolean(value, ret_boolean) < 0)
		report_error(reader->report, value, "a boolean is wanted, this is %s; allowed: %s",
			yaml_value_description(value), "true, false");
	return 0;
}

static int read_integer(struct field_reader *reader, const struct yaml_value *value,
	const struct field *field, int64_t *ret_integer)
{
	int64_t integer;
	int r = yaml_value_integer(value, &integer);

	if (r == -EINVAL) {
		if (value->kind == YAML_KIND_SCALAR && !value->plain)
			report_error(reader->report, value,
				"an integer is wanted, this is a string: write it without quotes");
		else
			wrong_type(reader, value, "an integer");
	} else if (r == -ERANGE || integer < field->minimum || integer > field->maximum) {
		report_error(reader->report, value, "%s is out of range; allowed: %lld to %lld",
			value->text, (long long)field->minimum, (long long)field->maximum);
	} else {
		*ret_integer = integer;
	}
	return 0;
}

static void unknown_word(struct field_reader *reader, const struct yaml_value *value,
	const struct policy_word *words, const char *what, bool at_key)
{
	const struct yaml_value *word = at_key ? value->key : value;
	const char *suggestion = policy_word_suggest(words, word->text, word->length);
	_cleanup_buf_ struct buf allowed = {0}, message = {0};

	policy_words_list(&allowed, words);
	buf_printf(&message, "%s", what);
	if (!at_key)
		buf_printf(&message, " %s", QUOTE(word->text, word->length));
	if (suggestion && *suggestion)
		buf_printf(&message, ", did you mean %s?", suggestion);
	if (!buf_string(&allowed) || !buf_string(&message))
		reader->report->out_of_memory = true;
	else if (at_key)
		report_error_at_key(
			reader->report, value, "%s; allowed: %s", message.data, allowed.data);
	else
		report_error(reader->report, value, "%s; allowed: %s", message.data, allowed.data);
}

static int read_word(struct field_reader *reader, const struct yaml_value *value,
	const struct field *field, int *ret_word)
{
	int (*parse)(const struct policy_word *, const char *, size_t, int *) =
		field->any_case ? policy_word_parse_any_case : policy_word_parse;

	if (value->kind != YAML_KIND_SCALAR)
		wrong_type(reader, value, "a word");
	else if (parse(field->words, value->text, value->length, ret_word) < 0)
		unknown_word(reader, value, field->words, "there is no", false);
	return 0;
}

/* Memory for the children of `value`, cleared; *ret_items is left alone if there is none. */
static int new_items(struct field_reader *reader, const struct yaml_value *value, size_t count_max,
	size_t size, void **ret_items)
{
	if (value->count > count_max) {
		report_error(reader->report, value, "has %zu entries; allowed: at most %zu",
			value->count, count_max);
		*ret_items = NULL;
		return 0;
	}
	*ret_items = arena_allocate(reader->arena, MAX(value->count * size, (size_t)1));
	if (!*ret_items)
		return -ENOMEM;
	memset(*ret_items, 0, value->count * size);
	return 0;
}

static size_t count_max(const struct field *field)
{
	return field->count_max ? field->count_max : POLICY_VALUES_MAX;
}

static int read_texts(struct field_reader *reader, const struct yaml_value *value,
	const struct field *field, struct array *array)
{
	struct policy_text *texts;
	void *items;
	int r;

	if (value->kind != YAML_KIND_SEQUENCE)
		return wrong_type(reader, value, "an array of strings"), 0;
	r = new_items(reader, value, count_max(field), sizeof(*texts), &items);
	if (r < 0 || !items)
		return r;
	texts = items;
	for (const struct yaml_value *v = value->first; v && r >= 0; v = v->next)
		r = read_text(reader, v, field, &texts[v->index]);
	if (r < 0)
		return r;
	*array = (struct array){.items = items, .count = value->count};
	return 0;
}

static int read_integers(struct field_reader *reader, const struct yaml_value *value,
	const struct field *field, struct array *array)
{
	int64_t *integers;
	void *items;
	int r;

	if (value->kind != YAML_KIND_SEQUENCE)
		return wrong_type(reader, value, "an array of integers"), 0;
	r = new_items(reader, value, count_max(field), sizeof(*integers), &items);
	if (r < 0 || !items)
		return r;
	integers = items;
	for (const struct yaml_value *v = value->first; v; v = v->next)
		read_integer(reader, v, field, &integers[v->index]);
	*array = (struct array){.items = items, .count = value->count};
	return 0;
}

static int read_labels(struct field_reader *reader, const struct yaml_value *value,
	const struct field *field, struct array *array)
{
	struct policy_label *labels;
	void *items;
	int r;

	if (value->kind != YAML_KIND_MAPPING)
		return wrong_type(reader, value, "an object of strings"), 0;
	r = new_items(reader, value, count_max(field), sizeof(*labels), &items);
	if (r < 0 || !items)
		return r;
	labels = items;
	for (const struct yaml_value *v = value->first; v; v = v->next) {
		labels[v->index].key = (struct policy_text){
			.data = v->key->text, .length = v->key->length, .source = v->key};
		r = read_text(reader, v, field, &labels[v->index].value);
		if (r < 0)
			return r;
	}
	*array = (struct array){.items = items, .count = value->count};
	return 0;
}

int read_objects(struct field_reader *reader, const struct yaml_value *value,
	const struct object_type *type, size_t maximum, void **ret_items, size_t *ret_count)
{
	void *items;
	int r;

	if (value->kind != YAML_KIND_SEQUENCE)
		return wrong_type(reader, value, "an array of objects"), 0;
	r = new_items(reader, value, maximum, type->size, &items);
	if (r < 0 || !items)
		return r;
	for (const struct yaml_value *v = value->first; v; v = v->next) {
		r = read_object(reader, v, type, (char *)items + v->index * type->size);
		if (r < 0)
			return r;
	}
	*ret_items = items;
	*ret_count = value->count;
	return 0;
}

static int read_macros(struct field_reader *reader, const struct yaml_value *value,
	const struct field *field, struct array *array)
{
	struct policy_macro *macros;
	void *items;
	int r;

	if (value->kind != YAML_KIND_MAPPING)
		return wrong_type(reader, value, "an object of selectors"), 0;
	r = new_items(reader, value, count_max(field), sizeof(*macros), &items);
	if (r < 0 || !items)
		return r;
	macros = items;
	for (const struct yaml_value *v = value->first; v; v = v->next) {
		macros[v->index].name = (struct policy_text){
			.data = v->key->text, .length = v->key->length, .source = v->key};
		r = read_object(reader, v, field->type, &macros[v->index].selector);
		if (r < 0)
			return r;
	}
	*array = (struct array){.items = items, .count = value->count};
	return 0;
}

static int read_array(struct field_reader *reader, const struct yaml_value *value,
	const struct field *field, char *place)
{
	struct array array = {0};
	int r;

	switch (field->kind) {
	case FIELD_TEXTS:
		r = read_texts(reader, value, field, &array);
		break;
	case FIELD_INTEGERS:
		r = read_integers(reader, value, field, &array);
		break;
	case FIELD_LABELS:
		r = read_labels(reader, value, field, &array);
		break;
	case FIELD_MACROS:
		r = read_macros(reader, value, field, &array);
		break;
	default:
		r = read_objects(
			reader, value, field->type, count_max(field), &array.items, &array.count);
		break;
	}
	memcpy(place, &array, sizeof(array));
	return r;
}

static int read_field(struct field_reader *reader, const struct yaml_value *value,
	const struct field *field, void *object)
{
	char *place = (char *)object + field->offset;

	if (field->refused) {
		report_error_at_key(reader->report, value, "%s", field->refused);
		return 0;
	}
	switch (field->kind) {
	case FIELD_TEXT:
		return read_text(reader, value, field, (void *)place);
	case FIELD_BOOLEAN:
		return read_boolean(reader, value, (void *)place);
	case FIELD_INTEGER:
		return read_integer(reader, value, field, (void *)place);
	case FIELD_WORD:
		return read_word(reader, value, field, (void *)place);
	case FIELD_OBJECT:
		return read_object(reader, value, field->type, place);
	case FIELD_ANYTHING:
		return 0;
	default:
		return read_array(reader, value, field, place);
	}
}

/* What the table says of booleans that are not given; in objects below as well. */
static void initialise(const struct object_type *type, void *object)
{
	for (const struct field *field = type->fields; field->name; field++) {
		char *place = (char *)object + field->offset;

		if (field->kind == FIELD_OBJECT)
			initialise(field->type, place);
		else if (field->initial)
			*(bool *)place = true;
	}
}

static const struct field *find_field(const struct object_type *type, const struct yaml_value *key)
{
	for (const struct field *field = type->fields; field->name; field++)
		if (strlen(field->name) == key->length &&
			!memcmp(field->name, key->text, key->length))
			return field;
	return NULL;
}

#define FIELDS_MAX 40 /* of one object, for the list of the allowed ones */

static void unknown_field(
	struct field_reader *reader, const struct yaml_value *value, const struct object_type *type)
{
	struct policy_word words[FIELDS_MAX + 1] = {0};
	size_t count = 0;

	for (const struct field *field = type->fields; field->name && count < FIELDS_MAX; field++)
		if (field->kind != FIELD_ANYTHING && !field->refused) {
			words[count] =
				(struct policy_word){.name = field->name, .value = (int)count};
			count++;
		}
	unknown_word(reader, value, words, "unknown field", true);
}

static void check_required(
	struct field_reader *reader, const struct yaml_value *value, const struct object_type *type)
{
	for (const struct field *field = type->fields; field->name; field++)
		if (field->required && yaml_value_is_null(yaml_value_get(value, field->name)))
			report_error(reader->report, value, "the field %s is missing", field->name);
}

int read_object(struct field_reader *reader, const struct yaml_value *value,
	const struct object_type *type, void *object)
{
	initialise(type, object);
	if (value->kind != YAML_KIND_MAPPING)
		return wrong_type(reader, value, "an object"), 0;
	if (type->source_offset != SIZE_MAX)
		memcpy((char *)object + type->source_offset, &value, sizeof(void *));
	for (const struct yaml_value *v = value->first; v; v = v->next) {
		const struct field *field = find_field(type, v->key);
		int r;

		if (!field) {
			unknown_field(reader, v, type);
			continue;
		}
		/* To Kubernetes null is a field that is not given. */
		if (yaml_value_is_null(v))
			continue;
		r = read_field(reader, v, field, object);
		if (r < 0)
			return r;
	}
	check_required(reader, value, type);
	return 0;
}
