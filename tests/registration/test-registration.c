/* SPDX-License-Identifier: Apache-2.0 */
/* Who may register what. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/proc.h"
#include "tests/registration/client.h"
#include "tests/registration/fixture.h"
#include "tests/unit/unit.h"

START_TEST(test_pid_1)
{
	struct error reason = {};

	fixture_start();
	ck_assert(!claim(1, 1, container_id('a'), &reason));
	ck_assert_str_eq(reason.message, "process 1 is the host's init");
	ck_assert(!claim(getpid(), getpid(), container_id('a'), &reason));
	no_message();
	ck_assert_uint_eq(counters().refused, 2);
}
END_TEST

START_TEST(test_kernel_thread)
{
	struct error reason = {};
	struct proc_status status;

	if (proc_read_status(2, &status) < 0 || strcmp(status.name, "kthreadd"))
		return; /* in a pid namespace there is none to see */
	fixture_start();
	ck_assert(!claim(2, 2, container_id('a'), &reason));
	ck_assert_str_eq(reason.message, "process 2 is a kernel thread");
}
END_TEST

START_TEST(test_another_pid_than_the_descriptor)
{
	struct error reason = {};
	pid_t pid, other;

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	other = container_start(container_cgroup('b'), 0);
	ck_assert(!claim(pid, other, container_id('a'), &reason));
	ck_assert_ptr_nonnull(strstr(reason.message, "the descriptor"));
	no_message();
}
END_TEST

START_TEST(test_another_containers_pid)
{
	struct error reason = {};
	pid_t known, unknown;

	fixture_start();
	known = container_start(container_cgroup('a'), 0);
	unknown = container_start(container_cgroup('b'), 0);
	ck_assert(claim(known, known, container_id('a'), &reason));
	ck_assert(!claim(known, known, container_id('c'), &reason));
	ck_assert(!claim(known, known, "stolen", &reason));
	ck_assert(!claim(known, known, "libpod", &reason)); /* a word of the cgroup's name */
	ck_assert(!claim(unknown, unknown, container_id('c'), &reason));
	ck_assert_ptr_nonnull(strstr(reason.message, container_id('b')));
	ck_assert_uint_eq(counters().accepted, 1);
	ck_assert_uint_eq(counters().refused, 4);
}
END_TEST

/* Registered inside another container's cgroup: its events would be hidden there. */
START_TEST(test_nested)
{
	struct error reason = {};
	char nested[300];
	pid_t outer, inner;

	fixture_start();
	outer = container_start(container_cgroup('a'), 0);
	snprintf(nested, sizeof(nested), "%s/%s", container_cgroup('a'), container_cgroup('b'));
	inner = container_start(nested, 0);
	ck_assert(!claim(inner, inner, container_id('b'), &reason));
	ck_assert(claim(outer, outer, container_id('a'), &reason));
	ck_assert(!claim(inner, inner, container_id('b'), &reason));
	ck_assert(!map_has(cgroup_number(nested), NULL));
}
END_TEST

START_TEST(test_from_inside_a_container)
{
	struct error reason = {};
	pid_t web, sleeper;

	fixture_start();
	web = container_start(container_cgroup('a'), 0);
	sleeper = container_start(container_cgroup('b'), 0);
	ck_assert(claim(web, web, container_id('a'), &reason));
	ck_assert(!claim_as(
		&(struct claimant){.cgroup = container_cgroup('a')}, sleeper, container_id('b')));
	ck_assert(!map_has(cgroup_number(container_cgroup('b')), NULL));
	ck_assert(claim(sleeper, sleeper, container_id('b'), &reason));
}
END_TEST

/* It has moved itself out of its cgroup; descent still tells. */
START_TEST(test_by_descendant_of_a_container)
{
	struct error reason = {};
	struct registration_message *added;
	pid_t web, sleeper, child;
	int status;

	fixture_start();
	web = container_start(container_cgroup('a'), 0);
	sleeper = container_start(container_cgroup('b'), 0);
	ck_assert(claim(web, web, container_id('a'), &reason));
	added = message_take(REGISTRATION_ADDED);
	child = fork();
	if (!child) {
		ck_assert_int_eq(task_map_add(&fixture.maps, -1, getpid(), added->container_id,
					 added->generation),
			0);
		_exit(claim(sleeper, sleeper, container_id('b'), &reason) ? 0 : 7);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	registration_message_free(added);
}
END_TEST

START_TEST(test_root_of_a_user_namespace)
{
	pid_t pid, child;
	int status;

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	child = fork();
	if (!child) {
		struct error reason = {};
		int fd;

		ck_assert_int_eq(unshare(CLONE_NEWUSER), 0);
		fd = open("/proc/self/uid_map", O_WRONLY);
		ck_assert_int_eq((int)write(fd, "0 0 1\n", 6), 6);
		_exit(claim(pid, pid, container_id('a'), &reason) ? 0 : 7);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	ck_assert(!map_has(cgroup_number(container_cgroup('a')), NULL));
}
END_TEST

START_TEST(test_another_user)
{
	const struct claimant user = {.uid = fixture.user};
	struct registration_message *added;
	char his[200];
	pid_t of_root, of_other, mine;

	fixture_start();
	of_root = container_start(container_cgroup('a'), 0);
	ck_assert(!claim_as(&user, of_root, container_id('a')));

	/* his own namespace, in a cgroup that is not his to name */
	of_other = container_start(container_cgroup('b'), fixture.user);
	ck_assert(!claim_as(&user, of_other, container_id('b')));

	cgroup_make("user.slice");
	cgroup_chown("user.slice", fixture.user);
	snprintf(his, sizeof(his), "user.slice/%s", container_cgroup('c'));
	mine = container_start(his, fixture.user);
	/* somebody else's namespace */
	ck_assert(!claim_as(&(struct claimant){.uid = 1234}, mine, container_id('c')));
	no_message();
	ck_assert(claim_as(&user, mine, container_id('c')));
	added = message_take(REGISTRATION_ADDED);
	ck_assert_str_eq(added->container->scope, scope());
	ck_assert(map_has(cgroup_number(his), NULL));
	registration_message_free(added);
}
END_TEST

/* Rootless without a cgroup of its own: by descent only, so it can mislabel nothing else. */
START_TEST(test_another_user_without_cgroup)
{
	struct registration_message *added;
	pid_t pid;

	fixture_start();
	pid = container_start(NULL, fixture.user);
	ck_assert(claim_as(&(struct claimant){.uid = fixture.user}, pid, container_id('a')));
	added = message_take(REGISTRATION_ADDED);
	ck_assert(!added->container->has_cgroup);
	ck_assert_str_eq(added->container->scope, scope());
	registration_message_free(added);
}
END_TEST

START_TEST(test_quota_and_ids_of_users)
{
	const struct claimant user = {.uid = fixture.user};
	struct error reason = {};
	pid_t of_root, pid[3];

	fixture_start();
	of_root = container_start(container_cgroup('a'), 0);
	ck_assert(claim(of_root, of_root, container_id('a'), &reason));
	for (size_t i = 0; i < 3; i++)
		pid[i] = container_start(NULL, fixture.user);
	ck_assert(!claim_as(&user, pid[0], container_id('a'))); /* root's id */
	ck_assert(claim_as(&user, pid[0], container_id('b')));
	ck_assert(claim_as(&user, pid[1], container_id('c')));
	ck_assert(!claim_as(&user, pid[2], container_id('d')));
	ck_assert_uint_eq(counters().quota_refused, 1);
	container_kill(pid[0]);
	ck_assert(claim_as(&user, pid[2], container_id('d')));
}
END_TEST

START_TEST(test_ended_while_we_looked)
{
	struct error reason = {};
	struct buf buf = {};
	int pidfd;
	pid_t pid;

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	pidfd = open_pidfd(pid);
	client_message(&buf, pid, container_id('a'));
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){}, WEXITED | WNOWAIT), 0);
	/* A zombie first, then nothing at all. */
	ck_assert(!client_exchange(buf.data, buf.length, &pidfd, 1, &reason));
	container_kill(pid);
	ck_assert(!client_exchange(buf.data, buf.length, &pidfd, 1, &reason));
	ck_assert(!map_has(cgroup_number(container_cgroup('a')), NULL));
	buf_done(&buf);
	close(pidfd);
}
END_TEST

START_TEST(test_map_full)
{
	struct error reason = {};
	pid_t pid;

	fixture_start();
	for (uint64_t key = 1; key <= FIXTURE_CONTAINERS_MAX; key++)
		if (bpf_map_update_elem(
			    fixture.maps.containers_fd, &key, &(struct container_entry){}, 0))
			break;
	pid = container_start(container_cgroup('a'), 0);
	ck_assert(!claim(pid, pid, container_id('a'), &reason));
	ck_assert_str_eq(reason.message, "the container map is full");
	ck_assert_uint_eq(counters().map_full, 1);
	no_message();
	for (uint64_t key = 1; key <= FIXTURE_CONTAINERS_MAX; key++)
		bpf_map_delete_elem(fixture.maps.containers_fd, &key);
	ck_assert(claim(pid, pid, container_id('a'), &reason));
}
END_TEST

START_TEST(test_poststop_is_only_a_hint)
{
	struct registration_message *message;
	struct error reason = {};
	const char *state;
	pid_t pid;

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	ck_assert(claim(pid, pid, container_id('a'), &reason));
	message_drop(REGISTRATION_ADDED);
	state = state_text(0, container_id('a'), "stopped", "");
	ck_assert_int_eq(hook_run(NULL, state, strlen(state)), 0);
	while ((message = message_next())) {
		ck_assert_int_ne(message->kind, REGISTRATION_ENDED);
		registration_message_free(message);
	}
	container_kill(pid);
	state = state_text(0, container_id('a'), "stopped", "");
	ck_assert_int_eq(hook_run(NULL, state, strlen(state)), 0);
	message_drop(REGISTRATION_ENDED);
}
END_TEST

/* A cgroup that was left over, and is used again: another container, although all names agree. */
START_TEST(test_reused_cgroup)
{
	struct registration_message *message;
	struct error reason = {};
	uint64_t generation;
	pid_t pid;

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	ck_assert(claim(pid, pid, container_id('a'), &reason));
	message = message_take(REGISTRATION_ADDED);
	generation = message->generation;
	registration_message_free(message);
	container_kill(pid);
	pid = container_start(container_cgroup('a'), 0);
	ck_assert(claim(pid, pid, container_id('a'), &reason));
	do {
		message = message_next();
		ck_assert_ptr_nonnull(message);
		ck_assert_int_ne(message->kind, REGISTRATION_ADDED);
		if (message->kind == REGISTRATION_ENDED)
			break;
		registration_message_free(message);
	} while (true);
	ck_assert_uint_eq(message->generation, generation);
	registration_message_free(message);
	message = message_take(REGISTRATION_ADDED);
	ck_assert_uint_gt(message->generation, generation);
	ck_assert_int_eq(message->container->init_pid, pid);
	/* what the main thread still has to say of the old one does not touch the new */
	registration_forget(fixture.registration, message->container_id, generation, "old");
	fixture_stop();
	ck_assert(map_has(message->container_id, NULL));
	registration_message_free(message);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_pid_1, test_kernel_thread,
		test_another_pid_than_the_descriptor, test_another_containers_pid, test_nested,
		test_from_inside_a_container, test_by_descendant_of_a_container,
		test_root_of_a_user_namespace, test_another_user, test_another_user_without_cgroup,
		test_quota_and_ids_of_users, test_ended_while_we_looked, test_map_full,
		test_poststop_is_only_a_hint, test_reused_cgroup};

	if (geteuid())
		return 77; /* cgroups, maps and other users' processes need root */
	return run_suite(
		"registration", fixture_set_up, fixture_tear_down, tests, ARRAY_SIZE(tests));
}
