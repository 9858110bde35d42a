/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for the process tree: objects of a few size classes cut from chunks, so that the hot path
 * neither calls malloc() nor fragments it after a storm. Chunks are kept for the daemon's life. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define POOL_GRANULE 64
#define POOL_CLASSES 24 /* objects up to 1536 bytes; larger ones come from malloc() */
#define POOL_CHUNK   32768

struct pool {
	void *free[POOL_CLASSES];
	struct pool_chunk *chunks;
	uint64_t bytes, limit; /* of chunks and large objects; limit 0 = none */
};

/* Not zeroed; NULL when there is no memory or the limit is reached. */
void *pool_get(struct pool *pool, size_t size);
/* `size` as given to pool_get(). */
void pool_put(struct pool *pool, void *object, size_t size);
void pool_done(struct pool *pool);
