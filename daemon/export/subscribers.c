/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/subscribers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/clock.h"

#define STREAM_MAX 160

struct subscriber {
	struct subscribers *all;
	struct subscriber *next;
	struct filter_list *allow, *deny;
	uint32_t kinds;
	struct subscriber_output output;
	uint64_t sequence; /* of the last event that passed the filters, lost ones counted */
	struct {
		uint64_t lines, first_sequence, last_sequence, since_ns, until_ns;
	} loss;
	char stream[STREAM_MAX];
};

struct subscribers {
	const struct json_event_options *options;
	const char *stream;
	struct subscriber *first;
	uint32_t count;
	uint64_t number, lost;
	struct buf line;
};

struct subscribers *subscribers_new(const struct json_event_options *options, const char *stream)
{
	struct subscribers *subscribers = calloc(1, sizeof(*subscribers));

	if (!subscribers)
		return NULL;
	subscribers->options = options;
	subscribers->stream = stream;
	return subscribers;
}

struct subscribers *subscribers_free(struct subscribers *subscribers)
{
	if (!subscribers)
		return NULL;
	while (subscribers->first)
		subscriber_remove(subscribers->first);
	buf_done(&subscribers->line);
	free(subscribers);
	return NULL;
}

int subscriber_add(struct subscribers *subscribers, const struct subscriber_options *options,
	struct subscriber **ret_subscriber)
{
	struct subscriber *subscriber;

	if (subscribers->count >= SUBSCRIBERS_MAX)
		return -EBUSY;
	subscriber = calloc(1, sizeof(*subscriber));
	if (!subscriber)
		return -ENOMEM;
	subscriber->all = subscribers;
	subscriber->allow = options->allow;
	subscriber->deny = options->deny;
	subscriber->kinds = options->kinds;
	subscriber->output = options->output;
	/* Its numbers are not those of the log, so its stream must not be either. */
	snprintf(subscriber->stream, sizeof(subscriber->stream), "%s.%" PRIu64, subscribers->stream,
		++subscribers->number);
	subscriber->next = subscribers->first;
	subscribers->first = subscriber;
	subscribers->count++;
	*ret_subscriber = subscriber;
	return 0;
}

struct subscriber *subscriber_remove(struct subscriber *subscriber)
{
	struct subscriber **link;

	if (!subscriber)
		return NULL;
	for (link = &subscriber->all->first; *link != subscriber; link = &(*link)->next)
		;
	*link = subscriber->next;
	subscriber->all->count--;
	if (!subscriber->all->count)
		buf_done(&subscriber->all->line);
	filter_list_free(subscriber->allow);
	filter_list_free(subscriber->deny);
	free(subscriber);
	return NULL;
}

const char *subscriber_stream(const struct subscriber *subscriber)
{
	return subscriber->stream;
}

uint32_t subscribers_count(const struct subscribers *subscribers)
{
	return subscribers->count;
}

uint64_t subscribers_lost(const struct subscribers *subscribers)
{
	return subscribers->lost;
}

bool subscribers_any(const struct subscribers *subscribers)
{
	return subscribers && subscribers->first;
}

static void count_loss(struct subscriber *subscriber, uint64_t sequence)
{
	uint64_t now = clock_ns(CLOCK_REALTIME);

	if (!subscriber->loss.lines) {
		subscriber->loss.first_sequence = sequence;
		subscriber->loss.since_ns = now;
	}
	subscriber->loss.lines++;
	subscriber->loss.last_sequence = sequence;
	subscriber->loss.until_ns = now;
	subscriber->all->lost++;
}

/* Send what stands in the common line buffer; false when there is no room. */
static bool send_line(struct subscriber *subscriber, uint64_t sequence)
{
	struct buf *line = &subscriber->all->line;

	json_event_finish(line, sequence, subscriber->stream);
	if (line->failed || !line->length)
		return false;
	if (line->data[line->length - 1] == '\n')
		line->length--;
	if (line->length > subscriber->output.room(subscriber->output.data))
		return false;
	subscriber->output.send(subscriber->output.data, line->data, line->length);
	return true;
}

void subscriber_drained(struct subscriber *subscriber)
{
	struct event event = {.kind = EVENT_EVENT_LOSS};

	if (!subscriber->loss.lines ||
		subscriber->output.room(subscriber->output.data) < SUBSCRIBER_QUEUE_MAX / 2)
		return;
	event.time = clock_ns(CLOCK_REALTIME);
	event.loss.stage = "subscriber";
	event.loss.reason = "queue full";
	event.loss.since = subscriber->loss.since_ns;
	event.loss.until = subscriber->loss.until_ns;
	event.loss.total = subscriber->loss.lines;
	event.loss.first_sequence = subscriber->loss.first_sequence;
	event.loss.last_sequence = subscriber->loss.last_sequence;
	buf_clear(&subscriber->all->line);
	json_event_format(subscriber->all->options, &event, &subscriber->all->line);
	if (!send_line(subscriber, subscriber->sequence + 1))
		return; /* no memory: the account stays open, and no number was used */
	subscriber->sequence++;
	subscriber->loss.lines = 0;
}

void subscribers_publish(
	struct subscribers *subscribers, const struct event *event, const struct buf *json)
{
	struct subscriber *subscriber;

	for (subscriber = subscribers->first; subscriber; subscriber = subscriber->next) {
		if (subscriber->kinds && !(subscriber->kinds & (1u << event->kind)))
			continue;
		if (!filter_allows(subscriber->allow, subscriber->deny, event))
			continue;
		subscriber_drained(subscriber);
		subscriber->sequence++;
		buf_clear(&subscribers->line);
		if (json->failed)
			subscribers->line.failed = true;
		else
			buf_append(&subscribers->line, json->data, json->length);
		/* Once something is lost, all is until there is room again: one account, not many.
		 */
		if (subscriber->loss.lines || !send_line(subscriber, subscriber->sequence))
			count_loss(subscriber, subscriber->sequence);
	}
}
