/* SPDX-License-Identifier: Apache-2.0 */
/* What hostile clients of the hook socket get. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/hook_message.h"
#include "tests/registration/client.h"
#include "tests/registration/fixture.h"
#include "tests/unit/unit.h"

START_TEST(test_hostile_packets)
{
	static const char *const texts[] = {"hello", "{", "null", "{\"version\":1}",
		"{\"version\":2}", "{\"version\":1,\"stage\":\"createRuntime\",\"started\":\"x\"}",
		"{\"version\":1,\"stage\":\"createRuntime\",\"started\":\"1\",\"budget_ms\":1,"
		"\"boot_id\":\"\",\"init_start_ticks\":\"0\",\"annotations_left_out\":0,\"state\":"
		"7}"};
	size_t huge = HOOK_MESSAGE_MAX + 4096;
	char *large = malloc(huge);
	struct error reason = {};

	fixture_start();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert(!client_exchange(texts[i], strlen(texts[i]), NULL, 0, &reason));
	memset(large, '[', huge);
	ck_assert(!client_exchange(large, huge, NULL, 0, &reason));
	ck_assert_ptr_nonnull(strstr(reason.message, "longer than"));
	ck_assert(!client_exchange(large, HOOK_MESSAGE_MAX, NULL, 0, &reason));
	for (int i = 0; i < 256; i++) {
		large[0] = (char)i;
		ck_assert(!client_exchange(large, 64, NULL, 0, &reason));
	}
	ck_assert_uint_eq(counters().malformed, ARRAY_SIZE(texts) + 2 + 256);
	no_message();
	free(large);
}
END_TEST

/* The daemon is this process: what it does not close can be counted. */
START_TEST(test_hostile_descriptors)
{
	size_t before, after = 0;
	struct error reason = {};
	struct buf buf = {};
	int fds[SCM_MAX_DESCRIPTORS], pipes[2];
	pid_t pid;

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	client_message(&buf, pid, container_id('a'));
	ck_assert(!client_exchange(buf.data, buf.length, NULL, 0, &reason));
	before = file_count("/proc/self/fd");

	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert(!client_exchange(buf.data, buf.length, &pipes[0], 1, &reason)); /* no pidfd */
	ck_assert_str_eq(reason.message, "the descriptor is no pidfd");
	fds[0] = fds[1] = open_pidfd(pid);
	ck_assert(!client_exchange(buf.data, buf.length, fds, 2, &reason));
	fds[1] = pipes[1];
	ck_assert(!client_exchange(buf.data, buf.length, fds, 2, &reason));
	for (size_t i = 0; i < SCM_MAX_DESCRIPTORS; i++)
		fds[i] = i % 2 ? pipes[0] : fds[0];
	for (int i = 0; i < 40; i++)
		ck_assert(
			!client_exchange(buf.data, buf.length, fds, SCM_MAX_DESCRIPTORS, &reason));
	ck_assert(!map_has(cgroup_number(container_cgroup('a')), NULL));
	close(pipes[0]);
	close(pipes[1]);
	close(fds[0]);
	for (int i = 0; i < 1000; i++) { /* closing is left to other threads */
		after = file_count("/proc/self/fd");
		if (after <= before)
			break;
		usleep(10000);
	}
	ck_assert_uint_le(after, before);
	ck_assert(claim(pid, pid, container_id('a'), &reason));
	buf_done(&buf);
}
END_TEST

START_TEST(test_many_connections)
{
	enum {
		COUNT = 300
	};
	struct error reason = {};
	int fds[COUNT];
	pid_t pid;

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	/* None of them ever sends. They are closed one after the other, and the hook gets its turn.
	 */
	for (size_t i = 0; i < COUNT; i++)
		fds[i] = client_connect();
	ck_assert(claim(pid, pid, container_id('a'), &reason));
	ck_assert_uint_ge(counters().timeouts, 1);
	for (size_t i = 0; i < COUNT; i++)
		close(fds[i]);
}
END_TEST

/* Another user's connections, however many, leave room for root's. */
START_TEST(test_another_users_connections)
{
	struct error reason = {};
	int ready[2], status;
	pid_t pid, child;
	char byte;

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (!child) {
		ck_assert_int_eq(setresuid(1234, 1234, 1234), 0);
		for (int i = 0; i < 200; i++)
			client_connect();
		ck_assert_int_eq((int)write(ready[1], "r", 1), 1);
		pause();
	}
	ck_assert_int_eq((int)read(ready[0], &byte, 1), 1);
	ck_assert(claim(pid, pid, container_id('a'), &reason));
	ck_assert_uint_ge(counters().refused, 200 - 8);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_hostile_packets, test_hostile_descriptors,
		test_many_connections, test_another_users_connections};

	if (geteuid())
		return 77; /* cgroups, maps and other users' processes need root */
	return run_suite("hostile", fixture_set_up, fixture_tear_down, tests, ARRAY_SIZE(tests));
}
