/* SPDX-License-Identifier: Apache-2.0 */
/* FieldMask paths ("process.pod.name") as a tree, and what such a tree does to the text of an
 * event. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

#define FIELD_PATHS_MAX 256

struct field_mask {
	struct field_mask *children, *next;
	bool whole; /* the path ends here */
	size_t name_length;
	char name[];
};

struct field_mask *field_mask_new(void);
struct field_mask *field_mask_free(struct field_mask *mask);
/* Comma-separated paths below the event object, in snake_case or in FieldMask's camelCase. With
 * `exclude`, a path takes along what says the same in another form (argv for arguments). -EINVAL
 * for a name that no event has. */
int field_mask_add_paths(struct field_mask *mask, const char *paths, size_t length, bool exclude,
	struct error *error);

enum field_mask_mode {
	FIELD_MASK_INCLUDE,
	FIELD_MASK_INCLUDE_PROCESSES, /* of the event's fields only process, parent and ancestors
					 are looked at */
	FIELD_MASK_EXCLUDE,
};
/* Rewrite `{"kind":{…}REST` in place; REST stays. -EINVAL when it is not JSON of that form, the
 * text is then of no use. */
int field_mask_apply(const struct field_mask *mask, enum field_mask_mode mode, struct buf *json);

/* Whether a dotted path below the event object is one that events have. */
bool field_path_known(const char *path, size_t length);
