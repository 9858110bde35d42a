/* SPDX-License-Identifier: Apache-2.0 */
/* Label selectors in Kubernetes' syntax. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/filter/labels.h"
#include "lib/util.h"

#define LABEL(key, value)                                                                          \
	{                                                                                          \
		(char *)(key), (char *)(value)                                                     \
	}

static struct label container[] = {LABEL("app", "web"), LABEL("empty", ""), LABEL("in", "1"),
	LABEL("io.podman/x-y_z", "a b"), LABEL("size", "10"), LABEL("word", "ten")};
static struct label pod[] = {LABEL("app", "front"), LABEL("tier", "edge")};

static const struct {
	const char *selector;
	bool container, both; /* with the container's labels alone; with the pod's too */
} cases[] = {
	{"app=web", true, true},
	{"app==web", true, true},
	{" app = web ", true, true},
	{"app=front", false, true},
	{"app=we", false, false},
	{"app!=web", false, false},
	{"app!=db", true, true},
	{"app!=front", true, false},
	{"none!=x", true, true},
	{"app", true, true},
	{"tier", false, true},
	{"!tier", true, false},
	{"! none", true, true},
	{"!app", false, false},
	{"app in (db,web)", true, true},
	{"app in(db, web )", true, true},
	{"app in (db,cache)", false, false},
	{"app notin (db,cache)", true, true},
	{"app notin (db,web)", false, false},
	{"none notin (x)", true, true},
	{"none in (x)", false, false},
	{"empty=", true, true},
	{"empty in ()", true, true},
	{"app=", false, false},
	{"in=1", true, true},
	{"in in (1)", true, true},
	{"io.podman/x-y_z", true, true},
	{"size>9", true, true},
	{"size>10", false, false},
	{"size<11", true, true},
	{"size<-1", false, false},
	{"word>1", false, false},
	{"none<1", false, false},
	{"app=web,size=10", true, true},
	{"app=web,size=11", false, false},
	{"app=web,!tier", true, false},
	{"app in (web),size notin (1,2) , empty", true, true},
};

START_TEST(test_matches)
{
	struct label_selector *selector = NULL;
	const char *text = cases[_i].selector;
	struct error error = {};

	ck_assert_msg(label_selector_parse(text, strlen(text), &selector, &error) == 0, "%s",
		error.message);
	ck_assert_msg(label_selector_matches(selector, container, ARRAY_SIZE(container), NULL, 0) ==
			      cases[_i].container,
		"%s", text);
	ck_assert_msg(label_selector_matches(selector, container, ARRAY_SIZE(container), pod,
			      ARRAY_SIZE(pod)) == cases[_i].both,
		"%s", text);
	label_selector_free(selector);
}
END_TEST

static const struct {
	const char *selector, *message;
} mistakes[] = {
	{"", "\"\": expected a label's name at byte 0"},
	{"!", "\"!\": expected a label's name at byte 1"},
	{"app=web,", "\"app=web,\": expected a label's name at byte 8"},
	{"app=web size=1",
		"\"app=web size=1\": expected =, ==, !=, in, notin, <, > or , at byte 8"},
	{"app is web", "\"app is web\": expected =, ==, !=, in, notin, <, > or , at byte 4"},
	{"app in web", "\"app in web\": expected ( at byte 7"},
	{"app in (web", "\"app in (web\": expected ) or , at byte 11"},
	{"app in (a b)", "\"app in (a b)\": expected ) or , at byte 10"},
	{"=web", "\"=web\": expected a label's name at byte 0"},
	{"size>x", "\"size>x\": expected a whole number before here at byte 6"},
	{"size>", "\"size>\": expected a whole number before here at byte 5"},
	{"(app)", "\"(app)\": expected a label's name at byte 0"},
};

START_TEST(test_mistakes)
{
	struct label_selector *selector = NULL;
	const char *text = mistakes[_i].selector;
	struct error error = {};

	ck_assert_int_eq(label_selector_parse(text, strlen(text), &selector, &error), -EINVAL);
	ck_assert_ptr_null(selector);
	ck_assert_str_eq(error.message, mistakes[_i].message);
}
END_TEST

START_TEST(test_limits)
{
	struct label_selector *selector = NULL;
	static char text[LABEL_SELECTOR_MAX + 2];
	struct error error = {};

	ck_assert_int_eq(label_selector_parse("a\0b", 3, &selector, &error), -EINVAL);
	memset(text, 'a', sizeof(text));
	ck_assert_int_eq(
		label_selector_parse(text, LABEL_SELECTOR_MAX + 1, &selector, &error), -EINVAL);
	for (size_t i = 0; i < LABEL_SELECTOR_MAX; i += 2)
		text[i + 1] = ',';
	ck_assert_int_eq(label_selector_parse(text, 129, &selector, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "no more than 64 requirements"));
	ck_assert_int_eq(label_selector_parse(text, 127, &selector, &error), 0);
	label_selector_free(selector);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("labels");
	TCase *tests = tcase_create("labels");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tests, test_matches, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(tests, test_mistakes, 0, ARRAY_SIZE(mistakes));
	tcase_add_test(tests, test_limits);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
