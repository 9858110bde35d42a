/* SPDX-License-Identifier: Apache-2.0 */
/* yajl's calls -> a tree of struct json_value, all in one arena. */
#include "lib/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "lib/arena.h"
#include "lib/json_tree.h"
#include "lib/utf8.h"
#include "lib/util.h"
#include "lib/yajl_memory.h"

#define DEFAULT_BYTES  ((size_t)16 << 20)
#define DEFAULT_DEPTH  64
#define DEFAULT_VALUES 1000000

struct json_document {
	struct arena arena;
	const struct json_value *root;
};

/* An array or object that is not closed yet, and the list of what is in it. */
struct level {
	struct json_value *container;
	struct json_value *first, *last;
};

struct parser {
	struct json_document *document;
	struct json_limits limits;
	struct error *error;
	yajl_handle yajl;

	const char *text;
	size_t length;
	size_t position; /* where the present token begins; between tokens: where the last ended */
	size_t line_start;
	unsigned line;
	bool finishing; /* yajl_complete_parse(): yajl's offsets are not into `text` any more */

	struct level *levels; /* limits.depth of them, in the arena */
	size_t depth;
	size_t values;
	const char *key; /* read, its value not yet */
	size_t key_length;
	int result;
};

/* ---- where we are ---- */

static void advance(struct parser *parser, size_t position)
{
	const char *p = parser->text + parser->position, *end = parser->text + position;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		parser->line++;
		parser->line_start = (size_t)(p - parser->text);
	}
	parser->position = position;
}

/* yajl does not say where a token begins; but between two of them stand only blanks, commas and
 * colons. */
static void to_token_start(struct parser *parser)
{
	size_t position = parser->position;

	while (position < parser->length && parser->text[position] &&
		strchr(" \t\r\n\v\f,:", parser->text[position]))
		position++;
	advance(parser, position);
}

static size_t token_end(const struct parser *parser)
{
	return parser->finishing ? parser->length
				 : MIN(yajl_get_bytes_consumed(parser->yajl), parser->length);
}

static unsigned column(const struct parser *parser)
{
	return (unsigned)(parser->position - parser->line_start + 1);
}

/* Return 0: yajl stops then. */
static int fail(struct parser *parser, int code, const char *what)
{
	parser->result =
		error_set(parser->error, code, "%u:%u: %s", parser->line, column(parser), what);
	return 0;
}

static int fail_memory(struct parser *parser)
{
	return fail(parser, -ENOMEM, "out of memory");
}

/* ---- the tree ---- */

static struct json_value *add_value(struct parser *parser, enum json_type type)
{
	struct level *level = parser->depth ? &parser->levels[parser->depth - 1] : NULL;
	struct json_value *value;

	to_token_start(parser);
	if (parser->values == parser->limits.values) {
		fail(parser, -E2BIG, "too many values");
		return NULL;
	}
	value = arena_allocate(&parser->document->arena, sizeof(*value));
	if (!value) {
		fail_memory(parser);
		return NULL;
	}
	*value = (struct json_value){
		.type = type,
		.line = parser->line,
		.column = column(parser),
		.key = parser->key,
		.key_length = parser->key_length,
	};
	parser->values++;
	parser->key = NULL;
	parser->key_length = 0;
	if (!level) {
		parser->document->root = value;
		return value;
	}
	if (level->last)
		level->last->next = value;
	else
		level->first = value;
	level->last = value;
	level->container->count++;
	return value;
}

static int on_null(void *context)
{
	struct parser *parser = context;

	if (!add_value(parser, JSON_NULL))
		return 0;
	advance(parser, token_end(parser));
	return 1;
}

static int on_boolean(void *context, int boolean)
{
	struct parser *parser = context;
	struct json_value *value = add_value(parser, JSON_BOOLEAN);

	if (!value)
		return 0;
	value->boolean = boolean;
	advance(parser, token_end(parser));
	return 1;
}

static int on_number(void *context, const char *text, size_t length)
{
	struct parser *parser = context;
	struct json_value *value = add_value(parser, JSON_NUMBER);

	if (!value)
		return 0;
	value->text = arena_text(&parser->document->arena, text, length);
	value->length = length;
	if (!value->text)
		return fail_memory(parser);
	advance(parser, token_end(parser));
	return 1;
}

static bool escape_is_in(const char *p, const char *end, char digit, const char *digits)
{
	return end - p >= 6 && p[0] == '\\' && p[1] == 'u' && (p[2] == 'd' || p[2] == 'D') &&
	       p[3] && (p[3] == digit || strchr(digits, p[3]));
}

/* Whether each \ud800-\udbff in a string of the text, quotes included, has its \udc00-\udfff. yajl
 * makes "?" of one that has not, or takes any other escape for it. */
static bool surrogates_are_paired(const char *text, size_t length)
{
	const char *p = text, *end = text + length;

	while ((p = memchr(p, '\\', (size_t)(end - p)))) {
		if (escape_is_in(p, end, '8', "9aAbB")) {
			p += 6;
			if (!escape_is_in(p, end, 'c', "CdDeEfF"))
				return false;
			p += 6;
		} else if (escape_is_in(p, end, 'c', "CdDeEfF")) {
			return false;
		} else {
			p += 2; /* a backslash is never the last: the quote follows */
		}
	}
	return true;
}

/* A string's bytes into the arena. yajl's own look at UTF-8 lets overlong forms pass. */
static const char *take_string(struct parser *parser, const unsigned char *text, size_t length)
{
	const char *copy;

	if (!utf8_valid((const char *)text, length)) {
		fail(parser, -EINVAL, "invalid UTF-8 in a string");
		return NULL;
	}
	if (!surrogates_are_paired(
		    parser->text + parser->position, token_end(parser) - parser->position)) {
		fail(parser, -EINVAL, "half of a surrogate pair in a string");
		return NULL;
	}
	copy = arena_text(&parser->document->arena, text, length);
	if (!copy)
		fail_memory(parser);
	return copy;
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;
	struct json_value *value = add_value(parser, JSON_STRING);

	if (!value)
		return 0;
	value->text = take_string(parser, text, length);
	value->length = length;
	if (!value->text)
		return 0;
	advance(parser, token_end(parser));
	return 1;
}

static int on_map_key(void *context, const unsigned char *key, size_t length)
{
	struct parser *parser = context;

	to_token_start(parser);
	parser->key = take_string(parser, key, length);
	parser->key_length = length;
	if (!parser->key)
		return 0;
	advance(parser, token_end(parser));
	return 1;
}

static int open_container(struct parser *parser, enum json_type type)
{
	struct json_value *value = add_value(parser, type);

	if (!value)
		return 0;
	if (parser->depth == parser->limits.depth)
		return fail(parser, -E2BIG, "too deep");
	parser->levels[parser->depth++] = (struct level){.container = value};
	advance(parser, token_end(parser));
	return 1;
}

static int on_start_map(void *context)
{
	return open_container(context, JSON_OBJECT);
}

static int on_start_array(void *context)
{
	return open_container(context, JSON_ARRAY);
}

static int compare_members(const void *a, const void *b)
{
	const struct json_value *left = *(struct json_value *const *)a;
	const struct json_value *right = *(struct json_value *const *)b;

	return json_compare_keys(left->key, left->key_length, right->key, right->key_length);
}

static bool has_duplicate_keys(struct parser *parser, const struct json_value *object)
{
	size_t i;

	for (i = 1; i < object->count; i++) {
		const struct json_value *value = object->sorted[i];

		if (compare_members(&object->sorted[i - 1], &object->sorted[i]))
			continue;
		parser->result = error_set(parser->error, -EINVAL, "%u:%u: duplicate key \"%.64s\"",
			value->line, value->column, value->key);
		return true;
	}
	return false;
}

static struct json_value **new_table(struct parser *parser, size_t count)
{
	struct json_value **table =
		arena_allocate(&parser->document->arena, count * sizeof(*table));

	if (!table)
		fail_memory(parser);
	return table;
}

static int on_end(void *context)
{
	struct parser *parser = context;
	struct level *level = &parser->levels[--parser->depth];
	struct json_value *container = level->container, *value;
	size_t i = 0;

	to_token_start(parser);
	advance(parser, token_end(parser));
	if (!container->count)
		return 1;
	container->items = new_table(parser, container->count);
	if (!container->items)
		return 0;
	for (value = level->first; value; value = value->next)
		container->items[i++] = value;
	if (container->type == JSON_ARRAY)
		return 1;
	container->sorted = new_table(parser, container->count);
	if (!container->sorted)
		return 0;
	memcpy(container->sorted, container->items, container->count * sizeof(*container->items));
	qsort(container->sorted, container->count, sizeof(*container->sorted), compare_members);
	return !has_duplicate_keys(parser, container);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_map_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
};

/* ---- the whole ---- */

static void fail_syntax(struct parser *parser)
{
	char *message = (char *)yajl_get_error(parser->yajl, 0, NULL, 0);

	/* yajl stands behind the wrong token, or somewhere in it: its start is what helps */
	to_token_start(parser);
	message[strcspn(message, "\n")] = '\0';
	fail(parser, -EINVAL, message);
	yajl_free_error(parser->yajl, (unsigned char *)message);
}

static void run(struct parser *parser)
{
	struct yajl_memory memory;
	yajl_status status;

	yajl_memory_init(&memory);
	if (setjmp(memory.exhausted)) {
		fail_memory(parser);
	} else {
		parser->yajl = yajl_alloc(&callbacks, &memory.functions, parser);
		status = yajl_parse(
			parser->yajl, (const unsigned char *)parser->text, parser->length);
		if (status == yajl_status_ok) {
			parser->finishing = true;
			status = yajl_complete_parse(parser->yajl);
		}
		if (status == yajl_status_error)
			fail_syntax(parser);
	}
	yajl_memory_done(&memory);
}

static struct json_limits with_defaults(const struct json_limits *limits)
{
	return (struct json_limits){
		.bytes = limits && limits->bytes ? limits->bytes : DEFAULT_BYTES,
		.depth = limits && limits->depth ? limits->depth : DEFAULT_DEPTH,
		.values = limits && limits->values ? limits->values : DEFAULT_VALUES,
	};
}

int json_parse(const char *text, size_t length, const struct json_limits *limits,
	struct json_document **ret_document, struct error *error)
{
	_cleanup_json_ struct json_document *document = NULL;
	struct parser parser = {
		.limits = with_defaults(limits),
		.error = error,
		.text = text,
		.length = length,
		.line = 1,
	};

	if (length > parser.limits.bytes)
		return error_set(error, -E2BIG, "%zu bytes, more than the limit of %zu", length,
			parser.limits.bytes);
	document = calloc(1, sizeof(*document));
	if (!document)
		return error_set(error, -ENOMEM, "out of memory");
	parser.document = document;
	parser.levels =
		arena_allocate(&document->arena, parser.limits.depth * sizeof(*parser.levels));
	if (!parser.levels)
		return error_set(error, -ENOMEM, "out of memory");
	run(&parser);
	if (parser.result < 0)
		return parser.result;
	*ret_document = TAKE_PTR(document);
	return 0;
}

struct json_document *json_document_free(struct json_document *document)
{
	if (document) {
		arena_done(&document->arena);
		free(document);
	}
	return NULL;
}

const struct json_value *json_root(const struct json_document *document)
{
	return document ? document->root : NULL;
}
