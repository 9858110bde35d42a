/* SPDX-License-Identifier: Apache-2.0 */
/* How json_parse.c lays a document out and json.c walks it. Not for others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/json.h"

struct json_value {
	enum json_type type;
	unsigned line, column;
	bool boolean;
	/* the text of a string or a number, NUL-terminated */
	const char *text;
	size_t length;
	/* as a member of an object */
	const char *key;
	size_t key_length;
	/* of an array or an object: a list while it is parsed, tables when it is closed */
	struct json_value *first, *last, *next;
	size_t count;
	struct json_value **items;  /* as written */
	struct json_value **sorted; /* objects: by key */
};

/* Order of keys: by length, then by bytes. */
int json_compare_keys(const char *a, size_t a_length, const char *b, size_t b_length);
