/* SPDX-License-Identifier: Apache-2.0 */
/* The names of events' fields, as a tree. */
#pragma once

#include <stddef.h>

struct field_name {
	const char *name;
	const struct field_name
		*fields; /* up to one without a name; NULL: there is nothing below */
};

extern const struct field_name *const field_names_event; /* what is below the event object */
/* NULL when there is none of that name. */
const struct field_name *field_names_find(
	const struct field_name *names, const char *name, size_t length);
const struct field_name *field_names_below(const struct field_name *name);
