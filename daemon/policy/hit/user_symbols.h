/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for the frames of users' stacks. Which file is mapped where is in the record; its symbols
 * are read by a thread of their own, from the file that has the path on the host and is the same
 * one by device and inode. Files of containers are not the host's: their frames have the file and
 * the place in it. Asked by the main thread only, which waits a bounded time, once.
 */
#pragma once

#include <stddef.h>

#include "daemon/policy/hit/hit.h"

/* Files whose symbols are kept, and how much memory they may take. */
#define USER_SYMBOLS_FILES_MAX 64
#define USER_SYMBOLS_BYTES_MAX ((size_t)32 << 20)
/* Of one file: with more it has none. */
#define USER_SYMBOLS_FILE_BYTES_MAX ((size_t)16 << 20)
/* A first stack waits so long for a file to be read; a later one finds it. While a file takes
 * longer, nothing waits. */
#define USER_SYMBOLS_WAIT_NS (20 * 1000000L)
/* What was read is read again: a file can be rewritten in its place. */
#define USER_SYMBOLS_KEPT_NS (300 * 1000000000ULL)

struct user_symbols;

/* The thread begins with the first stack. NULL: no memory. */
struct user_symbols *user_symbols_new(void);
struct user_symbols *user_symbols_free(struct user_symbols *symbols);
/* Fill in module, symbol and offset. `record` has its data after it and was decoded; strings point
 * into it, and to names that stay for one more call. */
void user_symbols_resolve(struct user_symbols *symbols, const struct hit_record *record,
	struct stack_frame *frames, size_t depth);
