/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

#define BLOCK_MIN ((size_t)4 << 10)
#define BLOCK_MAX ((size_t)1 << 20)

struct arena_block {
	struct arena_block *next;
	size_t used, capacity;
	alignas(max_align_t) char data[];
};

/* Blocks double, so that there are few of them, and little of the last one is left over. */
static struct arena_block *add_block(struct arena *arena, size_t size)
{
	size_t capacity = arena->blocks ? MIN(arena->blocks->capacity * 2, BLOCK_MAX) : BLOCK_MIN;
	struct arena_block *block;

	capacity = MAX(capacity, size);
	if (capacity > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + capacity);
	if (!block)
		return NULL;
	block->next = arena->blocks;
	block->used = 0;
	block->capacity = capacity;
	arena->blocks = block;
	return block;
}

void *arena_allocate(struct arena *arena, size_t size)
{
	const size_t alignment = alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	size_t aligned;

	if (size > SIZE_MAX - alignment)
		return NULL;
	aligned = (size + alignment - 1) / alignment * alignment;
	if (!block || block->capacity - block->used < aligned)
		block = add_block(arena, aligned);
	if (!block)
		return NULL;
	block->used += aligned;
	return block->data + block->used - aligned;
}

char *arena_text(struct arena *arena, const void *data, size_t length)
{
	char *copy = length < SIZE_MAX ? arena_allocate(arena, length + 1) : NULL;

	if (!copy)
		return NULL;
	if (length)
		memcpy(copy, data, length);
	copy[length] = '\0';
	return copy;
}

void arena_done(struct arena *arena)
{
	struct arena_block *block, *next;

	for (block = arena->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	arena->blocks = NULL;
}
