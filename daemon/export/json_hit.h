/* SPDX-License-Identifier: Apache-2.0 */
/* Matches of policies as JSON: process_kprobe, process_tracepoint, process_uprobe, process_usdt,
 * process_lsm and process_loader in Tetragon's names and order. */
#pragma once

#include "daemon/export/json_event.h"

/* What stands between `parent` and `ancestors`, and what after those. */
void json_hit_format(
	const struct json_event_options *options, const struct event *event, struct buf *buf);
void json_hit_format_end(
	const struct json_event_options *options, const struct event *event, struct buf *buf);
/* "KPROBE_ACTION_POST" */
const char *json_action_name(enum policy_action_kind action);
