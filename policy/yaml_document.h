/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as a tree in which each value knows where it stands; libyaml is seen nowhere else. Input is
 * hostile: bytes, depth, values and keys are limited, duplicate keys are refused, and so are
 * anchors, aliases and tags (an alias names in ten bytes what takes gigabytes to write out). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"

#define YAML_BYTES_MAX	   ((size_t)1 << 20) /* Kubernetes stores no larger object */
#define YAML_DEPTH_MAX	   32
#define YAML_VALUES_MAX	   100000
#define YAML_KEYS_MAX	   1024 /* of one mapping: duplicates are looked for one by one */
#define YAML_DOCUMENTS_MAX 64

enum yaml_kind {
	YAML_KIND_SCALAR,
	YAML_KIND_SEQUENCE,
	YAML_KIND_MAPPING
};

struct yaml_value {
	enum yaml_kind kind;
	bool plain;	       /* a scalar without quotes: may mean a number, a boolean or null */
	uint32_t line, column; /* from 1; of a mapping's or sequence's first character */
	const char *text;      /* of a scalar, with a NUL after it; NUL bytes may stand inside */
	size_t length;
	/* Of a scalar that stands on one line just as `text` has it: where that begins. Else 0. */
	uint32_t text_column;
	struct yaml_value *key;		 /* of a mapping's value */
	struct yaml_value *parent;	 /* NULL for a document's root */
	struct yaml_value *first, *next; /* children, and the next of the same parent */
	size_t count, index;		 /* of children; among the parent's children */
};

/* Where and why reading stopped. */
struct yaml_error {
	const struct yaml_value *value; /* whose path it is; NULL: what stands there is not YAML */
	uint32_t line, column;
	char message[256];
};

/* Read every document of a text. The values live in `arena`. Returns the number of documents (empty
 * ones are left out), or -EINVAL (what is wrong in `error`), -E2BIG (beyond a limit, likewise),
 * -ENOMEM. */
int yaml_documents_parse(struct arena *arena, const char *text, size_t length,
	struct yaml_value *ret_documents[YAML_DOCUMENTS_MAX], struct yaml_error *error);

/* NULL if there is no such key, or no mapping. */
const struct yaml_value *yaml_value_get(const struct yaml_value *mapping, const char *key);

/* What a scalar means when no field says what it should be, as Kubernetes reads it (YAML 1.1
 * without dates and base 60). */
enum yaml_meaning {
	YAML_MEANS_NULL,
	YAML_MEANS_BOOLEAN,
	YAML_MEANS_INTEGER,
	YAML_MEANS_FLOAT,
	YAML_MEANS_STRING
};
enum yaml_meaning yaml_value_meaning(const struct yaml_value *scalar);
/* NULL pointers, and scalars that mean null. */
bool yaml_value_is_null(const struct yaml_value *value);
/* -EINVAL unless it means a boolean. */
int yaml_value_boolean(const struct yaml_value *scalar, bool *ret_value);
/* -EINVAL unless it means an integer, -ERANGE for one that int64_t cannot hold. */
int yaml_value_integer(const struct yaml_value *scalar, int64_t *ret_value);
