/* SPDX-License-Identifier: Apache-2.0 */
/* Which events `tallyman events` shows: --container, --containers, --label, --event, --host,
 * and the kinds of `-o tetragon`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/json.h"

#define EVENT_FILTER_VALUES_MAX 64 /* of each option */

struct event_filter {
	const char *containers[EVENT_FILTER_VALUES_MAX];
	const char *labels[EVENT_FILTER_VALUES_MAX]; /* "key=value" or "key" */
	const char *kinds[EVENT_FILTER_VALUES_MAX];
	size_t container_count, label_count, kind_count;
	bool containers_only; /* --containers: of any container */
	bool host, tetragon;
};

/* A kind by its name or, for process_exec and the like, without "process_"; NULL: there is none. */
const char *event_filter_kind(const char *name);
/* The names of all kinds, for a message. */
void event_filter_kinds(struct buf *buf);
bool event_filter_any(const struct event_filter *filter);
bool event_filter_matches(const struct event_filter *filter, const struct json_value *event);
/* The parameters of SubscribeEvents that keep most of what does not match in the daemon. */
void event_filter_parameters(const struct event_filter *filter, struct buf *buf);
