/* SPDX-License-Identifier: Apache-2.0 */
/* Live subscribers of the event stream. Each has a queue, filters and sequence of its own; one that
 * does not read loses its own events and is told so. Main thread only. */
#pragma once

#include "daemon/event.h"
#include "daemon/export/json_event.h"
#include "daemon/filter/filter.h"
#include "lib/buf.h"

#define SUBSCRIBERS_MAX	     16
#define SUBSCRIBER_QUEUE_MAX ((size_t)1 << 20) /* bytes that wait for one subscriber */

struct subscribers;
/* Whether anybody listens: formatting can be left out. */
bool subscribers_any(const struct subscribers *subscribers);
/* `json`: the object from json_event_format() without its end. */
void subscribers_publish(
	struct subscribers *subscribers, const struct event *event, const struct buf *json);

/* ---- for the control socket ---- */

/* Where a subscriber's events go. Neither function may remove the subscriber. */
struct subscriber_output {
	void *data;
	/* bytes of events that may be queued now; SUBSCRIBER_QUEUE_MAX when nothing is */
	size_t (*room)(void *data);
	/* queue one event: a whole JSON object, without newline */
	void (*send)(void *data, const char *json, size_t length);
};

struct subscriber_options {
	struct filter_list *allow, *deny; /* taken over, unless subscriber_add() fails */
	uint32_t kinds;			  /* bits of enum event_kind; 0: all */
	struct subscriber_output output;
};

struct subscriber;
/* `options` and `stream` are borrowed. NULL: no memory. */
struct subscribers *subscribers_new(const struct json_event_options *options, const char *stream);
/* Removes those that are left. Accepts NULL. */
struct subscribers *subscribers_free(struct subscribers *subscribers);
/* -EBUSY when there are SUBSCRIBERS_MAX, -ENOMEM. */
int subscriber_add(struct subscribers *subscribers, const struct subscriber_options *options,
	struct subscriber **ret_subscriber);
/* The stream its lines carry: the daemon's, a dot, and a number. */
const char *subscriber_stream(const struct subscriber *subscriber);
/* Its output has room again: tell of what was lost, if anything was. */
void subscriber_drained(struct subscriber *subscriber);
/* Accepts NULL. */
struct subscriber *subscriber_remove(struct subscriber *subscriber);
uint32_t subscribers_count(const struct subscribers *subscribers);
/* Events that subscribers did not read in time, of those that are gone too. */
uint64_t subscribers_lost(const struct subscribers *subscribers);
