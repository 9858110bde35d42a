/* SPDX-License-Identifier: Apache-2.0 */
/* Bits of scopes: who has them, when they come and go. */
#include "daemon/policy/scope_table.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "tests/unit/stub-engine.h"
#include "tests/unit/unit.h"

static const struct yaml_value given;
static const struct policy_label_selector none, all = {.source = &given};
static struct policy_label name_is_web = {
	.key = {.data = "name", .length = 4}, .value = {.data = "web", .length = 3}};
static const struct policy_label_selector web = {
	.source = &given, .match_labels = {.items = &name_is_web, .count = 1}};
static const struct scope scope_web = {.pod = &none, .container = &web, .host = &none};
static const struct scope scope_containers = {.pod = &all, .container = &none, .host = &none};
static const struct scope scope_host = {.pod = &none, .container = &none, .host = &all};
static const struct container_metadata named_web = {.name = (char *)"web"};
static const struct container_metadata named_other = {.name = (char *)"other"};

static struct scope_table *table;

static void set_up(void)
{
	memset(&stub, 0, sizeof(stub));
	ck_assert_int_eq(scope_table_new(NULL, &table), 0);
}

static void tear_down(void)
{
	table = scope_table_free(table);
}

static int add(const struct scope *scope)
{
	struct error error = {0};
	int bit = -1;

	ck_assert_msg(!scope_table_add(table, scope, &bit, &error), "%s", error.message);
	return bit;
}

START_TEST(test_scopes_then_containers)
{
	int bit_web = add(&scope_web), bit_all = add(&scope_containers),
	    bit_host = add(&scope_host);

	ck_assert(stub_has(0, bit_host));
	ck_assert(!stub_has(0, bit_all));
	scope_table_set_container(table, 10, 1, NULL);
	/* before its engine was asked, only what holds whatever it is */
	ck_assert(stub_has(10, bit_all));
	ck_assert(!stub_has(10, bit_web));
	scope_table_set_container(table, 10, 1, &named_web);
	ck_assert(stub_has(10, bit_web) && stub_has(10, bit_all) && !stub_has(10, bit_host));
	scope_table_set_container(table, 11, 2, &named_other);
	ck_assert(!stub_has(11, bit_web) && stub_has(11, bit_all));
	scope_table_remove(table, bit_all);
	ck_assert(stub_has(10, bit_web) && !stub_has(10, bit_all));
	ck_assert_uint_eq(stub.container_count, 2); /* the host and the web: no empty entries */
	scope_table_forget_container(table, 10, 1);
	scope_table_remove(table, bit_host);
	ck_assert_uint_eq(stub.container_count, 0);
}
END_TEST

START_TEST(test_containers_then_scopes)
{
	int bit;

	scope_table_set_container(table, 10, 1, &named_web);
	scope_table_set_container(table, 11, 1, &named_other);
	scope_table_set_container(table, 12, 1, NULL);
	ck_assert_uint_eq(stub.container_count, 0);
	bit = add(&scope_web);
	ck_assert(stub_has(10, bit) && !stub_has(11, bit) && !stub_has(12, bit));
	scope_table_set_container(table, 12, 1, &named_web); /* late */
	ck_assert(stub_has(12, bit));
	scope_table_set_container(table, 10, 1, &named_other); /* renamed */
	ck_assert(!stub_has(10, bit));
	scope_table_remove(table, bit);
	ck_assert_uint_eq(stub.container_count, 0);
	ck_assert_int_eq(add(&scope_containers), bit); /* the bit is used again */
	ck_assert(stub_has(10, bit) && stub_has(11, bit) && stub_has(12, bit));
}
END_TEST

START_TEST(test_generations)
{
	int bit = add(&scope_web);

	scope_table_set_container(table, 10, 1, &named_web);
	scope_table_forget_container(table, 10, 2); /* of another container */
	ck_assert(stub_has(10, bit));
	scope_table_set_container(table, 10, 2, NULL); /* the id came round again */
	ck_assert(!stub_has(10, bit));
	scope_table_forget_container(table, 10, 1);
	scope_table_set_container(table, 10, 2, &named_web);
	ck_assert(stub_has(10, bit));
}
END_TEST

START_TEST(test_limit)
{
	struct error error = {0};
	int bit;

	for (int i = 0; i < SCOPES_MAX; i++)
		add(&scope_containers);
	scope_table_set_container(table, 10, 1, NULL);
	ck_assert(stub_has(10, 0) && stub_has(10, SCOPES_MAX - 1));
	ck_assert_int_eq(scope_table_add(table, &scope_web, &bit, &error), -ENOSPC);
	ck_assert_msg(strstr(error.message, "512") != NULL, "%s", error.message);
	scope_table_remove(table, 77);
	ck_assert_int_eq(add(&scope_host), 77);
}
END_TEST

START_TEST(test_refused)
{
	struct scope_table_counters counters;
	struct error error = {0};
	int bit;

	scope_table_set_container(table, 10, 1, &named_web);
	stub.refuse_scopes = E2BIG;
	ck_assert_int_eq(scope_table_add(table, &scope_web, &bit, &error), -E2BIG);
	stub.refuse_scopes = 0;
	scope_table_counters_get(table, &counters);
	ck_assert_uint_eq(counters.scopes, 0);
	ck_assert_uint_eq(counters.errors, 1);
	bit = add(&scope_web);
	ck_assert(stub_has(10, bit));
	stub.refuse_scopes = E2BIG;
	ck_assert_int_eq(scope_table_set_container(table, 11, 1, &named_web), -E2BIG);
	stub.refuse_scopes = 0;
	scope_table_set_container(table, 11, 1, &named_web); /* is tried again */
	ck_assert(stub_has(11, bit));
}
END_TEST

static void *register_containers(void *data)
{
	for (uint64_t i = 0; i < 2000; i++) {
		scope_table_set_container(table, 1 + i % 20, i, NULL);
		scope_table_set_container(table, 1 + i % 20, i, &named_web);
		if (i < 1980)
			scope_table_forget_container(table, 1 + i % 20, i);
	}
	return NULL;
}

/* Registration and policies at once: at the end everybody has what he should. */
START_TEST(test_two_threads)
{
	pthread_t thread;
	int bit = -1;

	ck_assert_int_eq(pthread_create(&thread, NULL, register_containers, NULL), 0);
	for (int i = 0; i < 500; i++) {
		scope_table_remove(table, bit);
		bit = add(i % 2 ? &scope_web : &scope_containers);
	}
	pthread_join(thread, NULL);
	for (uint64_t id = 1; id <= 20; id++)
		ck_assert(stub_has(id, bit));
	ck_assert_uint_eq(stub.container_count, 20);
}
END_TEST

RUN_SUITE_IN(set_up, tear_down, "scope-table", test_scopes_then_containers,
	test_containers_then_scopes, test_generations, test_limit, test_refused, test_two_threads)
