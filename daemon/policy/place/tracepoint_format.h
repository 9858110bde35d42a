/* SPDX-License-Identifier: Apache-2.0 */
/* What tracefs says of a tracepoint's record. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

#define TRACEPOINT_FIELDS_MAX 64
#define TRACEPOINT_FORMAT_MAX 65536

struct tracepoint_format_field {
	char type[64],
		name[48]; /* "unsigned long", "args": brackets and what is in them left out */
	uint32_t offset, size;
	uint32_t elements; /* of an array; 0: none */
	bool is_signed, is_pointer, is_data_loc;
};

struct tracepoint_format {
	struct tracepoint_format_field fields[TRACEPOINT_FIELDS_MAX];
	size_t count; /* the common ones included */
};

/* -ENOENT: no such tracepoint; -EACCES; -EINVAL: a format that is not understood. */
int tracepoint_format_read(const char *subsystem, const char *event,
	struct tracepoint_format *ret_format, struct error *error);
int tracepoint_format_parse(const char *text, struct tracepoint_format *ret_format);
bool tracepoint_exists(const char *subsystem, const char *event);
