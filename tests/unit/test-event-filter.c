/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/event_filter.h"

#include "lib/event_kind.h"
#include "tests/unit/unit.h"

/* Whether the daemon is asked for events of this kind. */
static bool asks_for(const struct event_filter *filter, enum event_kind kind)
{
	_cleanup_json_ struct json_document *document = NULL;
	_cleanup_buf_ struct buf parameters = {0};
	const struct json_value *kinds;

	event_filter_parameters(filter, &parameters);
	ck_assert_int_eq(json_parse(parameters.data, parameters.length, NULL, &document, NULL), 0);
	kinds = json_get(json_root(document), "kinds");
	for (size_t i = 0; i < json_count(kinds); i++)
		if (event_kind_find(json_text(json_at(kinds, i))) == kind)
			return true;
	return !kinds;
}

START_TEST(asks_for_all_kinds)
{
	const struct event_filter filter = {0};

	for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++)
		ck_assert(asks_for(&filter, kind));
}
END_TEST

START_TEST(asks_for_the_kinds_of_tetragon)
{
	const struct event_filter filter = {.tetragon = true};

	for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++)
		ck_assert_int_eq(asks_for(&filter, kind), event_kind_is_tetragon(kind));
}
END_TEST

START_TEST(asks_for_each_kind_by_its_name)
{
	for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++) {
		struct event_filter filter = {.kind_count = 1};

		filter.kinds[0] = event_filter_kind(event_kind_name(kind));
		ck_assert_ptr_nonnull(filter.kinds[0]);
		for (enum event_kind other = 0; other < EVENT_KIND_MAX; other++)
			ck_assert_int_eq(asks_for(&filter, other), other == kind);
	}
	ck_assert_str_eq(event_filter_kind("lsm"), "process_lsm");
	ck_assert_ptr_null(event_filter_kind("process_"));
	ck_assert_int_eq(event_kind_find("process_"), EVENT_KIND_MAX);
}
END_TEST

RUN_SUITE("event-filter", asks_for_all_kinds, asks_for_the_kinds_of_tetragon,
	asks_for_each_kind_by_its_name)
