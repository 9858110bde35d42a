/* SPDX-License-Identifier: Apache-2.0 */
/* An argument of a hook as JSON, in the forms of Tetragon's KprobeArgument: one key by its type,
 * and beside it what the policy calls it and what that form has no place for. */
#pragma once

#include "daemon/export/json_event.h"

/* Append `{"string_arg":"…"}` for argument `index` (HOOK_RETURN_ARGUMENT: the return value). An
 * array of longs becomes several values, as in Tetragon. */
void json_argument_format(const struct json_event_options *options, const struct policy_hit *hit,
	uint32_t index, struct buf *buf);
