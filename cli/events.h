/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `tallyman events` share: events.c has the options, event_show.c shows one
 * event, events_files.c and events_live.c get them. */
#pragma once

#include "cli/cli.h"
#include "cli/compact.h"
#include "cli/event_filter.h"
#include "lib/buf.h"
#include "lib/error.h"

struct kept_line { /* of --lines N, in a ring */
	char *text;
	size_t length;
};

struct events {
	struct cli *cli;
	struct event_filter filter;
	struct compact_options compact;
	bool json, follow, verify, terminal;
	size_t lines; /* 0: all */
	struct buf out;
	struct kept_line *kept;
	uint64_t shown, damaged;
};

/* One line of JSON: show it, or keep it for later, if it is wanted. -EINVAL: it is no event. */
int events_take(struct events *events, const char *text, size_t length, struct error *error);
/* Show it; `event` may be NULL when JSON is shown. */
void events_print(
	struct events *events, const char *text, size_t length, const struct json_value *event);

/* These return the exit code. */
int events_read_files(struct events *events, char **names, size_t count);
int events_verify_files(struct events *events, char **names, size_t count);
int events_read_live(struct events *events);
