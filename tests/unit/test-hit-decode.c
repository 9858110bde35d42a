/* SPDX-License-Identifier: Apache-2.0 */
/* Records of matches: what fits is taken as it is, what does not is refused, whichever number it is
 * that lies. */
#include <errno.h>
#include <string.h>

#include "daemon/decode/decode.h"
#include "tests/unit/hit-sample.h"
#include "tests/unit/unit.h"

static struct hit_sample sample;

static void set_up(void)
{
	hit_sample_init(&sample, EVENT_PROCESS_KPROBE);
	hit_sample_fill(&sample);
}

static void tear_down(void)
{
	hit_sample_done(&sample);
}

static int decode(struct record_view *view)
{
	size_t size;
	const void *record = hit_sample_record(&sample, &size);

	return record_decode(record, size, view);
}

/* With one thing changed. */
static int decode_changed(void)
{
	struct record_view view;
	int r = decode(&view);

	hit_sample_done(&sample);
	set_up();
	return r;
}

START_TEST(whole)
{
	struct record_view view;

	ck_assert_int_eq(decode(&view), 0);
	ck_assert_int_eq(view.kind, RECORD_HIT);
	ck_assert_uint_eq(view.hit->call, 77);
	ck_assert_uint_eq(view.bytes.length, sample.data.length);
	ck_assert_ptr_eq(view.bytes.data, (const char *)(view.hit + 1));
	ck_assert_uint_eq(view.kernel_stack.length, 8);
	ck_assert_ptr_eq(view.user_stack.data, view.kernel_stack.data + 8);
	ck_assert_uint_eq(view.hash.length, FILE_HASH_MAX);
	ck_assert_ptr_eq(view.hash.data, view.user_stack.data + 8);
}
END_TEST

START_TEST(lying_counts)
{
	sample.record.arguments_count = HOOK_ARGUMENTS_MAX + 1;
	ck_assert_int_eq(decode_changed(), -EBADMSG);
	sample.record.kernel_stack_depth = STACK_DEPTH_MAX + 1;
	ck_assert_int_eq(decode_changed(), -EBADMSG);
	sample.record.user_stack_depth = 0xffff;
	ck_assert_int_eq(decode_changed(), -EBADMSG);
	sample.record.has_hash = 2;
	ck_assert_int_eq(decode_changed(), -EBADMSG);
}
END_TEST

START_TEST(lying_arguments)
{
	static const uint32_t indexes[] = {0, 1, 4, HOOK_RETURN_ARGUMENT};

	for (size_t i = 0; i < ARRAY_SIZE(indexes); i++) {
		struct hit_argument *argument = &sample.record.arguments[indexes[i]];

		argument->length = (uint32_t)sample.data.length + 1;
		ck_assert_int_eq(decode_changed(), -EBADMSG);
		argument->offset = UINT32_MAX;
		argument->length = 2; /* their sum is small in 32 bits */
		ck_assert_int_eq(decode_changed(), -EBADMSG);
		argument->status = ARGUMENT_UNREADABLE + 1;
		ck_assert_int_eq(decode_changed(), -EBADMSG);
		argument->reader = ARGUMENT_READERS;
		ck_assert_int_eq(decode_changed(), -EBADMSG);
		/* of what was not read nothing is looked at */
		argument->status = ARGUMENT_UNREADABLE;
		argument->offset = UINT32_MAX;
		ck_assert_int_eq(decode_changed(), 0);
	}
	/* one byte short of a structure */
	sample.record.arguments[2].length = sizeof(struct hit_socket) - 1;
	ck_assert_int_eq(decode_changed(), -EBADMSG);
	/* bytes taken for a structure they are too short for */
	sample.record.arguments[3].reader = ARGUMENT_PERF_EVENT;
	ck_assert_int_eq(decode_changed(), -EBADMSG);
	/* an argument that the hook does not have is not looked at */
	sample.record.arguments[HOOK_ARGUMENTS_MAX - 1].status = 99;
	ck_assert_int_eq(decode_changed(), 0);
}
END_TEST

START_TEST(cut_anywhere)
{
	size_t size;
	const char *record = hit_sample_record(&sample, &size);
	struct record_view view;

	for (size_t length = 0; length < size; length++) {
		char *copy = malloc(length + 1);

		memcpy(copy, record, length);
		ck_assert_int_eq(record_decode(copy, length, &view), -EBADMSG);
		/* and when it says so itself */
		if (length >= sizeof(struct record_header)) {
			((struct record_header *)copy)->size = (uint32_t)length;
			ck_assert_int_eq(record_decode(copy, length, &view), -EBADMSG);
		}
		free(copy);
	}
}
END_TEST

RUN_SUITE_IN(set_up, tear_down, "hit-decode", whole, lying_counts, lying_arguments, cut_anywhere)
