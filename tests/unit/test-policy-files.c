/* SPDX-License-Identifier: Apache-2.0 */
/* policy_dir: what is read, when, and what is refused. */
#include "daemon/policy/policy_files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/policy/policy_file.h"
#include "lib/cleanup.h"
#include "tests/unit/stub-engine.h"
#include "tests/unit/unit.h"

#define POLICY(name)                                                                               \
	"apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: " name "}\n"        \
	"spec: {kprobes: [{call: sys_read}]}\n"

static char parent[64], path[96];
static uint64_t now;
static unsigned refusals;
static char last_refusal[ERROR_MESSAGE_MAX];
static struct scope_table *scopes;
static struct kept_policies kept = {.directory_fd = -1, .path = (char *)"/nowhere"};
static struct policies policies;
static struct policy_directory watched;
static struct policy_files files;
static bool stop;

static void on_changed(void *data, const struct policy_change *change)
{
	if (strcmp(change->change, "refused") != 0)
		return;
	refusals++;
	snprintf(last_refusal, sizeof(last_refusal), "%s", change->error);
}

static const char *in_directory(const char *name)
{
	static char joined[2][512];
	static int turn;

	turn = !turn;
	snprintf(joined[turn], sizeof(joined[turn]), "%s/%s", path, name);
	return joined[turn];
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(in_directory(name), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* Time passes, and what is due is done. */
static void pass(uint64_t ns)
{
	policy_directory_handle(&watched, now);
	now += ns;
	if (policy_directory_due(&watched, now))
		policy_files_update(&files);
}

static void settle(void)
{
	pass(DIRECTORY_QUIET_NS);
}

static bool has(const char *name)
{
	struct policy_entry *entry;

	return !policies_find(&policies, NULL, name, &entry, NULL) && entry->loaded;
}

static void set_up(void)
{
	const struct policies_observer observer = {.changed = on_changed};
	struct policy_kernel kernel = {0};

	memset(&stub, 0, sizeof(stub));
	now = 1000 * NSEC_PER_SEC;
	snprintf(parent, sizeof(parent), "/tmp/tallyman-files-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(parent));
	snprintf(path, sizeof(path), "%s/policies.d", parent);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(scope_table_new(NULL, &scopes), 0);
	kernel.scopes = scopes;
	policies_init(&policies, &kernel, &kept, &observer);
	ck_assert_int_eq(policy_directory_init(&watched, path, now), 0);
	files = (struct policy_files){.directory = &watched, .policies = &policies, .stop = &stop};
	settle();
}

static void tear_down(void)
{
	char command[128];

	policies_done(&policies);
	policy_files_done(&files);
	policy_directory_done(&watched);
	scopes = scope_table_free(scopes);
	snprintf(command, sizeof(command), "rm -rf %s", parent);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(test_names)
{
	static const char *const read[] = {"a.yaml", "a.yml", "10-a.b.yaml"};
	static const char *const passed_over[] = {"a", "a.txt", ".a.yaml", "a.yaml~", "a.yaml.swp",
		"#a.yaml#", ".yaml", "a.yaml.rpmsave", "a.YAML"};

	for (size_t i = 0; i < ARRAY_SIZE(read); i++)
		ck_assert_msg(policy_file_is_named_so(read[i]), "%s", read[i]);
	for (size_t i = 0; i < ARRAY_SIZE(passed_over); i++)
		ck_assert_msg(!policy_file_is_named_so(passed_over[i]), "%s", passed_over[i]);
}
END_TEST

START_TEST(test_come_change_go)
{
	write_file("a.yaml", POLICY("one"));
	pass(1);
	ck_assert(!has("one")); /* not yet: more may come */
	settle();
	ck_assert(has("one"));
	write_file("a.yaml", POLICY("two"));
	settle();
	ck_assert(has("two") && !has("one"));
	ck_assert_int_eq(rename(in_directory("a.yaml"), in_directory("b.yaml")), 0);
	stub_log();
	settle();
	ck_assert_str_eq(stub_log(), "+two -two");
	ck_assert_int_eq(rename(in_directory("b.yaml"), in_directory("b.off")), 0);
	settle();
	ck_assert(!has("two"));
	ck_assert_uint_eq(refusals, 0);
}
END_TEST

START_TEST(test_same_again)
{
	write_file("a.yaml", POLICY("one"));
	settle();
	stub_log();
	write_file("a.yaml", POLICY("one"));
	settle();
	pass(DIRECTORY_LATE_NS);
	ck_assert_str_eq(stub_log(), ""); /* nothing has changed */
}
END_TEST

START_TEST(test_being_written)
{
	int fd;

	write_file("a.yaml", POLICY("one"));
	settle();
	fd = open(in_directory("a.yaml"), O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, "apiVersion: ", 12), 12);
	write_file("b.yaml", POLICY("two"));
	settle();
	ck_assert(has("two"));
	ck_assert(has("one")); /* half a file is not looked at */
	ck_assert_uint_eq(refusals, 0);
	ck_assert_int_gt(
		dprintf(fd, "cilium.io/v1alpha1\nkind: TracingPolicy\n"
			    "metadata: {name: three}\nspec: {kprobes: [{call: sys_read}]}\n"),
		0);
	close(fd);
	settle();
	ck_assert(has("three") && !has("one"));
	ck_assert_uint_eq(refusals, 0);
}
END_TEST

START_TEST(test_never_quiet)
{
	uint64_t begin = now;

	/* changes without an end do not put off what came first */
	write_file("a.yaml", POLICY("one"));
	while (!has("one")) {
		write_file("b.yaml", "x");
		pass(DIRECTORY_QUIET_NS / 2);
		ck_assert_uint_le(now - begin, 2 * DIRECTORY_LATE_NS);
	}
}
END_TEST

START_TEST(test_refused_files)
{
	char target[512];

	write_file("a.yaml", POLICY("one"));
	settle();
	write_file("a.yaml", "{");
	settle();
	ck_assert_uint_eq(refusals, 1);
	ck_assert_ptr_nonnull(strstr(last_refusal, "a.yaml:2:1: "));
	ck_assert(has("one")); /* what was in force stays */
	pass(DIRECTORY_LATE_NS);
	ck_assert_uint_eq(refusals, 1); /* said once */

	write_file("open.yaml", POLICY("open"));
	ck_assert_int_eq(chmod(in_directory("open.yaml"), 0646), 0);
	settle();
	ck_assert_uint_eq(refusals, 2);
	ck_assert_ptr_nonnull(strstr(last_refusal, "0646"));
	ck_assert_int_eq(chmod(in_directory("open.yaml"), 0644), 0);
	settle();
	ck_assert(has("open"));

	snprintf(target, sizeof(target), "%s/elsewhere.yaml", parent);
	ck_assert_int_eq(rename(in_directory("open.yaml"), target), 0);
	ck_assert_int_eq(symlink(target, in_directory("link.yaml")), 0);
	settle();
	ck_assert(!has("open"));
	ck_assert_uint_eq(refusals, 3);
	ck_assert_ptr_nonnull(strstr(last_refusal, "symbolic link"));
	ck_assert_int_eq(link(target, in_directory("hard.yaml")), 0);
	settle();
	ck_assert(has("open")); /* another name for it is not */

	ck_assert_int_eq(mkfifo(in_directory("fifo.yaml"), 0600), 0);
	ck_assert_int_eq(mkdir(in_directory("sub.yaml"), 0700), 0);
	settle();
	ck_assert_uint_eq(refusals, 5);
	ck_assert_ptr_nonnull(strstr(last_refusal, "no regular file"));
	if (!geteuid()) {
		write_file("owned.yaml", POLICY("owned"));
		ck_assert_int_eq(chown(in_directory("owned.yaml"), 12345, 0), 0);
		settle();
		ck_assert_uint_eq(refusals, 6);
		ck_assert_ptr_nonnull(strstr(last_refusal, "belongs to uid 12345"));
	}
}
END_TEST

START_TEST(test_taken_name)
{
	write_file("a.yaml", POLICY("one"));
	write_file("b.yaml", POLICY("one"));
	settle();
	ck_assert_uint_eq(refusals, 1);
	ck_assert_int_eq(unlink(in_directory("a.yaml")), 0);
	settle();
	ck_assert(has("one")); /* the other one's turn */
}
END_TEST

START_TEST(test_directory)
{
	char elsewhere[128];

	write_file("a.yaml", POLICY("one"));
	settle();
	/* nobody knows who wrote what is in there */
	ck_assert_int_eq(chmod(path, 0777), 0);
	settle();
	write_file("b.yaml", POLICY("two"));
	settle();
	pass(DIRECTORY_RETRY_NS);
	ck_assert(has("one") && !has("two"));
	ck_assert_int_eq(watched.error.code, -EPERM);
	ck_assert_int_eq(chmod(path, 0755), 0);
	pass(DIRECTORY_RETRY_NS);
	settle();
	ck_assert(has("two"));
	/* gone, with its policies; and back */
	snprintf(elsewhere, sizeof(elsewhere), "%s/moved", parent);
	ck_assert_int_eq(rename(path, elsewhere), 0);
	settle();
	ck_assert(!has("one") && !has("two"));
	ck_assert_int_eq(rename(elsewhere, path), 0);
	pass(DIRECTORY_RETRY_NS);
	settle();
	ck_assert(has("one") && has("two"));
}
END_TEST

RUN_SUITE_IN(set_up, tear_down, "policy-files", test_names, test_come_change_go, test_same_again,
	test_being_written, test_never_quiet, test_refused_files, test_taken_name, test_directory)
