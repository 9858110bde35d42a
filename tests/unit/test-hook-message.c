/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/hook_message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static struct oci_state *make_state(const char *annotations)
{
	struct oci_state *state = NULL;
	struct error error = {};
	struct buf buf = {};

	buf_printf(&buf,
		"{\"ociVersion\":\"1\",\"id\":\"web\",\"status\":\"created\",\"pid\":7,"
		"\"bundle\":\"/b\",\"annotations\":{%s}}",
		annotations);
	ck_assert_msg(
		oci_state_parse(buf.data, buf.length, &state, &error) == 0, "%s", error.message);
	buf_done(&buf);
	return state;
}

START_TEST(test_round_trip)
{
	static const char command[] = "/usr/bin/conmon\0-n\0\xc3\xa9\0";
	struct hook_message message = {
		.stage = HOOK_STAGE_POSTSTART,
		.state = make_state("\"a\\\"b\":\"c\\nd\",\"\":\"\",\"\\u20ac\":\"x\""),
		.conmon = (char *)command,
		.conmon_length = sizeof(command) - 1,
		.started_ns = UINT64_MAX,
		.budget_ms = HOOK_BUDGET_MS_MAX,
		.boot_id = "0123456789abcdef0123456789abcdef",
		.init_start_ticks = 1234567890123,
	};
	struct hook_message *parsed = NULL;
	struct error error = {};
	struct buf buf = {};
	uint32_t left_out = 9;

	ck_assert_int_eq(hook_message_write(&message, &buf, &left_out), 0);
	ck_assert_uint_eq(left_out, 0);
	ck_assert_msg(hook_message_parse(buf.data, buf.length, &parsed, &error) == 0, "%s",
		error.message);
	ck_assert_int_eq(parsed->stage, HOOK_STAGE_POSTSTART);
	ck_assert_str_eq(parsed->state->id, "web");
	ck_assert_int_eq(parsed->state->pid, 7);
	ck_assert_str_eq(parsed->state->bundle, "/b");
	ck_assert_str_eq(oci_state_annotation(parsed->state, "a\"b"), "c\nd");
	ck_assert_str_eq(oci_state_annotation(parsed->state, ""), "");
	ck_assert_str_eq(oci_state_annotation(parsed->state, "\xe2\x82\xac"), "x");
	ck_assert_uint_eq(parsed->conmon_length, sizeof(command) - 1);
	ck_assert_mem_eq(parsed->conmon, command, sizeof(command) - 1);
	ck_assert_uint_eq(parsed->started_ns, UINT64_MAX);
	ck_assert_uint_eq(parsed->budget_ms, HOOK_BUDGET_MS_MAX);
	ck_assert_str_eq(parsed->boot_id, message.boot_id);
	ck_assert_uint_eq(parsed->init_start_ticks, message.init_start_ticks);
	hook_message_free(parsed);
	oci_state_free(message.state);
	buf_done(&buf);
}
END_TEST

/* `count` annotations of `length` bytes, and a short one. */
static struct oci_state *make_large_state(size_t count, size_t length)
{
	struct buf annotations = {};
	struct oci_state *state;

	buf_append_string(&annotations, "\"short\":\"y\"");
	for (size_t i = 0; i < count; i++) {
		buf_printf(&annotations, ",\"%04zu\":\"", i);
		for (size_t j = 0; j < length; j++)
			buf_append_char(&annotations, 'x');
		buf_append_char(&annotations, '"');
	}
	state = make_state(buf_string(&annotations));
	buf_done(&annotations);
	return state;
}

START_TEST(test_always_fits_a_packet)
{
	static const struct {
		size_t count, length, left_out;
		bool keeps_short;
	} cases[] = {
		{1, 1000, 0, true}, {1, HOOK_MESSAGE_MAX, 1, true}, {3, 1 << 20, 3, true},
		{200, 3000, 200, true},
		{4000, 400, 4001, false}, /* nothing is long, all of it is too much */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hook_message message = {
			.state = make_large_state(cases[i].count, cases[i].length)};
		struct hook_message *parsed = NULL;
		struct error error = {};
		struct buf buf = {};
		uint32_t left_out;

		ck_assert_int_eq(hook_message_write(&message, &buf, &left_out), 0);
		ck_assert_uint_eq(left_out, cases[i].left_out);
		ck_assert_uint_le(buf.length, HOOK_MESSAGE_MAX);
		ck_assert_int_eq(hook_message_parse(buf.data, buf.length, &parsed, &error), 0);
		ck_assert_uint_eq(parsed->annotations_left_out, cases[i].left_out);
		ck_assert(cases[i].keeps_short ==
			  (oci_state_annotation(parsed->state, "short") != NULL));
		hook_message_free(parsed);
		oci_state_free(message.state);
		buf_done(&buf);
	}
}
END_TEST

#define MESSAGE(version, stage, started, budget, boot, ticks, more)                                \
	"{\"version\":" version ",\"stage\":" stage ",\"started\":" started                        \
	",\"budget_ms\":" budget ",\"boot_id\":" boot ",\"init_start_ticks\":" ticks more "}"
#define REST                                                                                       \
	",\"annotations_left_out\":0,\"state\":{\"ociVersion\":\"1\",\"id\":\"a\",\"status\":"     \
	"\"created\",\"pid\":2,\"bundle\":\"/b\"}"
#define GOOD(more) MESSAGE("1", "\"poststart\"", "\"1\"", "300", "\"\"", "\"0\"", REST more)

START_TEST(test_refused)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"1",
		GOOD("") "{}",
		MESSAGE("2", "\"poststart\"", "\"1\"", "300", "\"\"", "\"0\"", REST),
		MESSAGE("1", "\"prestart?\"", "\"1\"", "300", "\"\"", "\"0\"", REST),
		MESSAGE("1", "0", "\"1\"", "300", "\"\"", "\"0\"", REST),
		MESSAGE("1", "\"poststart\"", "-1", "300", "\"\"", "\"0\"", REST),
		MESSAGE("1", "\"poststart\"", "\"1\"", "60001", "\"\"", "\"0\"", REST),
		MESSAGE("1", "\"poststart\"", "\"1\"", "300", "7", "\"0\"", REST),
		MESSAGE("1", "\"poststart\"", "\"1\"", "300",
			"\"0123456789abcdef0123456789abcdef0\"", "\"0\"", REST),
		MESSAGE("1", "\"poststart\"", "\"1\"", "300", "\"\"", "true", REST),
		MESSAGE("1", "\"poststart\"", "\"1\"", "300", "\"\"", "\"0\"", ""),
		GOOD(",\"conmon\":\"x\""),
		GOOD(",\"conmon\":[1]"),
		GOOD(",\"conmon\":[\"\\u0000\"]"),
		GOOD(",\"conmon\":{}"),
	};
	struct hook_message *message = NULL;
	struct error error = {};

	ck_assert_msg(hook_message_parse(GOOD(""), strlen(GOOD("")), &message, &error) == 0, "%s",
		error.message);
	hook_message_free(message);
	message = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ck_assert_msg(hook_message_parse(texts[i], strlen(texts[i]), &message, &error) < 0,
			"%s", texts[i]);
		ck_assert_ptr_null(message);
	}
}
END_TEST

START_TEST(test_conmon_is_bounded)
{
	struct hook_message *message = NULL;
	struct error error = {};
	struct buf buf = {};

	buf_append_string(&buf,
		"{\"version\":1,\"stage\":\"poststart\",\"started\":1,\"budget_ms\":1,"
		"\"boot_id\":\"\",\"init_start_ticks\":1" REST ",\"conmon\":[");
	for (int i = 0; i <= HOOK_CONMON_ARGUMENTS_MAX; i++)
		buf_append_string(&buf, i ? ",\"\"" : "\"\"");
	buf_append_string(&buf, "]}");
	ck_assert_int_eq(hook_message_parse(buf.data, buf.length, &message, &error), -EINVAL);
	buf_clear(&buf);
	buf_append_string(&buf,
		"{\"version\":1,\"stage\":\"poststart\",\"started\":1,\"budget_ms\":1,"
		"\"boot_id\":\"\",\"init_start_ticks\":1" REST ",\"conmon\":[\"");
	for (size_t i = 0; i < HOOK_CONMON_MAX; i++)
		buf_append_char(&buf, 'x');
	buf_append_string(&buf, "\"]}");
	ck_assert_int_eq(hook_message_parse(buf.data, buf.length, &message, &error), -E2BIG);
	buf_done(&buf);
}
END_TEST

START_TEST(test_answers)
{
	struct buf buf = {.limit = HOOK_ANSWER_MAX};
	struct error reason = {};
	char longest[ERROR_MESSAGE_MAX];
	bool registered = false;

	hook_answer_write(&buf, NULL);
	ck_assert_int_eq(hook_answer_parse(buf.data, buf.length, &registered, &reason), 0);
	ck_assert(registered);
	buf_clear(&buf);
	hook_answer_write(&buf, "because \"x\"\n");
	ck_assert_int_eq(hook_answer_parse(buf.data, buf.length, &registered, &reason), 0);
	ck_assert(!registered);
	ck_assert_str_eq(reason.message, "because \"x\"\n");
	/* the longest reason, each byte of it six in JSON */
	memset(longest, '\x01', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	buf_clear(&buf);
	hook_answer_write(&buf, longest);
	ck_assert(!buf.failed);
	ck_assert_int_eq(hook_answer_parse(buf.data, buf.length, &registered, &reason), 0);
	ck_assert_int_lt(hook_answer_parse("", 0, &registered, &reason), 0);
	ck_assert_int_lt(hook_answer_parse("{}", 2, &registered, &reason), 0);
	ck_assert_int_lt(hook_answer_parse("{\"registered\":1}", 16, &registered, &reason), 0);
	buf_done(&buf);
}
END_TEST

RUN_SUITE("hook-message", test_round_trip, test_always_fits_a_packet, test_refused,
	test_conmon_is_bounded, test_answers)
