/* SPDX-License-Identifier: Apache-2.0 */
/* An event as one line to read, in the manner of Tetragon's compact output. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/json.h"

struct compact_options {
	bool colour, timestamps;
};

/* The key of an event that names its kind ("process_exec"), and its object; NULL when there is
 * none. */
const char *event_kind_of(const struct json_value *event, const struct json_value **ret_body);
/* The container an event is about or comes from; NULL for the host's. */
const struct json_value *event_container(const struct json_value *body);

/* Append the line with its newline, and those of its stack traces. Nothing for an event without
 * what its kind must have. */
void compact_format(
	const struct compact_options *options, const struct json_value *event, struct buf *out);
