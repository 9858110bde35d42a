/* SPDX-License-Identifier: Apache-2.0 */
/* The filter field "capabilities": {"effective": {"any": ["CAP_SYS_ADMIN"]}}. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/include/event.h"
#include "lib/error.h"
#include "lib/json.h"

enum capability_rule {
	CAPABILITY_RULE_NONE_SET, /* the set is not looked at */
	CAPABILITY_RULE_ANY,
	CAPABILITY_RULE_ALL,
	CAPABILITY_RULE_EXACTLY,
	CAPABILITY_RULE_NONE,
};

struct capability_filter {
	struct {
		enum capability_rule rule;
		uint64_t mask;
	} permitted, effective, inheritable;
};

int capability_filter_parse(
	const struct json_value *value, struct capability_filter *ret_filter, struct error *error);
bool capability_filter_matches(
	const struct capability_filter *filter, const struct credentials *credentials);
