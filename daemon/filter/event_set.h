/* SPDX-License-Identifier: Apache-2.0 */
/* The filter field "event_set": kinds of events by Tetragon's names (PROCESS_EXEC) and, in the same
 * form, ours (CONTAINER_START). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/event.h"
#include "lib/error.h"
#include "lib/json.h"

struct event_set {
	uint64_t mask; /* 1 << enum event_kind */
};

int event_set_parse(const struct json_value *array, struct event_set *ret_set, struct error *error);
static inline bool event_set_has(struct event_set set, enum event_kind kind)
{
	return set.mask >> kind & 1;
}
