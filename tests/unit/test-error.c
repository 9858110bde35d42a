/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/error.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

START_TEST(is_set)
{
	struct error error = {0};

	ck_assert_int_eq(error_set(&error, -EINVAL, "%s: %d", "line", 5), -EINVAL);
	ck_assert_int_eq(error.code, -EINVAL);
	ck_assert_str_eq(error.message, "line: 5");
	ck_assert_int_eq(error_set(NULL, -EPERM, "not %s", "kept"), -EPERM);
}
END_TEST

START_TEST(is_wrapped)
{
	struct error error = {0};

	error_set(&error, -ENOENT, "no such key");
	ck_assert_int_eq(error_wrap(&error, "%s", "file.yaml"), -ENOENT);
	ck_assert_int_eq(error_wrap(&error, "policy %d", 1), -ENOENT);
	ck_assert_str_eq(error.message, "policy 1: file.yaml: no such key");
	ck_assert_int_eq(error_wrap(NULL, "nothing"), 0);
}
END_TEST

START_TEST(is_cut_to_its_room)
{
	char text[2 * ERROR_MESSAGE_MAX];
	struct error error = {0};
	size_t length;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_set(&error, -EIO, "%s", text);
	ck_assert_uint_eq(strlen(error.message), ERROR_MESSAGE_MAX - 1);
	ck_assert_int_eq(error_wrap(&error, "before"), -EIO);
	ck_assert_uint_eq(strlen(error.message), ERROR_MESSAGE_MAX - 1);
	ck_assert(!strncmp(error.message, "before: xxx", 11));
	/* around the place where only a part of ": " fits */
	for (length = ERROR_MESSAGE_MAX - 8; length < ERROR_MESSAGE_MAX + 8; length++) {
		error_set(&error, -EIO, "inner");
		ck_assert_int_eq(error_wrap(&error, "%.*s", (int)length, text), -EIO);
		ck_assert_uint_lt(strlen(error.message), ERROR_MESSAGE_MAX);
	}
}
END_TEST

RUN_SUITE("error", is_set, is_wrapped, is_cut_to_its_room)
