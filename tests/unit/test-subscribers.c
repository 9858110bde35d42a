/* SPDX-License-Identifier: Apache-2.0 */
/* Live subscribers over the control socket: numbers, filters, and readers that do not read. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/control-server.h"
#include "tests/unit/unit.h"

static struct test_client subscribe(const char *parameters)
{
	struct test_client client = client_open();
	char call[512];

	snprintf(call, sizeof(call),
		"{\"method\":\"io.tallyman.SubscribeEvents\",\"more\":true,\"parameters\":%s}",
		parameters);
	ck_assert_ptr_null(client_error(&client, call));
	ck_assert_ptr_nonnull(json_path(json_root(client.document), "parameters", "stream", NULL));
	return client;
}

static const struct json_value *next_event(struct test_client *client)
{
	const struct json_value *reply = client_reply(client);

	ck_assert(json_is_true(json_get(reply, "continues")));
	return json_path(reply, "parameters", "event", NULL);
}

static uint64_t number(const struct json_value *object, const char *key)
{
	uint64_t value = 0;

	ck_assert_msg(!json_u64(json_get(object, key), &value), "no %s", key);
	return value;
}

static bool nothing_more(struct test_client *client)
{
	const char *text;
	size_t length;

	return !client_read(client, &text, &length) && !client->closed;
}

START_TEST(test_each_has_its_own_numbers)
{
	struct test_client all = subscribe("{}");
	struct test_client stops = subscribe("{\"kinds\":[\"container_stop\",\"daemon_stop\"]}");
	const char *stream;
	char first[128];

	publish(EVENT_CONTAINER_START, 1);
	publish(EVENT_CONTAINER_STOP, 1);
	ck_assert_uint_eq(number(next_event(&all), "sequence"), 1);
	stream = json_text(
		json_path(json_root(all.document), "parameters", "event", "stream", NULL));
	snprintf(first, sizeof(first), "%s", stream);
	ck_assert_uint_eq(number(next_event(&all), "sequence"), 2);
	ck_assert_ptr_nonnull(json_get(next_event(&stops), "container_stop"));
	ck_assert_uint_eq(number(json_path(json_root(stops.document), "parameters", "event", NULL),
				  "sequence"),
		1);
	stream = json_text(
		json_path(json_root(stops.document), "parameters", "event", "stream", NULL));
	ck_assert_str_ne(stream, first);
	ck_assert(!strncmp(stream, "S.", 2));
	ck_assert(nothing_more(&all) && nothing_more(&stops));
	client_close(&all);
	client_close(&stops);
	ck_assert(!subscribers_any(control_subscribers(server.control)));
	publish(EVENT_CONTAINER_START, 1); /* to nobody */
}
END_TEST

START_TEST(test_filters)
{
	struct test_client client = subscribe(
		"{\"deny_list\":\"{\\\"event_set\\\":[\\\"PROCESS_EXIT\\\"]}\",\"kinds\":[]}");

	publish(EVENT_PROCESS_EXIT, 1);
	publish(EVENT_PROCESS_EXEC, 1);
	ck_assert_ptr_nonnull(json_get(next_event(&client), "process_exec"));
	ck_assert(nothing_more(&client));
	client_close(&client);
}
END_TEST

/* Every number arrives once, or is named by an event_loss of this subscriber. */
START_TEST(test_one_that_does_not_read)
{
	struct test_client lazy = subscribe("{}"), keen = subscribe("{}");
	const uint64_t published = 20000;
	uint64_t seen = 0, lost = 0, last = 0, keen_seen = 0;
	struct control_counters counters;

	for (uint64_t i = 0; i < published; i++) {
		publish(EVENT_PROCESS_EXEC, 500);
		if (i % 100 == 0)
			while (keen_seen <= i)
				ck_assert_uint_eq(
					number(next_event(&keen), "sequence"), ++keen_seen);
	}
	control_counters_get(server.control, &counters);
	ck_assert_uint_gt(counters.lost, 0);
	while (last < published) {
		const struct json_value *event = next_event(&lazy);
		const struct json_value *loss = json_get(event, "event_loss");
		uint64_t sequence = number(event, "sequence");

		if (loss) {
			ck_assert_str_eq(json_text(json_get(loss, "stage")), "subscriber");
			ck_assert_uint_eq(number(loss, "first_sequence"), last + 1);
			ck_assert_uint_eq(number(loss, "lost"),
				number(loss, "last_sequence") - number(loss, "first_sequence") + 1);
			lost += number(loss, "lost");
			last = number(loss, "last_sequence");
		} else {
			seen++;
		}
		ck_assert_uint_eq(sequence, ++last);
	}
	ck_assert_uint_gt(seen, 0);
	ck_assert_uint_eq(seen + lost, published);
	ck_assert_uint_eq(lost, counters.lost);
	publish(EVENT_PROCESS_EXEC, 500);
	ck_assert_uint_eq(number(next_event(&lazy), "sequence"), last + 1);
	while (keen_seen < published + 1)
		ck_assert_uint_eq(number(next_event(&keen), "sequence"), ++keen_seen);
	client_close(&lazy);
	client_close(&keen);
}
END_TEST

START_TEST(test_event_longer_than_the_queue)
{
	struct test_client client = subscribe("{}");
	const struct json_value *loss;

	publish(EVENT_PROCESS_EXEC, 2u << 20);
	publish(EVENT_PROCESS_EXEC, 1);
	loss = json_get(next_event(&client), "event_loss");
	ck_assert_uint_eq(number(loss, "lost"), 1);
	ck_assert_ptr_nonnull(json_get(next_event(&client), "process_exec"));
	client_close(&client);
}
END_TEST

START_TEST(test_bounded_number)
{
	struct test_client clients[SUBSCRIBERS_MAX], one_more = client_open();

	for (int i = 0; i < SUBSCRIBERS_MAX; i++)
		clients[i] = subscribe("{}");
	ck_assert_str_eq(client_error(&one_more,
				 "{\"method\":\"io.tallyman.SubscribeEvents\",\"more\":true}"),
		"io.tallyman.Busy");
	client_close(&clients[3]);
	ck_assert_ptr_null(client_error(
		&one_more, "{\"method\":\"io.tallyman.SubscribeEvents\",\"more\":true}"));
	for (int i = 0; i < SUBSCRIBERS_MAX; i++)
		if (i != 3)
			client_close(&clients[i]);
	client_close(&one_more);
}
END_TEST

/* A subscriber that goes away with events waiting, and one that sends more calls. */
START_TEST(test_rude_ends)
{
	struct test_client gone = subscribe("{}"), talker = subscribe("{}");

	for (int i = 0; i < 3000; i++)
		publish(EVENT_PROCESS_EXEC, 500);
	close(gone.fd);
	gone.fd = -1;
	for (int i = 0; i < 10; i++)
		publish(EVENT_PROCESS_EXEC, 500);
	client_close(&gone);
	client_call(&talker, "{\"method\":\"io.tallyman.GetVersion\"}");
	client_call(&talker, "garbage");
	publish(EVENT_PROCESS_EXEC, 1);
	ck_assert_ptr_nonnull(next_event(&talker));
	server.turns = 0;
	pump();
	ck_assert_uint_lt(server.turns, 100); /* calls that wait do not make the loop spin */
	client_close(&talker);
	ck_assert(!subscribers_any(control_subscribers(server.control)));
}
END_TEST

START_TEST(test_stop_with_subscribers)
{
	struct test_client client = subscribe("{}");

	publish(EVENT_DAEMON_STOP, 1);
	server.control = control_stop(server.control);
	ck_assert_ptr_nonnull(json_get(next_event(&client), "daemon_stop"));
	ck_assert(client_is_closed(&client));
	client_close(&client);
}
END_TEST

RUN_SUITE_IN(server_start, server_stop, "subscribers", test_each_has_its_own_numbers, test_filters,
	test_one_that_does_not_read, test_event_longer_than_the_queue, test_bounded_number,
	test_rude_ends, test_stop_with_subscribers)
