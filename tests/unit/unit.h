/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test's main() does. */
#pragma once

#include <check.h>
#include <stdlib.h>

#include "lib/util.h"

static inline int run_suite(
	const char *name, SFun set_up, SFun tear_down, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *cases = tcase_create(name);
	SRunner *runner;
	int failed;
	size_t i;

	for (i = 0; i < count; i++)
		tcase_add_test(cases, tests[i]);
	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_set_timeout(cases, 120); /* sanitizers and a busy machine */
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* set_up and tear_down run around each test, in its process; NULL for none. */
#define RUN_SUITE_IN(set_up, tear_down, name, ...)                                                 \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const tests[] = {__VA_ARGS__};                                        \
		return run_suite(name, set_up, tear_down, tests, ARRAY_SIZE(tests));               \
	}
#define RUN_SUITE(name, ...) RUN_SUITE_IN(NULL, NULL, name, __VA_ARGS__)
