/* SPDX-License-Identifier: Apache-2.0 */
/* How json_parse.c lays a document out and json.c walks it. Not for others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/json.h"

struct json_value {
	enum json_type type;
	bool boolean;
	unsigned line, column;
	/* as a member of an object */
	const char *key;
	size_t key_length;
	/* as a member of an array or an object that is still open */
	struct json_value *next;
	union {
		struct { /* strings, numbers; NUL-terminated */
			const char *text;
			size_t length;
		};
		struct { /* arrays, objects */
			size_t count;
			struct json_value **items;  /* in the order of the text */
			struct json_value **sorted; /* objects: by json_compare_keys() */
		};
	};
};

/* Order of keys: by length, then by bytes. */
int json_compare_keys(const char *a, size_t a_length, const char *b, size_t b_length);
