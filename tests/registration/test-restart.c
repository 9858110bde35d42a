/* SPDX-License-Identifier: Apache-2.0 */
/* What the next daemon knows: from kept state, from the cgroup tree, from conmon. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/fd.h"
#include "tests/registration/fixture.h"
#include "tests/unit/unit.h"

static void state_file(uint64_t container_id, char *path, size_t size)
{
	snprintf(path, size, "%s/containers/%llu.json", fixture.runtime_dir,
		(unsigned long long)container_id);
}

static struct registration_message *expect_source(char digit, enum container_source source)
{
	struct registration_message *message = message_take(REGISTRATION_ADDED);

	ck_assert_str_eq(message->container->id, container_id(digit));
	ck_assert_int_eq(message->container->source, source);
	ck_assert(message->existing);
	return message;
}

/* A registered container and the daemon that knew it gone. */
static pid_t registered_and_stopped(char digit, uint64_t *ret_generation)
{
	struct registration_message *message;
	pid_t pid;

	fixture_start();
	pid = container_start(container_cgroup(digit), 0);
	ck_assert_int_eq(hook_register(pid, container_id(digit)), 0);
	message = message_take(REGISTRATION_ADDED);
	*ret_generation = message->generation;
	registration_message_free(message);
	fixture_stop();
	ck_assert_uint_ge(file_count(fixture.runtime_dir), 2);
	return pid;
}

START_TEST(test_state_is_restored)
{
	struct registration_message *message;
	struct container_entry entry;
	uint64_t generation;
	pid_t pid = registered_and_stopped('a', &generation);

	container_map_remove(&fixture.maps, cgroup_number(container_cgroup('a')), generation);
	fixture_start();
	message = expect_source('a', CONTAINER_SOURCE_STATE);
	ck_assert_uint_eq(message->generation, generation);
	ck_assert_int_eq(message->container->init_pid, pid);
	ck_assert(message->container->verified);
	ck_assert_str_eq(message->container->bundle, fixture.directory);
	ck_assert(map_has(message->container_id, &entry));
	ck_assert_uint_eq(entry.generation, generation);
	registration_message_free(message);
	message_drop(REGISTRATION_READY);
}
END_TEST

START_TEST(test_ended_meanwhile)
{
	struct registration_message *message;
	uint64_t generation, cgroup;
	pid_t pid = registered_and_stopped('a', &generation);
	char path[256];

	cgroup = cgroup_number(container_cgroup('a'));
	container_map_remove(&fixture.maps, cgroup, generation);
	container_kill(pid);
	fixture_start();
	message = expect_source('a', CONTAINER_SOURCE_STATE);
	registration_message_free(message);
	message_drop(REGISTRATION_READY);
	message_drop(REGISTRATION_ENDED);
	no_message();
	ck_assert(!map_has(cgroup, NULL));
	state_file(cgroup, path, sizeof(path));
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

/* The same names, another cgroup: what ran in the old one has ended. */
START_TEST(test_cgroup_made_again)
{
	struct registration_message *message;
	uint64_t generation;
	pid_t pid = registered_and_stopped('a', &generation);
	char path[512];

	container_kill(pid);
	snprintf(path, sizeof(path), "%s%s/%s", fixture.mount_point, fixture.cgroup,
		container_cgroup('a'));
	ck_assert_int_eq(rmdir(path), 0);
	container_start(container_cgroup('a'), 0);
	fixture_start();
	registration_message_free(expect_source('a', CONTAINER_SOURCE_STATE));
	message_drop(REGISTRATION_READY);
	message_drop(REGISTRATION_ENDED);
	message = expect_source('a', CONTAINER_SOURCE_SCAN);
	ck_assert_uint_eq(message->container_id, cgroup_number(container_cgroup('a')));
	ck_assert_uint_gt(message->generation, generation);
	registration_message_free(message);
}
END_TEST

static void replace_in_file(const char *path, const char *from, const char *to)
{
	struct buf buf = {};
	char *at;
	int fd;

	ck_assert_int_eq(read_file_limited(path, 65536, &buf), 0);
	at = strstr(buf_string(&buf), from);
	ck_assert_ptr_nonnull(at);
	ck_assert_uint_eq(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ck_assert_int_eq(write_all(fd, buf.data, buf.length), 0);
	close(fd);
	buf_done(&buf);
}

START_TEST(test_damaged_state_is_not_used)
{
	static const char *const changes[][2] = {
		{"\"boot_id\":\"", "\"boot_iD\":\""},
		{"\"version\":1", "\"version\":9"},
		{"\"generation\":\"", "\"generatioN\":\""},
		{"\"id\":\"a", "\"id\":\"/"},
		{"\"has_cgroup\":true", "\"has_cgrouP\":true"},
		{"{", "["},
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		uint64_t generation, cgroup;
		pid_t pid = registered_and_stopped('a', &generation);
		char path[256];

		cgroup = cgroup_number(container_cgroup('a'));
		state_file(cgroup, path, sizeof(path));
		replace_in_file(path, changes[i][0], changes[i][1]);
		fixture_start();
		/* found again by its cgroup, and without what the file said */
		registration_message_free(expect_source('a', CONTAINER_SOURCE_SCAN));
		fixture_stop();
		container_kill(pid);
		unlink(path);
	}
}
END_TEST

START_TEST(test_state_directory_with_garbage)
{
	char path[256];

	fixture_start();
	fixture_stop();
	snprintf(path, sizeof(path), "%s/containers/7.json", fixture.runtime_dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/containers/8.json", fixture.runtime_dir);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/containers/9.json", fixture.runtime_dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	fixture_start();
	no_message();
}
END_TEST

START_TEST(test_directories_must_be_private)
{
	struct error error = {};
	char path[256];

	snprintf(path, sizeof(path), "%s/containers", fixture.runtime_dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chmod(path, 0777), 0);
	ck_assert_int_eq(registration_start(
				 &fixture.config, &fixture.maps, -1, &fixture.registration, &error),
		-EPERM);
	ck_assert_ptr_nonnull(strstr(error.message, "open to others"));
	ck_assert_int_eq(chmod(path, 0700), 0);
	ck_assert_int_eq(chown(path, 1234, 1234), 0);
	ck_assert_int_eq(registration_start(
				 &fixture.config, &fixture.maps, -1, &fixture.registration, &error),
		-EPERM);
}
END_TEST

START_TEST(test_two_daemons)
{
	struct registration *second = NULL;
	struct error error = {};

	fixture_start();
	ck_assert_int_eq(registration_start(&fixture.config, &fixture.maps, -1, &second, &error),
		-EADDRINUSE);
	ck_assert_ptr_null(second);
	ck_assert_int_eq(access(fixture.socket, F_OK), 0);
}
END_TEST

/* Copied, since the build directory may be closed to other users. */
static void copy_myself(const char *path)
{
	struct buf buf = {};
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read_file_limited("/proc/self/exe", 64 << 20, &buf), 0);
	ck_assert_int_eq(write_all(fd, buf.data, buf.length), 0);
	close(fd);
	buf_done(&buf);
}

/* A process called conmon, with conmon's arguments: this program under that name. */
static void start_conmon(char digit, uid_t uid)
{
	char path[128], byte;
	int ready[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/conmon", fixture.directory);
	if (access(path, F_OK) < 0)
		copy_myself(path);
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		dup2(ready[1], STDOUT_FILENO);
		if (uid)
			ck_assert_int_eq(setresuid(uid, uid, uid), 0);
		execl(path, path, "-c", container_id(digit), "-n", "web", "-b", "/bundle/of/web",
			NULL);
		_exit(127);
	}
	fixture.containers[fixture.container_count++] = pid;
	close(ready[1]);
	ck_assert_msg(read(ready[0], &byte, 1) == 1, "conmon did not start");
	close(ready[0]);
}

START_TEST(test_scan_with_conmon)
{
	struct registration_message *message;

	container_start(container_cgroup('a'), 0);
	start_conmon('a', 0);
	fixture_start();
	message = expect_source('a', CONTAINER_SOURCE_SCAN);
	ck_assert(message->container->verified);
	ck_assert_str_eq(message->container->bundle, "/bundle/of/web");
	ck_assert_uint_ge(counters().scanned, 1);
	registration_message_free(message);
	message = message_take(REGISTRATION_UPDATED);
	ck_assert_str_eq(message->metadata.name, "web");
	registration_message_free(message);
	message_drop(REGISTRATION_READY);
}
END_TEST

/* Any user can call a program conmon. */
START_TEST(test_scan_with_somebody_elses_conmon)
{
	struct registration_message *message;

	container_start(container_cgroup('a'), 0);
	start_conmon('a', fixture.user);
	fixture_start();
	message = expect_source('a', CONTAINER_SOURCE_SCAN);
	ck_assert(!message->container->verified);
	ck_assert_ptr_null(message->container->bundle);
	registration_message_free(message);
}
END_TEST

START_TEST(test_scan_of_a_users_subtree)
{
	struct registration_message *message;
	char his[200];

	cgroup_make("user.slice");
	cgroup_chown("user.slice", fixture.user);
	snprintf(his, sizeof(his), "user.slice/%s", container_cgroup('a'));
	container_start(his, fixture.user);
	snprintf(his, sizeof(his), "user.slice/%s", container_cgroup('b'));
	container_start(his, fixture.user);
	start_conmon('a', fixture.user);
	start_conmon('b', 0); /* not his */
	fixture_start();
	message = expect_source('a', CONTAINER_SOURCE_SCAN);
	ck_assert_str_eq(message->container->scope, scope());
	registration_message_free(message);
	while ((message = message_next())) {
		ck_assert_int_ne(message->kind, REGISTRATION_ADDED);
		registration_message_free(message);
	}
}
END_TEST

START_TEST(test_scan_passes_over)
{
	char name[200];

	snprintf(name, sizeof(name), "libpod-conmon-%s.scope", container_id('a'));
	container_start(name, 0);
	snprintf(name, sizeof(name), "docker-%s.scope", container_id('b'));
	container_start(name, 0);
	cgroup_make(container_cgroup('c')); /* nobody in it */
	container_start("system.slice", 0);
	fixture_start();
	no_message();
}
END_TEST

START_TEST(test_discover)
{
	struct registration_message *message;
	char deeper[200], path[512];

	fixture_start();
	cgroup_make(container_cgroup('a'));
	snprintf(deeper, sizeof(deeper), "%s/container", container_cgroup('a'));
	container_start(deeper, 0);
	snprintf(path, sizeof(path), "%s/%s", fixture.cgroup, deeper);
	registration_discover(fixture.registration, cgroup_number(deeper), path);
	message = expect_source('a', CONTAINER_SOURCE_SCAN);
	ck_assert_uint_eq(message->container_id, cgroup_number(container_cgroup('a')));
	registration_message_free(message);
	/* known by now, gone, or no container at all: nothing */
	registration_discover(fixture.registration, cgroup_number(deeper), path);
	registration_discover(fixture.registration, 1, "/nonexistent");
	snprintf(path, sizeof(path), "%s/%s", fixture.cgroup, container_cgroup('b'));
	registration_discover(fixture.registration, 1, path);
	while ((message = message_next())) {
		ck_assert_int_ne(message->kind, REGISTRATION_ADDED);
		registration_message_free(message);
	}
}
END_TEST

/* CRI-O's sandbox gets no hook; its first container names it. */
START_TEST(test_sandbox)
{
	char name[200], annotations[300];
	struct registration_message *message;
	const char *state;
	pid_t pid;

	fixture_start();
	snprintf(name, sizeof(name), "crio-%s.scope", container_id('b'));
	container_start(name, 0);
	snprintf(name, sizeof(name), "crio-%s.scope", container_id('a'));
	pid = container_start(name, 0);
	snprintf(annotations, sizeof(annotations),
		",\"annotations\":{\"io.container.manager\":\"cri-o\",\"io.kubernetes.cri-o."
		"SandboxID\":\"%s\"}",
		container_id('b'));
	state = state_text(pid, container_id('a'), "creating", annotations);
	ck_assert_int_eq(hook_run(NULL, state, strlen(state)), 0);
	message = message_take(REGISTRATION_ADDED);
	ck_assert_str_eq(message->container->id, container_id('a'));
	ck_assert(!message->existing);
	registration_message_free(message);
	do {
		message = message_next();
		ck_assert_msg(message != NULL, "the sandbox is not known when the hook returns");
		if (message->kind == REGISTRATION_ADDED)
			break;
		registration_message_free(message);
	} while (true);
	ck_assert_str_eq(message->container->id, container_id('b'));
	ck_assert_int_eq(message->container->source, CONTAINER_SOURCE_SANDBOX);
	registration_message_free(message);
}
END_TEST

/* podman's annotation of the same name, given by hand, registers nothing. */
START_TEST(test_sandbox_of_podman)
{
	char annotations[300];
	struct registration_message *message;
	const char *state;
	pid_t pid;

	fixture_start();
	container_start(container_cgroup('b'), 0);
	pid = container_start(container_cgroup('a'), 0);
	snprintf(annotations, sizeof(annotations),
		",\"annotations\":{\"io.container.manager\":\"cri-o\",\"io.kubernetes.cri-o."
		"SandboxID\":\"%s\"}",
		container_id('b'));
	state = state_text(pid, container_id('a'), "creating", annotations);
	ck_assert_int_eq(hook_run(NULL, state, strlen(state)), 0);
	message_drop(REGISTRATION_ADDED);
	while ((message = message_next())) {
		ck_assert_int_ne(message->kind, REGISTRATION_ADDED);
		registration_message_free(message);
	}
}
END_TEST

static int be_conmon(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(STDOUT_FILENO, "r", 1) != 1)
		return EXIT_FAILURE;
	close(STDOUT_FILENO);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	const TTest *const tests[] = {test_state_is_restored, test_ended_meanwhile,
		test_cgroup_made_again, test_damaged_state_is_not_used,
		test_state_directory_with_garbage, test_directories_must_be_private,
		test_two_daemons, test_scan_with_conmon, test_scan_with_somebody_elses_conmon,
		test_scan_of_a_users_subtree, test_scan_passes_over, test_discover, test_sandbox,
		test_sandbox_of_podman};
	size_t length = strlen(argv[0]);

	if (argc > 1 && length >= 7 && !strcmp(argv[0] + length - 7, "/conmon"))
		return be_conmon();
	if (geteuid())
		return 77; /* cgroups, maps and other users' processes need root */
	return run_suite("restart", fixture_set_up, fixture_tear_down, tests, ARRAY_SIZE(tests));
}
