/* SPDX-License-Identifier: Apache-2.0 */
/* Event JSON into a struct buf: commas are placed here, strings of any bytes come out as valid
 * JSON and valid UTF-8 (each invalid byte becomes U+FFFD), nothing is allocated but by the buffer.
 * Keys are written as given and must need no escaping. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* Write `,` first unless the buffer is empty or ends in `{`, `[`, `:` or a newline. */
void json_comma(struct buf *buf);
void json_key_n(struct buf *buf, const char *key, size_t length);
#define json_key(buf, key) json_key_n((buf), (key), __builtin_strlen(key))

void json_open_object(struct buf *buf);
void json_close_object(struct buf *buf);
void json_open_array(struct buf *buf);
void json_close_array(struct buf *buf);

/* A string value from `length` bytes; true when bytes were replaced by U+FFFD. */
bool json_string_n(struct buf *buf, const char *data, size_t length);
bool json_string(struct buf *buf, const char *text);
/* Only the escaped inside, no quotes and no comma: for strings put together from parts. */
bool json_escape(struct buf *buf, const char *data, size_t length);
void json_number(struct buf *buf, int64_t value);
void json_unsigned(struct buf *buf, uint64_t value);
/* A 64-bit number as a JSON string, as protojson writes them. */
void json_u64_string(struct buf *buf, uint64_t value);
void json_i64_string(struct buf *buf, int64_t value);
void json_bool(struct buf *buf, bool value);
void json_base64(struct buf *buf, const void *data, size_t length);
/* RFC 3339 UTC with nanoseconds, from nanoseconds since 1970. */
void json_time(struct buf *buf, uint64_t realtime_ns);
/* Text that is JSON already. */
void json_raw(struct buf *buf, const char *text, size_t length);

#define json_key_string(buf, key, text)	   (json_key(buf, key), json_string(buf, text))
#define json_key_number(buf, key, value)   (json_key(buf, key), json_number(buf, value))
#define json_key_unsigned(buf, key, value) (json_key(buf, key), json_unsigned(buf, value))
#define json_key_u64(buf, key, value)	   (json_key(buf, key), json_u64_string(buf, value))
#define json_key_bool(buf, key, value)	   (json_key(buf, key), json_bool(buf, value))
