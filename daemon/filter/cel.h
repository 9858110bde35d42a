/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter field "cel_expression": the part of the Common Expression Language that event filters
 * use. Fields by their JSON names (process_exec.process.binary), == != < <= > >= in && || !,
 * startsWith() endsWith() contains() matches(), strings, whole numbers, true, false, lists, labels
 * by
 * ["key"]. Everything else is an error that says so.
 */
#pragma once

#include <stdint.h>

#include "daemon/event.h"
#include "daemon/filter/regex.h"
#include "lib/error.h"

#define CEL_TEXT_MAX  4096
#define CEL_DEPTH_MAX 32

struct cel;
struct match;

int cel_parse(const char *text, size_t length, struct cel **ret_cel, struct error *error);
struct cel *cel_free(struct cel *cel);
/* REGEX_NO also when the expression asks for fields of another kind of event than this. */
enum regex_result cel_matches(const struct cel *cel, struct match *match);
