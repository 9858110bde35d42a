/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of events that CEL expressions may name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/event.h"
#include "lib/error.h"

enum cel_type {
	CEL_BOOLEAN,
	CEL_NUMBER,
	CEL_STRING,
	CEL_MAP,
	CEL_LIST_TYPE
};
const char *cel_type_name(enum cel_type type);

enum cel_subject {
	CEL_PROCESS,
	CEL_PARENT,
	CEL_CONTAINER,
	CEL_EVENT
};

struct cel_field {
	enum event_kind kind;
	enum cel_subject subject;
	int number; /* in the table of fields */
};

/* `path`: KIND.process.binary and so on. */
int cel_field_find(const char *path, size_t length, struct cel_field *ret_field,
	enum cel_type *ret_type, struct error *error);

struct cel_value {
	enum cel_type type;
	bool boolean;
	int64_t number;
	const char *text;
	size_t length;
	const struct label *labels; /* CEL_MAP */
	size_t label_count;
	char space[24]; /* of a text that has to be put together */
};

struct match;
/* false when the event is of another kind, or has no such thing. */
bool cel_field_get(const struct cel_field *field, struct match *match, struct cel_value *ret_value);
