/* SPDX-License-Identifier: Apache-2.0 */
/* A byte buffer that grows up to a limit. A failed append (limit, memory) sets `failed` and every
 * later append does nothing, so that a writer checks once, at its end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/cleanup.h"

struct buf {
	char *data;
	size_t length, capacity;
	size_t limit; /* bytes; 0 means BUF_DEFAULT_LIMIT */
	bool failed;
};

#define BUF_DEFAULT_LIMIT ((size_t)64 << 20)

/* Make room for `more` bytes after length; false (and failed set) when that cannot be had. */
bool buf_reserve(struct buf *buf, size_t more);
/* Format at the end, without a NUL. */
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_u64(struct buf *buf, uint64_t value);
void buf_i64(struct buf *buf, int64_t value);
/* Put a NUL after the data (not counted in length) and return it as a string; NULL if failed. */
char *buf_string(struct buf *buf);
/* Forget the data, keep the memory, clear `failed`. */
static inline void buf_clear(struct buf *buf)
{
	buf->length = 0;
	buf->failed = false;
}
/* Release the memory; the buffer can be used again. */
void buf_done(struct buf *buf);

static inline void buf_append(struct buf *buf, const void *data, size_t length)
{
	if (buf->capacity - buf->length < length && !buf_reserve(buf, length))
		return;
	if (!length || buf->failed)
		return;
	memcpy(buf->data + buf->length, data, length);
	buf->length += length;
}

static inline void buf_append_char(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}

static inline void buf_append_string(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

#define buf_append_literal(buf, text) buf_append((buf), "" text "", sizeof(text) - 1)
#define _cleanup_buf_		      _cleanup_(buf_done)
