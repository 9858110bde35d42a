/* SPDX-License-Identifier: Apache-2.0 */
/* Each example of docs/filters.md is a configuration that is taken. */
#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/config_file.h"
#include "lib/fd.h"

#define FENCE "```ini\n"

START_TEST(test_examples)
{
	const char *directory = getenv("top_srcdir"), *example, *end;
	_cleanup_buf_ struct buf text = {};
	char path[PATH_MAX];
	size_t count = 0;

	snprintf(path, sizeof(path), "%s/docs/filters.md", directory ?: ".");
	ck_assert_int_eq(read_file_limited(path, 1 << 20, &text), 0);
	for (example = strstr(buf_string(&text), FENCE); example; example = strstr(end, FENCE)) {
		_cleanup_(config_free_p) struct config *config = NULL;
		struct error error = {};

		example += strlen(FENCE);
		end = strstr(example, "```");
		ck_assert_ptr_nonnull(end);
		ck_assert_int_eq(config_new(&config, &error), 0);
		ck_assert_msg(config_file_parse(config, "example", example, (size_t)(end - example),
				      &error) == 0,
			"%s in\n%.*s", error.message, (int)(end - example), example);
		count++;
	}
	ck_assert_uint_ge(count, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("filter-docs");
	TCase *tests = tcase_create("filter-docs");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, test_examples);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
