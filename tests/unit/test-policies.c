/* SPDX-License-Identifier: Apache-2.0 */
/* The table of policies: all or nothing, new before old, and what outlives the daemon. */
#include "daemon/policy/policies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "tests/unit/stub-engine.h"
#include "tests/unit/unit.h"

#define POLICY(name)                                                                               \
	"apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: " name "}\n"        \
	"spec: {kprobes: [{call: sys_read}]}\n"
#define SCOPED(name)                                                                               \
	"apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: " name "}\n"        \
	"spec: {podSelector: {}, kprobes: [{call: sys_read, selectors: [{matchWorkloads: "         \
	"{hostSelector: {}}}]}]}\n"
#define CLIENT "uid 0 over the control socket"

static char directory[64], told[4096];
static struct scope_table *scopes;
static struct kept_policies kept;
static struct policies policies;

static void on_changed(void *data, const struct policy_change *change)
{
	size_t length = strlen(told);

	snprintf(told + length, sizeof(told) - length, "%s%s %s", length ? ", " : "",
		change->name ? change->name : "?", change->change);
}

static const char *told_since(void)
{
	static char copy[sizeof(told)];

	memcpy(copy, told, sizeof(copy));
	told[0] = '\0';
	return copy;
}

static void start(void)
{
	const struct policies_observer observer = {.changed = on_changed};
	struct policy_kernel kernel = {0};
	struct error error = {0};

	ck_assert_int_eq(scope_table_new(NULL, &scopes), 0);
	kernel.scopes = scopes;
	ck_assert_msg(!kept_policies_open(directory, &kept, &error), "%s", error.message);
	policies_init(&policies, &kernel, &kept, &observer);
}

static void stop(void)
{
	policies_done(&policies);
	kept_policies_close(&kept);
	ck_assert_uint_eq(stub.in_force, 0);
	ck_assert_uint_eq(stub.container_count, 0); /* no scopes either */
	scopes = scope_table_free(scopes);
}

static void set_up(void)
{
	memset(&stub, 0, sizeof(stub));
	snprintf(directory, sizeof(directory), "/tmp/tallyman-policies-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	start();
}

static void tear_down(void)
{
	char command[128];

	stop();
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static struct error last_error;

static int set_file(const char *path, const char *text)
{
	_cleanup_(policy_document_free_p) struct policy_document *document = NULL;

	ck_assert_int_eq(policy_document_new(path, text, strlen(text), &document), 0);
	last_error = (struct error){0};
	return policies_set_file(&policies, path, document, &last_error);
}

static int add(const char *text, bool replace)
{
	const struct policy_add options = {.file = "f.yaml",
		.source = CLIENT,
		.text = text,
		.length = strlen(text),
		.replace = replace};
	_cleanup_buf_ struct buf json = {0};

	last_error = (struct error){0};
	return policies_add(&policies, &options, &json, &last_error);
}

static struct policy_entry *find(const char *name)
{
	struct policy_entry *entry = NULL;

	(void)policies_find(&policies, NULL, name, &entry, NULL);
	return entry;
}

START_TEST(test_file_is_replaced)
{
	ck_assert_int_eq(set_file("/p/a.yaml", POLICY("one") "---\n" POLICY("two")), 0);
	ck_assert_str_eq(stub_log(), "+one +two");
	ck_assert_str_eq(told_since(), "one added, two added");
	/* the new ones are there before the old ones go */
	ck_assert_int_eq(set_file("/p/a.yaml", POLICY("two") "---\n" POLICY("three")), 0);
	ck_assert_str_eq(stub_log(), "+two +three -two -one");
	ck_assert_str_eq(told_since(), "two replaced, three added, one deleted");
	ck_assert_uint_eq(policies.count, 2);
	policies_orphan_file(&policies, "/p/a.yaml");
	policies_remove_orphans(&policies);
	ck_assert_str_eq(told_since(), "two deleted, three deleted");
	ck_assert_uint_eq(policies.count, 0);
}
END_TEST

START_TEST(test_file_is_refused)
{
	ck_assert_int_eq(set_file("/p/a.yaml", POLICY("one")), 0);
	stub_log();
	/* one that this kernel cannot do: not half of it stays */
	stub.refuse = "bad";
	ck_assert_int_eq(
		set_file("/p/a.yaml", POLICY("one") "---\n" POLICY("two") "---\n" POLICY("bad")),
		-EOPNOTSUPP);
	ck_assert_str_eq(stub_log(), "+one +two -one -two");
	ck_assert_str_eq(last_error.message, "/p/a.yaml:5:5: kprobe 0: not here");
	ck_assert_uint_eq(policies.count, 1);
	ck_assert_ptr_nonnull(find("one")->loaded);
	/* one that is wrong */
	ck_assert_int_eq(set_file("/p/a.yaml", POLICY("one") "  wrong: here\n"), -EINVAL);
	ck_assert_msg(!strncmp(last_error.message, "/p/a.yaml:5:", 12), "%s", last_error.message);
	policies_refuse(&policies, "/p/a.yaml", "/p/a.yaml", NULL, &last_error);
	ck_assert_str_eq(find("one")->error, last_error.message);
	ck_assert_str_eq(stub_log(), "");
	ck_assert_int_eq(set_file("/p/a.yaml", POLICY("one")), 0);
	ck_assert_ptr_null(find("one")->error);
}
END_TEST

START_TEST(test_names)
{
	ck_assert_int_eq(set_file("/p/a.yaml", POLICY("one")), 0);
	ck_assert_int_eq(set_file("/p/b.yaml", POLICY("one")), -EEXIST);
	ck_assert_msg(strstr(last_error.message, "of /p/a.yaml") != NULL, "%s", last_error.message);
	ck_assert_int_eq(add(POLICY("one"), false), -EEXIST);
	ck_assert_int_eq(add(POLICY("one"), true), -EEXIST); /* a file's is not replaced */
	ck_assert_int_eq(add(POLICY("two"), false), 0);
	ck_assert_int_eq(add(POLICY("two"), false), -EEXIST);
	ck_assert_int_eq(add(POLICY("two"), true), 0);
	ck_assert_int_eq(set_file("/p/b.yaml", POLICY("two")), -EEXIST);
	/* moved to another file, in whichever order that is seen */
	policies_orphan_file(&policies, "/p/a.yaml");
	stub_log();
	told_since();
	ck_assert_int_eq(set_file("/p/c.yaml", POLICY("one")), 0);
	policies_remove_orphans(&policies);
	ck_assert_str_eq(stub_log(), "+one -one");
	ck_assert_str_eq(told_since(), "one replaced");
	ck_assert_str_eq(find("one")->source, "/p/c.yaml");
	/* a namespace makes another name */
	ck_assert_int_eq(
		add("apiVersion: cilium.io/v1alpha1\nkind: TracingPolicyNamespaced\n"
		    "metadata: {name: one, namespace: x}\nspec: {kprobes: [{call: sys_read}]}\n",
			false),
		0);
	ck_assert_str_eq(find("one")->namespace, "");
	ck_assert_int_eq(
		policies_find(&policies, "x", "one", &(struct policy_entry *){NULL}, &last_error),
		0);
	/* without a namespace is who has none, and else who is the only one */
	for (int i = 0; i < 2; i++) {
		char text[256];

		snprintf(text, sizeof(text),
			"apiVersion: cilium.io/v1alpha1\nkind: TracingPolicyNamespaced\n"
			"metadata: {name: both, namespace: n%d}\nspec: {kprobes: [{call: "
			"sys_read}]}\n",
			i);
		ck_assert_int_eq(add(text, false), 0);
		ck_assert_int_eq(policies_find(&policies, NULL, "both",
					 &(struct policy_entry *){NULL}, &last_error),
			i ? -ENOTUNIQ : 0);
	}
}
END_TEST

START_TEST(test_kept)
{
	struct error error = {0};
	struct stat status;
	char path[256];

	ck_assert_int_eq(add("# first\n---\n" POLICY("one") "---\n" POLICY("two"), false), 0);
	ck_assert_int_eq(add(POLICY("three"), false), 0);
	snprintf(path, sizeof(path), "%s/%s", directory, find("one")->kept);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(policies_delete(&policies, find("two"), CLIENT, &error), 0);
	ck_assert_int_eq(policies_set_enabled(&policies, find("one"), false, CLIENT, &error), 0);
	ck_assert_int_eq(
		policies_set_mode(&policies, find("three"), POLICY_MODE_MONITOR, CLIENT, &error),
		0);
	stop();
	stub_log();
	told_since();
	start();
	policies_restore(&policies);
	ck_assert_str_eq(stub_log(), "~three");
	ck_assert_str_eq(told_since(), "one disabled, three added");
	ck_assert_str_eq(find("one")->source, CLIENT);
	ck_assert_int_eq(policies_set_enabled(&policies, find("one"), true, CLIENT, &error), 0);
	ck_assert_str_eq(stub_log(), "+one");
	/* what cannot be loaded now can still be seen and deleted */
	stop();
	stub.refuse = "three";
	start();
	policies_restore(&policies);
	ck_assert_ptr_null(find("three")->loaded);
	ck_assert_ptr_nonnull(find("three")->error);
	ck_assert_ptr_nonnull(find("one")->loaded);
	ck_assert_int_eq(policies_delete(&policies, find("three"), CLIENT, &error), 0);
	stop();
	stub.refuse = NULL;
	start();
	policies_restore(&policies);
	ck_assert_ptr_null(find("three"));
}
END_TEST

START_TEST(test_not_kept)
{
	chmod(directory, 0777); /* anybody could put something there */
	stop();
	kept_policies_close(&kept);
	ck_assert_int_eq(kept_policies_open(directory, &kept, &last_error), -EPERM);
	kept_policies_close(&kept);
	ck_assert_int_eq(chmod(directory, 0700), 0);
	start();
	close(kept.directory_fd);
	kept.directory_fd = -1; /* as when it could not be made */
	ck_assert_int_lt(add(POLICY("one"), false), 0);
	ck_assert_msg(
		strstr(last_error.message, "cannot be kept") != NULL, "%s", last_error.message);
	ck_assert_uint_eq(policies.count, 0);
	ck_assert_uint_eq(stub.in_force, 0);
}
END_TEST

START_TEST(test_mode)
{
	struct error error = {0};

	ck_assert_int_eq(set_file("/p/a.yaml", POLICY("one")), 0);
	stub_log();
	ck_assert_int_eq(
		policies_set_mode(&policies, find("one"), POLICY_MODE_MONITOR, "me", &error), 0);
	ck_assert_str_eq(stub_log(), "~one -one");
	/* the mode is the name's, whatever becomes of the file */
	ck_assert_int_eq(set_file("/p/a.yaml", POLICY("one") "# again\n"), 0);
	ck_assert_str_eq(stub_log(), "~one -one");
	stub.refuse = "one";
	ck_assert_int_lt(
		policies_set_mode(&policies, find("one"), POLICY_MODE_ENFORCE, "me", &error), 0);
	ck_assert_int_eq(find("one")->mode, POLICY_MODE_MONITOR);
	ck_assert_ptr_nonnull(find("one")->loaded);
	/* gone for good, with it */
	stub.refuse = NULL;
	policies_orphan_file(&policies, "/p/a.yaml");
	policies_remove_orphans(&policies);
	stub_log();
	ck_assert_int_eq(set_file("/p/a.yaml", POLICY("one")), 0);
	ck_assert_str_eq(stub_log(), "+one");
}
END_TEST

START_TEST(test_scopes)
{
	struct scope_table_counters counters;
	struct error error = {0};

	ck_assert_int_eq(add(SCOPED("one"), false), 0);
	ck_assert_int_ge(stub.last_scope, 0);
	ck_assert_int_ge(stub.last_workload_scope, 0);
	scope_table_counters_get(scopes, &counters);
	ck_assert_uint_eq(counters.scopes, 2);
	ck_assert_int_eq(add(POLICY("two"), false), 0);
	ck_assert_int_eq(stub.last_scope, -1);
	ck_assert_int_eq(stub.last_workload_scope, -2);
	/* given back when it is refused, disabled, deleted */
	stub.refuse = "three";
	ck_assert_int_lt(add(SCOPED("three"), false), 0);
	ck_assert_int_eq(policies_set_enabled(&policies, find("one"), false, CLIENT, &error), 0);
	scope_table_counters_get(scopes, &counters);
	ck_assert_uint_eq(counters.scopes, 0);
}
END_TEST

START_TEST(test_list)
{
	_cleanup_buf_ struct buf json = {0};

	ck_assert_int_eq(set_file("/p/a.yaml", POLICY("one")), 0);
	policy_entry_json(find("one"), &json);
	ck_assert_ptr_nonnull(buf_string(&json));
	ck_assert_ptr_nonnull(strstr(json.data, "{\"name\":\"one\",\"state\":\"enabled\",\"mode\":"
						"\"enforce\",\"source\":\"/p/a.yaml\","));
	ck_assert_ptr_nonnull(strstr(json.data, "\"hits\":\"3\",\"matches\":\"2\""));
	ck_assert_ptr_nonnull(strstr(json.data, "\"kernel_memory\":\"4096\",\"hooks\":[]}"));
}
END_TEST

RUN_SUITE_IN(set_up, tear_down, "policies", test_file_is_replaced, test_file_is_refused, test_names,
	test_kept, test_not_kept, test_mode, test_scopes, test_list)
