/* SPDX-License-Identifier: Apache-2.0 */
/* yajl's calls -> a tree of struct json_value, all in one arena. */
#include "lib/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "lib/json_tree.h"
#include "lib/util.h"

#define DEFAULT_BYTES	((size_t)16 << 20)
#define DEFAULT_DEPTH	64
#define DEFAULT_VALUES	1000000
#define ARENA_BLOCK	4096
#define ARENA_BLOCK_MAX (1 << 20)

struct arena_block {
	struct arena_block *next;
	size_t used, capacity;
	alignas(max_align_t) char data[];
};

struct json_document {
	struct arena_block *blocks;
	const struct json_value *root;
};

/* yajl's own memory: blocks in a list, so that it can be given back without yajl's help */
struct yajl_block {
	struct yajl_block *next, *previous;
	alignas(max_align_t) char data[];
};

struct parser {
	struct json_document *document;
	struct json_limits limits;
	struct error *error;
	yajl_handle yajl;
	struct yajl_block yajl_blocks; /* head */
	jmp_buf out_of_memory;

	const char *text;
	size_t length;
	size_t position;   /* everything before it has been looked at */
	size_t line_start; /* of the line that holds position */
	unsigned line;
	bool finishing; /* yajl_complete_parse(): yajl's offsets are not into `text` any more */

	struct json_value **stack; /* open containers, in the arena */
	size_t depth;
	size_t values;
	const char *key; /* read, its value not yet */
	size_t key_length;
	int result;
};

/* ---- memory ---- */

static void *arena_allocate(struct json_document *document, size_t size)
{
	struct arena_block *block = document->blocks;
	size_t aligned;

	if (__builtin_add_overflow(size, alignof(max_align_t) - 1, &aligned))
		return NULL;
	aligned &= ~(alignof(max_align_t) - 1);
	if (!block || block->capacity - block->used < aligned) {
		/* blocks double with the document, so that their number stays small */
		size_t capacity = block ? block->capacity * 2 : ARENA_BLOCK;

		capacity = MIN(capacity, (size_t)ARENA_BLOCK_MAX);
		capacity = MAX(capacity, aligned);
		block = malloc(sizeof(*block) + capacity);
		if (!block)
			return NULL;
		block->capacity = capacity;
		block->used = 0;
		block->next = document->blocks;
		document->blocks = block;
	}
	block->used += aligned;
	return block->data + block->used - aligned;
}

static char *arena_text(struct json_document *document, const void *data, size_t length)
{
	char *copy = arena_allocate(document, length + 1);

	if (!copy)
		return NULL;
	if (length)
		memcpy(copy, data, length);
	copy[length] = '\0';
	return copy;
}

struct json_document *json_document_free(struct json_document *document)
{
	struct arena_block *block, *next;

	if (!document)
		return NULL;
	for (block = document->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	free(document);
	return NULL;
}

/* yajl uses what its allocator returns without a look: a failure must not come back to it. Nothing
 * of yajl is held but this memory, so leaving it by longjmp leaks nothing. */
static void *yajl_allocate(void *context, size_t size)
{
	struct parser *parser = context;
	struct yajl_block *block;

	block = size < SIZE_MAX - sizeof(*block) ? malloc(sizeof(*block) + size) : NULL;
	if (!block)
		longjmp(parser->out_of_memory, 1);
	block->next = parser->yajl_blocks.next;
	block->previous = &parser->yajl_blocks;
	if (block->next)
		block->next->previous = block;
	parser->yajl_blocks.next = block;
	return block->data;
}

static struct yajl_block *block_of(void *data)
{
	return (struct yajl_block *)((char *)data - offsetof(struct yajl_block, data));
}

static void yajl_release(void *context, void *data)
{
	struct yajl_block *block;

	if (!data)
		return;
	block = block_of(data);
	block->previous->next = block->next;
	if (block->next)
		block->next->previous = block->previous;
	free(block);
}

static void *yajl_reallocate(void *context, void *data, size_t size)
{
	struct parser *parser = context;
	struct yajl_block *block;

	if (!data)
		return yajl_allocate(context, size);
	block = size < SIZE_MAX - sizeof(*block) ? realloc(block_of(data), sizeof(*block) + size)
						 : NULL;
	if (!block)
		longjmp(parser->out_of_memory, 1);
	block->previous->next = block;
	if (block->next)
		block->next->previous = block;
	return block->data;
}

static void yajl_release_all(struct parser *parser)
{
	while (parser->yajl_blocks.next)
		yajl_release(parser, parser->yajl_blocks.next->data);
}

/* ---- position ---- */

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

/* To where the token of the present callback begins: after the one before come only blanks,
 * commas and colons, for which yajl calls nobody. */
static void to_token_start(struct parser *parser)
{
	size_t position = parser->position;

	while (position < parser->length && strchr(" \t\r\n\v\f,:", parser->text[position]) &&
		parser->text[position])
		position++;
	advance(parser, position);
}

static void to_token_end(struct parser *parser)
{
	if (!parser->finishing)
		advance(parser, MIN(yajl_get_bytes_consumed(parser->yajl), parser->length));
}

static int fail(struct parser *parser, int code, const char *what)
{
	parser->result = error_set(parser->error, code, "%u:%zu: %s", parser->line,
		parser->position - parser->line_start + 1, what);
	return 0; /* yajl: stop */
}

static int fail_memory(struct parser *parser)
{
	return fail(parser, -ENOMEM, "out of memory");
}

/* ---- tree ---- */

static struct json_value *add_value(struct parser *parser, enum json_type type)
{
	struct json_value *parent = parser->depth ? parser->stack[parser->depth - 1] : NULL;
	struct json_value *value;

	to_token_start(parser);
	if (++parser->values > parser->limits.values) {
		fail(parser, -E2BIG, "too many values");
		return NULL;
	}
	value = arena_allocate(parser->document, sizeof(*value));
	if (!value) {
		fail_memory(parser);
		return NULL;
	}
	*value = (struct json_value){
		.type = type,
		.line = parser->line,
		.column = (unsigned)(parser->position - parser->line_start + 1),
		.key = parser->key,
		.key_length = parser->key_length,
	};
	parser->key = NULL;
	if (!parent) {
		parser->document->root = value;
		return value;
	}
	if (parent->last)
		parent->last->next = value;
	else
		parent->first = value;
	parent->last = value;
	parent->count++;
	return value;
}

static int on_null(void *context)
{
	struct parser *parser = context;

	if (!add_value(parser, JSON_NULL))
		return 0;
	to_token_end(parser);
	return 1;
}

static int on_boolean(void *context, int boolean)
{
	struct parser *parser = context;
	struct json_value *value = add_value(parser, JSON_BOOLEAN);

	if (!value)
		return 0;
	value->boolean = boolean;
	to_token_end(parser);
	return 1;
}

static int add_text(struct parser *parser, enum json_type type, const void *text, size_t length)
{
	struct json_value *value = add_value(parser, type);

	if (!value)
		return 0;
	value->text = arena_text(parser->document, text, length);
	value->length = length;
	if (!value->text)
		return fail_memory(parser);
	to_token_end(parser);
	return 1;
}

static int on_number(void *context, const char *text, size_t length)
{
	return add_text(context, JSON_NUMBER, text, length);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	return add_text(context, JSON_STRING, text, length);
}

static int open_container(struct parser *parser, enum json_type type)
{
	struct json_value *value = add_value(parser, type);

	if (!value)
		return 0;
	if (parser->depth == parser->limits.depth)
		return fail(parser, -E2BIG, "too deep");
	parser->stack[parser->depth++] = value;
	to_token_end(parser);
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

static int on_map_key(void *context, const unsigned char *key, size_t length)
{
	struct parser *parser = context;

	to_token_start(parser);
	parser->key = arena_text(parser->document, key, length);
	parser->key_length = length;
	if (!parser->key)
		return fail_memory(parser);
	to_token_end(parser);
	return 1;
}

static int compare_members(const void *a, const void *b)
{
	const struct json_value *left = *(struct json_value *const *)a;
	const struct json_value *right = *(struct json_value *const *)b;

	return json_compare_keys(left->key, left->key_length, right->key, right->key_length);
}

static int refuse_duplicate_keys(struct parser *parser, const struct json_value *object)
{
	size_t i;

	for (i = 1; i < object->count; i++) {
		const struct json_value *value = object->sorted[i];

		if (compare_members(&object->sorted[i - 1], &object->sorted[i]))
			continue;
		parser->result = error_set(parser->error, -EINVAL, "%u:%u: duplicate key \"%.64s\"",
			value->line, value->column, value->key);
		return 0;
	}
	return 1;
}

static int close_container(struct parser *parser)
{
	struct json_value *container = parser->stack[--parser->depth], *value;
	size_t size = container->count * sizeof(*container->items), i = 0;

	to_token_start(parser);
	to_token_end(parser);
	if (!container->count)
		return 1;
	container->items = arena_allocate(parser->document, size);
	if (!container->items)
		return fail_memory(parser);
	for (value = container->first; value; value = value->next)
		container->items[i++] = value;
	if (container->type == JSON_ARRAY)
		return 1;
	container->sorted = arena_allocate(parser->document, size);
	if (!container->sorted)
		return fail_memory(parser);
	memcpy(container->sorted, container->items, size);
	qsort(container->sorted, container->count, sizeof(*container->sorted), compare_members);
	return refuse_duplicate_keys(parser, container);
}

static int on_end(void *context)
{
	return close_container(context);
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

	if (!parser->finishing)
		advance(parser, MIN(yajl_get_bytes_consumed(parser->yajl), parser->length));
	else
		advance(parser, parser->length);
	message[strcspn(message, "\n")] = '\0';
	fail(parser, -EINVAL, message);
	yajl_free_error(parser->yajl, (unsigned char *)message);
}

static void run(struct parser *parser)
{
	yajl_alloc_funcs memory = {
		.malloc = yajl_allocate,
		.realloc = yajl_reallocate,
		.free = yajl_release,
		.ctx = parser,
	};
	yajl_status status;

	if (setjmp(parser->out_of_memory)) {
		fail_memory(parser);
		return;
	}
	parser->yajl = yajl_alloc(&callbacks, &memory, parser);
	status = yajl_parse(parser->yajl, (const unsigned char *)parser->text, parser->length);
	if (status == yajl_status_ok) {
		parser->finishing = true;
		status = yajl_complete_parse(parser->yajl);
	}
	if (status == yajl_status_error)
		fail_syntax(parser);
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
	parser.stack = arena_allocate(document, parser.limits.depth * sizeof(*parser.stack));
	if (!parser.stack)
		return error_set(error, -ENOMEM, "out of memory");
	run(&parser);
	yajl_release_all(&parser);
	if (parser.result < 0)
		return parser.result;
	if (!document->root)
		return error_set(error, -EINVAL, "1:1: empty");
	*ret_document = TAKE_PTR(document);
	return 0;
}

const struct json_value *json_root(const struct json_document *document)
{
	return document ? document->root : NULL;
}
