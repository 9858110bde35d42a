/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/yajl_memory.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct yajl_block {
	struct yajl_block *next, *previous;
	alignas(max_align_t) char data[];
};

static struct yajl_block *block_of(void *data)
{
	return (void *)((char *)data - offsetof(struct yajl_block, data));
}

/* Put a block that is new, or that realloc() moved, where its neighbours find it. */
static void link_block(struct yajl_memory *memory, struct yajl_block *block)
{
	if (block->next)
		block->next->previous = block;
	if (block->previous)
		block->previous->next = block;
	else
		memory->blocks = block;
}

static void *allocate(void *context, size_t size)
{
	struct yajl_memory *memory = context;
	struct yajl_block *block = NULL;

	if (size <= SIZE_MAX - sizeof(*block))
		block = malloc(sizeof(*block) + size);
	if (!block)
		longjmp(memory->exhausted, 1);
	block->next = memory->blocks;
	block->previous = NULL;
	link_block(memory, block);
	return block->data;
}

static void *reallocate(void *context, void *data, size_t size)
{
	struct yajl_memory *memory = context;
	struct yajl_block *block = NULL;

	if (!data)
		return allocate(context, size);
	if (size <= SIZE_MAX - sizeof(*block))
		block = realloc(block_of(data), sizeof(*block) + size);
	if (!block)
		longjmp(memory->exhausted, 1);
	link_block(memory, block);
	return block->data;
}

static void release(void *context, void *data)
{
	struct yajl_memory *memory = context;
	struct yajl_block *block;

	if (!data)
		return;
	block = block_of(data);
	if (block->next)
		block->next->previous = block->previous;
	if (block->previous)
		block->previous->next = block->next;
	else
		memory->blocks = block->next;
	free(block);
}

void yajl_memory_init(struct yajl_memory *memory)
{
	memory->functions = (yajl_alloc_funcs){
		.malloc = allocate,
		.realloc = reallocate,
		.free = release,
		.ctx = memory,
	};
	memory->blocks = NULL;
}

void yajl_memory_done(struct yajl_memory *memory)
{
	struct yajl_block *block, *next;

	for (block = memory->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	memory->blocks = NULL;
}
