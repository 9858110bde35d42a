/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is taken piece by piece and given back all at once. */
#pragma once

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

/* `size` bytes, not cleared, aligned for anything; NULL when there is no memory. */
void *arena_allocate(struct arena *arena, size_t size);
/* A copy of `length` bytes with a NUL after them. */
char *arena_text(struct arena *arena, const void *data, size_t length);
void arena_done(struct arena *arena);
