/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/yaml_document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct builder {
	yaml_parser_t parser;
	struct arena *arena;
	struct yaml_error *error;
	const char *text;
	size_t length, values;
	const struct yaml_value *value; /* that is being read */
};

static int fail(struct builder *builder, int code, yaml_mark_t at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static int fail(struct builder *builder, int code, yaml_mark_t at, const char *format, ...)
{
	va_list arguments;

	builder->error->value = builder->value;
	builder->error->line = (uint32_t)at.line + 1;
	builder->error->column = (uint32_t)at.column + 1;
	va_start(arguments, format);
	vsnprintf(builder->error->message, sizeof(builder->error->message), format, arguments);
	va_end(arguments);
	return code;
}

/* A problem with the encoding has an offset only. */
static yaml_mark_t mark_of_offset(const struct builder *builder, size_t offset)
{
	yaml_mark_t at = {0};

	for (size_t i = 0; i < offset && i < builder->length; i++) {
		if (builder->text[i] == '\n') {
			at.line++;
			at.column = 0;
		} else if ((builder->text[i] & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

static char character_at(const struct builder *builder, yaml_mark_t at)
{
	size_t line = 0, column = 0;

	for (size_t i = 0; i < builder->length; i++) {
		if ((builder->text[i] & 0xc0) == 0x80)
			continue;
		if (line == at.line && column == at.column)
			return builder->text[i];
		column++;
		if (builder->text[i] == '\n') {
			line++;
			column = 0;
		}
	}
	return '\0';
}

/* What libyaml says of a tab is true, and no help. */
static const char *advice(const struct builder *builder, const char *problem)
{
	if (!strcmp(problem, "found character that cannot start any token"))
		return character_at(builder, builder->parser.problem_mark) == '\t'
			       ? ": a tab; YAML is indented with blanks"
			       : ": put the text in quotes";
	if (!strcmp(problem, "mapping values are not allowed in this context"))
		return ": text with a colon and a blank in it goes in quotes; or is the "
		       "indentation right?";
	if (!strcmp(problem, "did not find expected key") ||
		!strcmp(problem, "did not find expected '-' indicator"))
		return ": is the indentation right?";
	return "";
}

static int parser_failure(struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;
	const char *problem = parser->problem ? parser->problem : "unreadable";
	const yaml_mark_t *context = &parser->context_mark;

	builder->value = NULL;
	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->error == YAML_READER_ERROR)
		return fail(builder, -EINVAL, mark_of_offset(builder, parser->problem_offset),
			"not YAML: %s", problem);
	if (!parser->context || context->line == parser->problem_mark.line)
		return fail(builder, -EINVAL, parser->problem_mark, "not YAML: %s%s%s%s",
			parser->context ? parser->context : "", parser->context ? ", " : "",
			problem, advice(builder, problem));
	return fail(builder, -EINVAL, parser->problem_mark,
		"not YAML: %s that begins at %zu:%zu, %s%s", parser->context, context->line + 1,
		context->column + 1, problem, advice(builder, problem));
}

static struct yaml_value *new_value(
	struct builder *builder, enum yaml_kind kind, const yaml_event_t *event)
{
	struct yaml_value *value = arena_allocate(builder->arena, sizeof(*value));

	if (!value)
		return NULL;
	*value = (struct yaml_value){
		.kind = kind,
		.line = (uint32_t)event->start_mark.line + 1,
		.column = (uint32_t)event->start_mark.column + 1,
	};
	return value;
}

static int refuse_decoration(struct builder *builder, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_ALIAS_EVENT)
		return fail(builder, -EINVAL, event->start_mark,
			"aliases (*name) are not read; allowed: the value itself");
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor)
		return fail(builder, -EINVAL, event->start_mark,
			"anchors (&name) are not read; allowed: the value, wherever it is used");
	if (tag)
		return fail(builder, -EINVAL, event->start_mark,
			"tags (!name) are not read; allowed: the value without");
	return 0;
}

static int next_event(struct builder *builder, yaml_event_t *event)
{
	return yaml_parser_parse(&builder->parser, event) ? 0 : parser_failure(builder);
}

static void append_child(
	struct yaml_value *parent, struct yaml_value **last, struct yaml_value *child)
{
	parent->count++;
	if (*last)
		(*last)->next = child;
	else
		parent->first = child;
	*last = child;
}

static int read_value(struct builder *builder, const yaml_event_t *event, size_t depth,
	struct yaml_value *parent, struct yaml_value *key, struct yaml_value **ret_value);

static int read_sequence(struct builder *builder, struct yaml_value *sequence, size_t depth)
{
	struct yaml_value *last = NULL;

	for (;;) {
		struct yaml_value *item;
		yaml_event_t event;
		int r = next_event(builder, &event);

		if (r < 0)
			return r;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return 0;
		}
		r = read_value(builder, &event, depth + 1, sequence, NULL, &item);
		yaml_event_delete(&event);
		if (r < 0)
			return r;
		append_child(sequence, &last, item);
	}
}

/* A field that stands there twice has no value of its own yet, but a path. */
static int refuse_duplicate(struct builder *builder, struct yaml_value *mapping,
	struct yaml_value *key, const struct yaml_value *first, yaml_mark_t at)
{
	struct yaml_value *field = arena_allocate(builder->arena, sizeof(*field));

	if (!field)
		return -ENOMEM;
	*field = (struct yaml_value){.parent = mapping, .key = key};
	builder->value = field;
	return fail(builder, -EINVAL, at,
		"duplicate field, the first one stands in line %u; allowed: one", first->line);
}

static int check_key(struct builder *builder, struct yaml_value *mapping, struct yaml_value *key)
{
	yaml_mark_t at = {.line = key->line - 1, .column = key->column - 1};

	builder->value = mapping;
	if (key->kind != YAML_KIND_SCALAR)
		return fail(builder, -EINVAL, at, "a field's name must be a word");
	if (mapping->count >= YAML_KEYS_MAX)
		return fail(builder, -E2BIG, at, "more than %d fields in one place", YAML_KEYS_MAX);
	for (const struct yaml_value *v = mapping->first; v; v = v->next)
		if (v->key->length == key->length && !memcmp(v->key->text, key->text, key->length))
			return refuse_duplicate(builder, mapping, key, v->key, at);
	return 0;
}

static int read_mapping(struct builder *builder, struct yaml_value *mapping, size_t depth)
{
	struct yaml_value *last = NULL;

	for (;;) {
		struct yaml_value *key, *value;
		yaml_event_t event;
		int r = next_event(builder, &event);

		if (r < 0)
			return r;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return 0;
		}
		r = read_value(builder, &event, depth + 1, mapping, NULL, &key);
		yaml_event_delete(&event);
		if (r == 0)
			r = check_key(builder, mapping, key);
		if (r == 0)
			r = next_event(builder, &event);
		if (r < 0)
			return r;
		r = read_value(builder, &event, depth + 1, mapping, key, &value);
		yaml_event_delete(&event);
		if (r < 0)
			return r;
		append_child(mapping, &last, value);
	}
}

/* Where the text begins, unless it has escapes, is folded or has lines of its own: then it is not
 * as long as what stands in the file. Columns are of characters. */
static uint32_t text_column(const yaml_event_t *event, const struct yaml_value *value)
{
	size_t quotes = !value->plain, characters = 0;

	for (size_t i = 0; i < value->length; i++)
		characters += ((unsigned char)value->text[i] & 0xc0) != 0x80;
	if (event->start_mark.line != event->end_mark.line ||
		event->end_mark.column - event->start_mark.column != characters + 2 * quotes)
		return 0;
	return (uint32_t)(value->column + quotes);
}

static int read_scalar(struct builder *builder, const yaml_event_t *event, struct yaml_value *value)
{
	const char *text = (const char *)event->data.scalar.value;

	value->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	value->length = event->data.scalar.length;
	value->text = arena_text(builder->arena, text, value->length);
	if (!value->text)
		return -ENOMEM;
	value->text_column = text_column(event, value);
	return 0;
}

static int read_value(struct builder *builder, const yaml_event_t *event, size_t depth,
	struct yaml_value *parent, struct yaml_value *key, struct yaml_value **ret_value)
{
	enum yaml_kind kind = event->type == YAML_SEQUENCE_START_EVENT	? YAML_KIND_SEQUENCE
			      : event->type == YAML_MAPPING_START_EVENT ? YAML_KIND_MAPPING
									: YAML_KIND_SCALAR;
	struct yaml_value *value = new_value(builder, kind, event);
	int r;

	if (!value)
		return -ENOMEM;
	value->parent = parent;
	value->key = key;
	value->index = parent ? parent->count : 0;
	builder->value = value;
	r = refuse_decoration(builder, event);
	if (r < 0)
		return r;
	if (++builder->values > YAML_VALUES_MAX)
		return fail(
			builder, -E2BIG, event->start_mark, "more than %d values", YAML_VALUES_MAX);
	if (depth > YAML_DEPTH_MAX)
		return fail(builder, -E2BIG, event->start_mark, "nested deeper than %d",
			YAML_DEPTH_MAX);
	if (kind == YAML_KIND_SEQUENCE)
		r = read_sequence(builder, value, depth);
	else if (kind == YAML_KIND_MAPPING)
		r = read_mapping(builder, value, depth);
	else
		r = read_scalar(builder, event, value);
	if (r == 0)
		*ret_value = value;
	return r;
}

/* One document from its start to its end; NULL for an empty one. */
static int read_document(struct builder *builder, struct yaml_value **ret_document)
{
	struct yaml_value *root = NULL;
	yaml_event_t event;
	int r = next_event(builder, &event);

	if (r < 0)
		return r;
	r = read_value(builder, &event, 1, NULL, NULL, &root);
	yaml_event_delete(&event);
	if (r < 0)
		return r;
	r = next_event(builder, &event); /* the document's end */
	if (r < 0)
		return r;
	yaml_event_delete(&event);
	*ret_document = yaml_value_is_null(root) ? NULL : root;
	return 0;
}

static int read_documents(
	struct builder *builder, struct yaml_value *ret_documents[YAML_DOCUMENTS_MAX])
{
	int count = 0;

	for (;;) {
		struct yaml_value *document;
		yaml_event_type_t type;
		yaml_event_t event;
		yaml_mark_t at;
		int r = next_event(builder, &event);

		if (r < 0)
			return r;
		type = event.type;
		at = event.start_mark;
		builder->value = NULL;
		yaml_event_delete(&event);
		if (type == YAML_STREAM_END_EVENT)
			return count;
		if (type != YAML_DOCUMENT_START_EVENT)
			continue;
		r = read_document(builder, &document);
		if (r < 0)
			return r;
		if (!document)
			continue;
		builder->value = NULL;
		if (count == YAML_DOCUMENTS_MAX)
			return fail(
				builder, -E2BIG, at, "more than %d documents", YAML_DOCUMENTS_MAX);
		ret_documents[count++] = document;
	}
}

int yaml_documents_parse(struct arena *arena, const char *text, size_t length,
	struct yaml_value *ret_documents[YAML_DOCUMENTS_MAX], struct yaml_error *error)
{
	struct builder builder = {.arena = arena, .error = error, .text = text, .length = length};
	int r;

	/* libyaml takes a byte order mark for text when it is told the encoding, and without being
	 * told takes UTF-16, whose columns would not be ours. */
	if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		builder.text += 3;
		builder.length -= 3;
	}
	if (length > YAML_BYTES_MAX)
		return fail(
			&builder, -E2BIG, (yaml_mark_t){0}, "more than %zu bytes", YAML_BYTES_MAX);
	if (!yaml_parser_initialize(&builder.parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&builder.parser, (const unsigned char *)builder.text, builder.length);
	r = read_documents(&builder, ret_documents);
	yaml_parser_delete(&builder.parser);
	return r;
}
