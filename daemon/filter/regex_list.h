/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON array of regular expressions, one of which has to match. */
#pragma once

#include "daemon/filter/regex.h"
#include "lib/error.h"
#include "lib/json.h"

struct regex_list {
	struct regex **items;
	size_t count;
};

int regex_list_parse(const struct json_value *array, const char *field, struct regex_list *ret_list,
	struct error *error);
void regex_list_done(struct regex_list *list);
/* REGEX_RUN_AWAY when none matches and at least one ran away. */
enum regex_result regex_list_search(const struct regex_list *list, struct regex_machine *machine,
	const char *text, size_t length);
