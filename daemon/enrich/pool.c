/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/pool.h"

#include <stdlib.h>

struct pool_chunk {
	struct pool_chunk *next;
	_Alignas(POOL_GRANULE) char data[];
};

struct free_object {
	struct free_object *next;
};

static size_t class_of(size_t size)
{
	return (size + POOL_GRANULE - 1) / POOL_GRANULE;
}

static void *take_chunk(struct pool *pool, size_t class)
{
	size_t size = class * POOL_GRANULE, count = (POOL_CHUNK - sizeof(struct pool_chunk)) / size;
	struct pool_chunk *chunk;

	if (pool->limit && pool->bytes + POOL_CHUNK > pool->limit)
		return NULL;
	chunk = aligned_alloc(POOL_GRANULE, POOL_CHUNK);
	if (!chunk)
		return NULL;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	pool->bytes += POOL_CHUNK;
	for (size_t i = 1; i < count; i++) {
		struct free_object *object = (void *)(chunk->data + i * size);

		object->next = pool->free[class - 1];
		pool->free[class - 1] = object;
	}
	return chunk->data;
}

void *pool_get(struct pool *pool, size_t size)
{
	size_t class = class_of(size);
	struct free_object *object;

	if (class > POOL_CLASSES) {
		void *large;

		if (pool->limit && pool->bytes + size > pool->limit)
			return NULL;
		large = malloc(size);
		if (large)
			pool->bytes += size;
		return large;
	}
	object = pool->free[class - 1];
	if (!object)
		return take_chunk(pool, class);
	pool->free[class - 1] = object->next;
	return object;
}

void pool_put(struct pool *pool, void *memory, size_t size)
{
	size_t class = class_of(size);
	struct free_object *object = memory;

	if (!memory)
		return;
	if (class > POOL_CLASSES) {
		pool->bytes -= size;
		free(memory);
		return;
	}
	object->next = pool->free[class - 1];
	pool->free[class - 1] = object;
}

void pool_done(struct pool *pool)
{
	struct pool_chunk *chunk = pool->chunks;

	while (chunk) {
		struct pool_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	*pool = (struct pool){.limit = pool->limit};
}
