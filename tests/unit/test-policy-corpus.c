/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that work with Tetragon hold here too; each broken one gives its own message, with line
 * and column. */
#include "policy/policy.h"

#include <string.h>

#include "lib/fd.h"
#include "tests/unit/policy-files.h"
#include "tests/unit/unit.h"

static struct policy_set *read_set(const char *path)
{
	struct policy_set *set = NULL;
	struct error error = {0};

	ck_assert_msg(policy_set_read(path, &set, &error) == 0, "%s", error.message);
	return set;
}

static void must_hold(const char *path)
{
	_cleanup_policy_set_ struct policy_set *set = read_set(path);
	_cleanup_buf_ struct buf message = {0};

	if (set->report.errors)
		policy_problem_text(&message, path, &set->report.problems[0]);
	ck_assert_msg(!set->report.errors, "%s", buf_string(&message));
	ck_assert_uint_ge(set->count, 1);
}

START_TEST(test_examples_hold)
{
	char path[4096];

	ck_assert_uint_eq(
		for_each_policy_file(source_path("tests/unit/data/policies", path), must_hold), 20);
}
END_TEST

/* Two of Tetragon's examples are templates: what is to be filled in is no address. */
static void must_hold_unless_template(const char *path)
{
	_cleanup_policy_set_ struct policy_set *set = NULL;

	if (!strstr(path, "/network_egress_cluster")) {
		must_hold(path);
		return;
	}
	set = read_set(path);
	ck_assert_uint_eq(set->report.errors, 2);
	for (size_t i = 0; i < set->report.count; i++)
		ck_assert_ptr_nonnull(
			strstr(set->report.problems[i].message, "placeholder that has not been"));
}

START_TEST(test_whole_corpus)
{
	char path[4096];
	size_t count = for_each_policy_file(
		source_path("../shared/corpus/policies", path), must_hold_unless_template);

	ck_assert_msg(count == 0 || count == 55, "%zu files", count);
}
END_TEST

/* NAME.expected has the lines that `tallyman policy check NAME.yaml` prints, without the path. */
static void must_fail_as_expected(const char *path)
{
	_cleanup_policy_set_ struct policy_set *set = read_set(path);
	_cleanup_buf_ struct buf expected = {0}, found = {0};
	char other[4096];

	snprintf(other, sizeof(other), "%.*s.expected", (int)strlen(path) - 5, path);
	ck_assert_msg(read_file_limited(other, 1 << 20, &expected) == 0, "%s is missing", other);
	for (size_t i = 0; i < set->report.count; i++) {
		policy_problem_text(&found, "", &set->report.problems[i]);
		buf_append_char(&found, '\n');
	}
	ck_assert_msg(set->report.errors > 0, "%s is not refused", path);
	ck_assert_msg(!strcmp(buf_string(&found), buf_string(&expected)),
		"%s\nexpected: %sfound:    %s", path, expected.data, found.data);
}

START_TEST(test_broken_ones)
{
	char path[4096];

	ck_assert_uint_ge(for_each_policy_file(source_path("tests/unit/data/policies-broken", path),
				  must_fail_as_expected),
		100);
}
END_TEST

RUN_SUITE("policy-corpus", test_examples_hold, test_whole_corpus, test_broken_ones)
