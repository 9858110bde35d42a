/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/buf.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/unit/failing-memory.h"
#include "tests/unit/unit.h"

static void assert_text(struct buf *buf, const char *expected)
{
	ck_assert_str_eq(buf_string(buf), expected);
	ck_assert_uint_eq(buf->length, strlen(expected));
}

START_TEST(appends)
{
	_cleanup_buf_ struct buf buf = {0};

	assert_text(&buf, "");
	buf_append_literal(&buf, "one");
	buf_append_char(&buf, ' ');
	buf_append_string(&buf, "two");
	buf_append(&buf, " threes", 6);
	buf_append(&buf, NULL, 0);
	assert_text(&buf, "one two three");
	buf_clear(&buf);
	assert_text(&buf, "");
}
END_TEST

START_TEST(keeps_nul_bytes)
{
	_cleanup_buf_ struct buf buf = {0};

	buf_append(&buf, "a\0b", 3);
	ck_assert_uint_eq(buf.length, 3);
	ck_assert_mem_eq(buf_string(&buf), "a\0b\0", 4);
}
END_TEST

START_TEST(formats)
{
	_cleanup_buf_ struct buf buf = {0};
	int i;

	buf_printf(&buf, "%s", "");
	buf_printf(&buf, "%d-%s", 5, "x");
	assert_text(&buf, "5-x");
	/* across every way of meeting the end of the memory */
	for (i = 0; i < 1000; i++)
		buf_printf(&buf, "%0*d", i % 7 + 1, i % 10);
	ck_assert(!buf.failed);
	ck_assert_uint_eq(buf.length, 3 + 142 * 28 + 1 + 2 + 3 + 4 + 5 + 6);
}
END_TEST

START_TEST(writes_integers)
{
	static const uint64_t values[] = {0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 9999, 10000,
		12345, 99999, 100000, 1000000, UINT32_MAX, (uint64_t)INT64_MAX,
		(uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX, 10000000000000000000U,
		9999999999999999999U};
	char expected[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		_cleanup_buf_ struct buf buf = {0};

		buf_u64(&buf, values[i]);
		snprintf(expected, sizeof(expected), "%" PRIu64, values[i]);
		assert_text(&buf, expected);
		buf_clear(&buf);
		buf_i64(&buf, (int64_t)values[i]);
		snprintf(expected, sizeof(expected), "%" PRId64, (int64_t)values[i]);
		assert_text(&buf, expected);
	}
}
END_TEST

START_TEST(refuses_more_than_its_limit)
{
	_cleanup_buf_ struct buf buf = {.limit = 10};

	buf_append_literal(&buf, "0123456789");
	ck_assert(!buf.failed);
	buf_append_char(&buf, 'x');
	ck_assert(buf.failed);
	ck_assert_uint_eq(buf.length, 10);
	ck_assert_mem_eq(buf.data, "0123456789", 10);
	ck_assert_ptr_null(buf_string(&buf));
}
END_TEST

START_TEST(does_nothing_once_failed)
{
	_cleanup_buf_ struct buf buf = {.limit = 600};

	buf_append_literal(&buf, "kept"); /* leaves room in the memory */
	ck_assert(!buf_reserve(&buf, 1000));
	buf_append_char(&buf, 'x');
	buf_append_literal(&buf, "x");
	buf_printf(&buf, "x");
	buf_u64(&buf, 1);
	buf_i64(&buf, -1);
	ck_assert(!buf_reserve(&buf, 0));
	ck_assert_uint_eq(buf.length, 4);
	buf_clear(&buf);
	buf_append_literal(&buf, "again");
	assert_text(&buf, "again");
}
END_TEST

START_TEST(a_reserve_that_overflows_fails)
{
	_cleanup_buf_ struct buf buf = {0};

	buf_append_char(&buf, 'x');
	ck_assert(!buf_reserve(&buf, SIZE_MAX));
	ck_assert(buf.failed);
	buf_clear(&buf);
	buf.limit = SIZE_MAX;
	buf_append_char(&buf, 'x');
	ck_assert(!buf_reserve(&buf, SIZE_MAX));
	ck_assert(buf.failed);
}
END_TEST

START_TEST(memory_that_runs_out_leaves_it_whole)
{
	unsigned count;
	bool refused = true;

	for (count = 0; refused; count++) {
		_cleanup_buf_ struct buf buf = {0};
		size_t i, good;

		memory_fail_after(count);
		for (i = 0; i < 1000; i++)
			buf_printf(&buf, "%08zu", i);
		refused = memory_restore();
		ck_assert(buf.failed == refused);
		/* what got in is there, and is what was given */
		good = buf.length / 8;
		ck_assert_uint_eq(buf.length % 8, 0);
		ck_assert(refused || good == 1000);
		for (i = 0; i < good; i++) {
			char expected[24];

			snprintf(expected, sizeof(expected), "%08zu", i);
			ck_assert_mem_eq(buf.data + 8 * i, expected, 8);
		}
	}
	ck_assert_uint_gt(count, 3);
}
END_TEST

START_TEST(done_leaves_an_empty_one)
{
	struct buf buf = {.limit = 20};

	buf_append_literal(&buf, "text");
	buf_done(&buf);
	ck_assert_ptr_null(buf.data);
	buf_done(&buf);
	buf_append_literal(&buf, "again");
	assert_text(&buf, "again");
	buf_done(&buf);
}
END_TEST

RUN_SUITE("buf", appends, keeps_nul_bytes, formats, writes_integers, refuses_more_than_its_limit,
	does_nothing_once_failed, a_reserve_that_overflows_fails,
	memory_that_runs_out_leaves_it_whole, done_leaves_an_empty_one)
