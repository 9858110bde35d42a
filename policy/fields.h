/* SPDX-License-Identifier: Apache-2.0 */
/* Reading objects by tables: a table says of each field what it may hold and where that goes. What
 * is not in the table is refused, with the fields that are and the one that was probably meant. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/model.h"
#include "policy/report.h"
#include "policy/words.h"

enum field_kind {
	FIELD_TEXT,	/* struct policy_text */
	FIELD_BOOLEAN,	/* bool */
	FIELD_INTEGER,	/* int64_t */
	FIELD_WORD,	/* int, one of `words` */
	FIELD_TEXTS,	/* struct policy_texts */
	FIELD_INTEGERS, /* struct policy_integers */
	FIELD_LABELS,	/* struct policy_labels: a mapping of texts */
	FIELD_OBJECT,	/* an object of `type`, in place */
	FIELD_OBJECTS,	/* an array of objects of `type` */
	FIELD_MACROS,	/* a mapping of selectors */
	FIELD_ANYTHING	/* what Kubernetes writes into an object; not looked at */
};

struct object_type;

struct field {
	const char *name;
	enum field_kind kind;
	bool required, any_case; /* any_case: of words */
	/* Of texts: an integer stands for its decimal digits, yes for true. */
	bool integers_too, booleans_too;
	size_t offset;
	size_t count_max;	  /* of arrays, labels; 0: POLICY_VALUES_MAX */
	size_t length_max;	  /* of texts, in bytes; 0: POLICY_PATH_LENGTH_MAX */
	int64_t minimum, maximum; /* of integers */
	bool initial;		  /* of a boolean that is not given */
	const struct policy_word *words;
	const struct object_type *type;
	const char *refused; /* the field is known and not taken: why */
};

struct object_type {
	size_t size;
	const struct field *fields; /* ends with a NULL name */
	/* Where `source` lies, the value in the file; SIZE_MAX for none. */
	size_t source_offset;
};

#define INTEGER_ANY   .minimum = INT64_MIN, .maximum = INT64_MAX
#define INTEGER_INT32 .minimum = INT32_MIN, .maximum = INT32_MAX

struct field_reader {
	struct arena *arena;
	struct policy_report *report;
};

/* Fill `object` (type->size bytes). Problems go to the report; what they concern is left initial.
 * -ENOMEM when there is no memory, 0 otherwise. */
int read_object(struct field_reader *reader, const struct yaml_value *value,
	const struct object_type *type, void *object);
/* The same for a value that must be an array of such objects, at most count_max of them. */
int read_objects(struct field_reader *reader, const struct yaml_value *value,
	const struct object_type *type, size_t count_max, void **ret_items, size_t *ret_count);

/* "an integer", "text" … in words, for messages about what was found. */
const char *yaml_value_description(const struct yaml_value *value);
