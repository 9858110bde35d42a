/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets: what passes is what the rates say, and what does not is accounted for to the
 * number. */
#include <string.h>

#include "daemon/audit/limit.h"
#include "tests/unit/unit.h"

#define START (1000 * NSEC_PER_SEC)

static struct audit_limit *limit;
static struct {
	unsigned count;
	uint64_t held, since_ns;
	char vm[64], reason[32];
	bool nameless;
} summaries;

static void emit(void *data, const struct audit_container *container, const char *reason,
	uint64_t count, uint64_t since_ns)
{
	ck_assert_ptr_null(data);
	summaries.count++;
	summaries.held += count;
	summaries.since_ns = since_ns;
	summaries.nameless |= !container;
	if (container)
		snprintf(summaries.vm, sizeof(summaries.vm), "%s", container->vm);
	snprintf(summaries.reason, sizeof(summaries.reason), "%s", reason);
}

static void take_summaries(uint64_t now_ns)
{
	memset(&summaries, 0, sizeof(summaries));
	audit_limit_summaries(limit, now_ns, emit, NULL);
}

static void setup_with(uint32_t rate, uint32_t burst, uint32_t host_rate, uint32_t host_burst)
{
	ck_assert_int_eq(audit_limit_new((struct audit_rate){rate, burst},
				 (struct audit_rate){host_rate, host_burst}, &limit),
		0);
}

static void teardown(void)
{
	limit = audit_limit_free(limit);
}

static unsigned pass(const struct container *container, unsigned tries, uint64_t now_ns)
{
	unsigned passed = 0;

	while (tries--)
		passed += audit_limit_pass(limit, container, now_ns, now_ns + 7);
	return passed;
}

START_TEST(burst_then_rate)
{
	struct container web = {.cgroup_id = 5, .generation = 1, .metadata.name = (char *)"web"};

	setup_with(20, 300, 0, 0);
	ck_assert_uint_eq(pass(&web, 1000, START), 300);
	ck_assert_uint_eq(pass(&web, 1000, START + NSEC_PER_SEC), 20);
	ck_assert_uint_eq(pass(&web, 1000, START + 2 * NSEC_PER_SEC + NSEC_PER_SEC / 2), 30);
	/* full again, and not fuller than full */
	ck_assert_uint_eq(pass(&web, 1000, START + 3600 * NSEC_PER_SEC), 300);
	ck_assert_uint_eq(audit_limit_total(limit), 4000 - 650);
}
END_TEST

START_TEST(containers_do_not_share)
{
	struct container web = {.cgroup_id = 5, .generation = 1, .metadata.name = (char *)"web"};
	struct container again = {.cgroup_id = 5, .generation = 2, .metadata.name = (char *)"x"};
	struct container db = {.cgroup_id = 6, .generation = 1, .metadata.name = (char *)"db"};

	setup_with(20, 300, 0, 0);
	ck_assert_uint_eq(pass(&web, 1000, START), 300);
	ck_assert_uint_eq(pass(&db, 100, START), 100);
	/* the cgroup's number came back for another container */
	ck_assert_uint_eq(pass(&again, 100, START), 100);
}
END_TEST

START_TEST(host_bucket)
{
	struct container containers[20];
	unsigned passed = 0;

	setup_with(20, 300, 100, 1000);
	for (unsigned i = 0; i < ARRAY_SIZE(containers); i++) {
		containers[i] = (struct container){.cgroup_id = i + 1};
		passed += pass(&containers[i], 100, START);
	}
	ck_assert_uint_eq(passed, 1000);
	/* the host's own processes have that bucket only */
	ck_assert_uint_eq(pass(NULL, 500, START), 0);
	ck_assert_uint_eq(pass(NULL, 500, START + NSEC_PER_SEC), 100);
	take_summaries(START + NSEC_PER_SEC);
	ck_assert_uint_eq(summaries.count, 11);
	ck_assert_uint_eq(summaries.held, 1000 + 900);
	ck_assert_str_eq(summaries.reason, "host-limit");
	ck_assert(summaries.nameless);
}
END_TEST

START_TEST(summaries_say_what_was_held_back)
{
	struct container web = {.cgroup_id = 5, .metadata.name = (char *)"web"};
	struct container quiet = {.cgroup_id = 6, .metadata.name = (char *)"quiet"};

	setup_with(20, 300, 0, 0);
	pass(&quiet, 10, START);
	pass(&web, 307, START);
	take_summaries(START);
	ck_assert_uint_eq(summaries.count, 1);
	ck_assert_uint_eq(summaries.held, 7);
	ck_assert_uint_eq(summaries.since_ns, START + 7);
	ck_assert_str_eq(summaries.vm, "web");
	ck_assert_str_eq(summaries.reason, "limit");
	/* said once */
	take_summaries(START);
	ck_assert_uint_eq(summaries.count, 0);
	/* and a summary does not fill the bucket */
	ck_assert_uint_eq(pass(&web, 10, START), 0);
}
END_TEST

START_TEST(nameless_container_is_its_id)
{
	struct container container = {.cgroup_id = 5, .id = "0123456789abcdef"};

	setup_with(1, 1, 0, 0);
	pass(&container, 2, START);
	take_summaries(START);
	ck_assert_str_eq(summaries.vm, "0123456789ab");
}
END_TEST

START_TEST(the_container_may_be_gone)
{
	struct container *web = calloc(1, sizeof(*web));

	ck_assert_ptr_nonnull(web);
	setup_with(1, 1, 0, 0);
	web->cgroup_id = 9;
	web->metadata.name = strdup("web");
	pass(web, 3, START);
	free(web->metadata.name);
	free(web);
	take_summaries(START);
	ck_assert_str_eq(summaries.vm, "web");
	ck_assert_uint_eq(summaries.held, 2);
}
END_TEST

START_TEST(full_table)
{
	struct container container = {.generation = 1};
	unsigned passed = 0;

	setup_with(1, 1, 0, 0);
	for (unsigned i = 0; i < 3 * AUDIT_LIMIT_BUCKETS_MAX; i++) {
		container.cgroup_id = i + 1;
		passed += pass(&container, 1, START);
	}
	/* those that did not fit shared one token */
	ck_assert_uint_eq(passed, AUDIT_LIMIT_BUCKETS_MAX + 1);
	take_summaries(START);
	ck_assert_uint_eq(summaries.held, 2 * AUDIT_LIMIT_BUCKETS_MAX - 1);
	/* buckets come back when they are full */
	take_summaries(START + 2 * NSEC_PER_SEC);
	for (unsigned i = 0; i < AUDIT_LIMIT_BUCKETS_MAX; i++) {
		container.cgroup_id = 100000 + i;
		ck_assert_uint_eq(pass(&container, 1, START + 2 * NSEC_PER_SEC), 1);
	}
}
END_TEST

START_TEST(zero_rate_is_no_limit)
{
	struct container web = {.cgroup_id = 5};

	setup_with(0, 0, 0, 0);
	ck_assert_uint_eq(pass(&web, 100000, START), 100000);
}
END_TEST

RUN_SUITE_IN(NULL, teardown, "audit_limit", burst_then_rate, containers_do_not_share, host_bucket,
	summaries_say_what_was_held_back, nameless_container_is_its_id, the_container_may_be_gone,
	full_table, zero_rate_is_no_limit)
