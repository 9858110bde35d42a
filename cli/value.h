/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values as people or other programs are to see them. */
#pragma once

#include "lib/buf.h"
#include "lib/json.h"

#define VALUE_NUMBER_MAX 24
#define VALUE_TIME_MAX	 32

/* A whole number (or one in a string) as text; NULL when it is none. */
const char *value_number(const struct json_value *value, char text[VALUE_NUMBER_MAX]);
/* An RFC 3339 time without its fraction: "2026-01-02 03:04:05"; NULL when it is none. */
const char *value_time(const struct json_value *value, char text[VALUE_TIME_MAX]);
/* Append the value as JSON again. */
void value_json(const struct json_value *value, struct buf *out);
/* Append a scalar as plain text: strings escaped if need be, true and false as yes and no. */
void value_text(const struct json_value *value, struct buf *out);
