/* SPDX-License-Identifier: Apache-2.0 */
/* Filter texts: JSON objects one after the other, with blanks or lines between or nothing at all.
 * Each error begins with LINE:COLUMN of the whole text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/json.h"

#define FILTER_TEXT_MAX	   (256u << 10) /* bytes */
#define FILTER_OBJECTS_MAX 256

struct json_objects {
	const char *text;
	size_t length, position;
	unsigned int count;
	struct buf padded;
};

void json_objects_init(struct json_objects *objects, const char *text);
void json_objects_done(struct json_objects *objects);
/* 1 and the next object, 0 at the end, -EINVAL, -E2BIG, -ENOMEM. */
int json_objects_next(
	struct json_objects *objects, struct json_document **ret_document, struct error *error);

/* "LINE:COLUMN: field: what", -EINVAL. */
int json_value_error(struct error *error, const struct json_value *value, const char *field,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Elements of an array of strings: calls `take` for each. An empty array is an error: it would
 * match nothing, which nobody means. */
int json_each_string(const struct json_value *array, const char *field,
	int (*take)(void *data, const char *text, size_t length, struct error *error), void *data,
	struct error *error);
