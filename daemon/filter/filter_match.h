/* SPDX-License-Identifier: Apache-2.0 */
/* One event being matched, for what looks at it: filter_match.c and CEL. */
#pragma once

#include <stdbool.h>

#include "daemon/filter/filter_list.h"

struct match {
	const struct event *event;
	struct filter_scratch *scratch;
	bool joined, parent_joined;
};

/* The arguments of event->process or event->parent, joined when first asked for; NULL when they
 * could not be. */
const struct buf *match_arguments(struct match *match, bool of_parent);
