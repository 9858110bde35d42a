/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON that others wrote; yajl is seen nowhere else. Input is hostile: size, depth and
 * number of values are limited, duplicate keys are refused, strings are valid UTF-8, numbers keep
 * their text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/error.h"

enum json_type {
	JSON_NULL,
	JSON_BOOLEAN,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json_value; /* owned by the document it was parsed into */
struct json_document;

struct json_limits {
	size_t bytes;  /* 0: 16 MiB */
	size_t depth;  /* 0: 64 */
	size_t values; /* 0: 1,000,000 */
};

/* Parse one whole document. The input is not kept. -EINVAL with line and column in `error`,
 * -E2BIG beyond a limit, -ENOMEM. */
int json_parse(const char *text, size_t length, const struct json_limits *limits,
	struct json_document **ret_document, struct error *error);
struct json_document *json_document_free(struct json_document *document);
static inline void json_document_free_p(struct json_document **document)
{
	json_document_free(*document);
}
#define _cleanup_json_ _cleanup_(json_document_free_p)

const struct json_value *json_root(const struct json_document *document);

/* All accept NULL and a value of another type, and then say "nothing": walks need no checks. */
enum json_type json_type(const struct json_value *value); /* JSON_NULL for NULL */
const struct json_value *json_get(const struct json_value *object, const char *key);
/* Follow keys down: json_path(v, "linux", "cgroupsPath", NULL) */
const struct json_value *json_path(const struct json_value *object, const char *key, ...)
	__attribute__((sentinel));
size_t json_count(const struct json_value *array_or_object);
const struct json_value *json_at(const struct json_value *array, size_t index);
/* The index-th member of an object; the key is NUL-terminated, its length in ret_key_length (may be
 * NULL). */
const struct json_value *json_member(const struct json_value *object, size_t index,
	const char **ret_key, size_t *ret_key_length);
/* NUL-terminated; NULL if not a string, or if it holds a NUL byte (\u0000). */
const char *json_text(const struct json_value *value);
/* Any string with its length; NULL if not a string. */
const char *json_text_n(const struct json_value *value, size_t *ret_length);
bool json_is_true(const struct json_value *value);
/* -EINVAL when not an integer in range. Accepts protojson's "123" strings too. */
int json_i64(const struct json_value *value, int64_t *ret);
int json_u64(const struct json_value *value, uint64_t *ret);
/* The digits of a number as they were written, NUL-terminated; NULL if not a number. */
const char *json_number_text(const struct json_value *value);
/* Where the value began in the text, for error messages; 1-based. */
void json_position(const struct json_value *value, unsigned *ret_line, unsigned *ret_column);
