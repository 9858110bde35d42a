/* SPDX-License-Identifier: Apache-2.0 */
/* Live subscribers of the event stream. Each has a queue, filters and sequence of its own; one that
 * does not read loses its own events and is told so. Main thread only. */
#pragma once

#include "daemon/event.h"
#include "lib/buf.h"

struct subscribers;
/* Whether anybody listens: formatting can be left out. */
bool subscribers_any(const struct subscribers *subscribers);
/* `json`: the object from json_event_format() without its end. */
void subscribers_publish(struct subscribers *subscribers, const struct event *event, const struct buf *json);
