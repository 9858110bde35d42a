/* SPDX-License-Identifier: Apache-2.0 */
/* The hook's program against the registration thread. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "tests/registration/fixture.h"
#include "tests/unit/unit.h"

/* ADDED, what metadata there is, READY. */
static struct registration_message *expect_added(void)
{
	struct registration_message *added = message_take(REGISTRATION_ADDED), *message;

	for (;;) {
		message = message_next();
		ck_assert_msg(
			message != NULL, "READY was not in the queue when the hook had its answer");
		ck_assert(message->kind == REGISTRATION_UPDATED ||
			  message->kind == REGISTRATION_READY);
		ck_assert_uint_eq(message->container_id, added->container_id);
		ck_assert_uint_eq(message->generation, added->generation);
		if (message->kind == REGISTRATION_READY)
			break;
		registration_message_free(message);
	}
	registration_message_free(message);
	return added;
}

START_TEST(test_registered_before_it_returns)
{
	pid_t pid;
	struct registration_message *added;
	struct container_entry entry;
	uint64_t cgroup;
	char file[256];

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	cgroup = cgroup_number(container_cgroup('a'));
	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	ck_assert(map_has(cgroup, &entry));
	ck_assert_int_eq(entry.init_pid, pid);
	added = expect_added();
	ck_assert_uint_eq(added->container_id, cgroup);
	ck_assert_uint_eq(added->generation, entry.generation);
	ck_assert(!added->existing);
	ck_assert_str_eq(added->container->id, container_id('a'));
	ck_assert_int_eq(added->container->init_pid, pid);
	ck_assert_int_eq(added->container->source, CONTAINER_SOURCE_HOOK);
	ck_assert(added->container->verified);
	ck_assert(added->container->has_cgroup);
	ck_assert_ptr_null(added->container->scope);
	ck_assert_str_eq(strrchr(added->container->cgroup_path, '/') + 1, container_cgroup('a'));
	snprintf(file, sizeof(file), "%s/containers/%llu.json", fixture.runtime_dir,
		(unsigned long long)cgroup);
	ck_assert_int_eq(access(file, R_OK), 0);

	registration_forget(fixture.registration, added->container_id, added->generation, "x");
	fixture_stop();
	ck_assert(!map_has(cgroup, NULL));
	ck_assert_int_ne(access(file, R_OK), 0);
	registration_message_free(added);
}
END_TEST

START_TEST(test_twice_is_once)
{
	struct registration_message *message;
	pid_t pid;

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	registration_message_free(expect_added());
	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	ck_assert_uint_eq(counters().accepted, 2);
	while ((message = message_next())) { /* metadata was asked for again */
		ck_assert_int_eq(message->kind, REGISTRATION_UPDATED);
		registration_message_free(message);
	}
	ck_assert_uint_eq(file_count(fixture.spool), 0);
}
END_TEST

START_TEST(test_deeper_cgroup_registers_the_component)
{
	char deeper[200];
	pid_t pid;

	snprintf(deeper, sizeof(deeper), "%s/container", container_cgroup('a'));
	cgroup_make(container_cgroup('a'));
	fixture_start();
	pid = container_start(deeper, 0);
	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	ck_assert(map_has(cgroup_number(container_cgroup('a')), NULL));
	ck_assert(!map_has(cgroup_number(deeper), NULL));
}
END_TEST

START_TEST(test_no_cgroup_by_descent)
{
	pid_t pid = container_start(NULL, 0);
	struct registration_message *added;
	struct task_container task;
	uint32_t tid = (uint32_t)pid;

	fixture_start();
	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	added = expect_added();
	ck_assert(!added->container->has_cgroup);
	ck_assert(added->container_id & CONTAINER_ID_NO_CGROUP);
	ck_assert_int_eq(task_map_get(&fixture.maps, -1, (pid_t)tid, &task), 0);
	ck_assert_uint_eq(task.container_id, added->container_id);
	ck_assert_uint_eq(task.generation, added->generation);
	registration_message_free(added);
}
END_TEST

START_TEST(test_bad_states_do_nothing)
{
	static const char *const states[] = {
		"",
		"{",
		"[1,2,3]",
		"null",
		"{\"ociVersion\":\"1.0.2\",\"id\":\"abc",
		"{\"ociVersion\":1,\"id\":[\"x\"],\"status\":{},\"pid\":\"seven\",\"bundle\":null}",
		"{\"ociVersion\":\"1\",\"id\":\"../../"
		"etc\",\"status\":\"creating\",\"pid\":2,\"bundle\":\"/\"}",
		"{\"ociVersion\":\"1\",\"id\":\"a\",\"status\":\"creating\",\"pid\":99999999,"
		"\"bundle\":\"/\"}",
		"{\"ociVersion\":\"1\",\"id\":\"a\",\"status\":\"creating\",\"pid\":1,\"bundle\":"
		"\"/\"}",
		"{\"ociVersion\":\"1\",\"id\":\"a\",\"status\":\"created\",\"pid\":0,\"bundle\":\"/"
		"\"}",
		"{\"ociVersion\":\"1\",\"id\":\"a\",\"status\":\"stopped\",\"bundle\":\"/\"}",
	};

	fixture_start();
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		ck_assert_int_eq(hook_run(NULL, states[i], strlen(states[i])), 0);
	no_message();
	ck_assert_uint_eq(file_count(fixture.spool), 0);
}
END_TEST

START_TEST(test_ten_megabytes)
{
	size_t length = 10 << 20;
	char *text = malloc(length);

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', length);
	fixture_start();
	ck_assert_int_eq(hook_run(NULL, text, length), 0);
	memset(text, '[', length);
	ck_assert_int_eq(hook_run(NULL, text, length), 0);
	no_message();
	free(text);
}
END_TEST

START_TEST(test_long_annotations_are_left_out)
{
	pid_t pid;
	size_t size = 2 << 20, long_value = 1 << 20;
	char *state = malloc(size), *value = malloc(long_value + 1);
	int length;

	fixture_start();
	pid = container_start(container_cgroup('a'), 0);
	memset(value, 'x', long_value);
	value[long_value] = '\0';
	length = snprintf(state, size,
		"{\"ociVersion\":\"1\",\"id\":\"%s\",\"status\":\"created\",\"pid\":%d,"
		"\"bundle\":\"/\",\"annotations\":{\"long\":\"%s\",\"short\":\"y\"}}",
		container_id('a'), (int)pid, value);
	ck_assert_int_eq(hook_run(NULL, state, (size_t)length), 0);
	ck_assert(map_has(cgroup_number(container_cgroup('a')), NULL));
	free(state);
	free(value);
}
END_TEST

START_TEST(test_down_spools_and_replays)
{
	pid_t pid = container_start(container_cgroup('a'), 0);
	pid_t gone = container_start(container_cgroup('b'), 0);
	struct registration_message *added;
	struct stat status;

	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	ck_assert_int_eq(hook_register(gone, container_id('b')), 0);
	ck_assert_uint_eq(file_count(fixture.spool), 2);
	ck_assert_int_eq(stat(fixture.spool, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0700);
	container_kill(gone);

	fixture_start();
	added = message_take(REGISTRATION_ADDED);
	ck_assert_str_eq(added->container->id, container_id('a'));
	ck_assert_int_eq(added->container->source, CONTAINER_SOURCE_SPOOL);
	ck_assert(added->existing);
	ck_assert_uint_eq(file_count(fixture.spool), 0);
	ck_assert_uint_eq(counters().spooled_replayed, 1);
	ck_assert_uint_eq(counters().spooled_stale, 1);
	registration_message_free(added);
}
END_TEST

/* A daemon that is stopped: its socket still takes connections, nobody answers. */
START_TEST(test_hung_spools)
{
	pid_t pid = container_start(container_cgroup('a'), 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture.socket);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	/* The second time the backlog is full, which is another way to hang. */
	for (int i = 0; i < 3; i++) {
		/* The timer of last resort must not end the spooling on a busy machine. */
		const struct hook_run how = {.budget = "500"};
		const char *state = state_text(pid, container_id('a'), "creating", "");

		ck_assert_int_eq(hook_run(&how, state, strlen(state)), 0);
	}
	ck_assert_uint_eq(file_count(fixture.spool), 3);
	close(fd);
	fixture_start();
	ck_assert_uint_eq(counters().spooled_replayed, 3);
	message_drop(REGISTRATION_ADDED);
}
END_TEST

/* What is spooled beside a running daemon (it was hung) is not left lying. */
START_TEST(test_spool_is_watched)
{
	pid_t pid = container_start(container_cgroup('a'), 0);
	const struct hook_run how = {.socket = "/nonexistent/hook.sock"};
	const char *state = state_text(pid, container_id('a'), "creating", "");

	fixture_start();
	ck_assert_int_eq(hook_run(&how, state, strlen(state)), 0);
	message_drop(REGISTRATION_ADDED);
}
END_TEST

START_TEST(test_spool_is_not_believed_when_open)
{
	pid_t pid = container_start(container_cgroup('a'), 0);

	ck_assert_int_eq(mkdir(fixture.spool, 0777), 0);
	ck_assert_int_eq(chmod(fixture.spool, 0777), 0);
	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	ck_assert_uint_eq(file_count(fixture.spool), 0);
}
END_TEST

START_TEST(test_rootless_does_not_spool)
{
	const struct hook_run how = {.uid = fixture.user};
	pid_t pid = container_start(container_cgroup('a'), 0);
	const char *state = state_text(pid, container_id('a'), "creating", "");

	ck_assert_int_eq(hook_run(&how, state, strlen(state)), 0);
	ck_assert_uint_eq(file_count(fixture.spool), 0);
}
END_TEST

/* As rootless podman runs it: the hook is root of the user's namespace, and neither sees who
 * listens nor can say more than its uid outside. */
START_TEST(test_rootless)
{
	const struct hook_run how = {.uid = fixture.user, .user_namespace = true};
	struct registration_message *added;
	const char *state;
	char his[200];
	pid_t pid;

	fixture_start();
	cgroup_make("user.slice");
	cgroup_chown("user.slice", fixture.user);
	snprintf(his, sizeof(his), "user.slice/%s", container_cgroup('a'));
	pid = container_start(his, fixture.user);
	state = state_text(pid, container_id('a'), "creating", "");
	ck_assert_int_eq(hook_run(&how, state, strlen(state)), 0);
	added = message_take(REGISTRATION_ADDED);
	ck_assert_int_eq(added->container->source, CONTAINER_SOURCE_HOOK);
	ck_assert_str_eq(added->container->scope, scope());
	registration_message_free(added);
}
END_TEST

START_TEST(test_spool_behind_a_link)
{
	pid_t pid = container_start(container_cgroup('a'), 0);
	const char *state = state_text(pid, container_id('a'), "creating", "");
	char target[128], link[128], below[160];

	snprintf(target, sizeof(target), "%s/target", fixture.directory);
	snprintf(link, sizeof(link), "%s/link", fixture.directory);
	snprintf(below, sizeof(below), "%s/spool", link);
	ck_assert_int_eq(mkdir(target, 0700), 0);
	ck_assert_int_eq(symlink(target, link), 0);
	ck_assert_int_eq(hook_run(&(struct hook_run){.spool = link}, state, strlen(state)), 0);
	ck_assert_int_eq(hook_run(&(struct hook_run){.spool = below}, state, strlen(state)), 0);
	ck_assert_uint_eq(file_count(target), 0);
}
END_TEST

START_TEST(test_full_spool)
{
	pid_t pid = container_start(container_cgroup('a'), 0);
	char path[200];

	ck_assert_int_eq(mkdir(fixture.spool, 0700), 0);
	for (int i = 0; i < 1023; i++) {
		snprintf(path, sizeof(path), "%s/%d.json", fixture.spool, i);
		close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	ck_assert_uint_eq(file_count(fixture.spool), 1024);
	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	ck_assert_uint_eq(file_count(fixture.spool), 1024);
	unlink(path);
	snprintf(path, sizeof(path), "%s/0.json", fixture.spool);
	ck_assert_int_eq(truncate(path, 16 << 20), 0);
	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	ck_assert_uint_eq(file_count(fixture.spool), 1023);
}
END_TEST

START_TEST(test_socket_of_a_stranger_is_not_spoken_to)
{
	pid_t pid = container_start(container_cgroup('a'), 0), listener;
	int ready[2];
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(chmod(fixture.runtime_dir, 0777), 0);
	listener = fork();
	if (!listener) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), connection;

		ck_assert_int_eq(setresuid(1234, 1234, 1234), 0);
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture.socket);
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
		ck_assert_int_eq(listen(fd, 4), 0);
		ck_assert_int_eq((int)write(ready[1], "r", 1), 1);
		connection = accept(fd, NULL, NULL);
		_exit(recv(connection, &byte, 1, 0) > 0 ? 1 : 0);
	}
	ck_assert_int_eq((int)read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(hook_register(pid, container_id('a')), 0);
	int status;
	ck_assert_int_eq(waitpid(listener, &status, 0), listener);
	ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status), "the stranger got the message");
}
END_TEST

static const char *write_config(const char *text)
{
	static char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/hook.conf", fixture.directory);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	close(fd);
	return path;
}

START_TEST(test_fail_closed)
{
	pid_t pid = container_start(container_cgroup('a'), 0);
	const char *more = ",\"annotations\":{\"io.tallyman.require\":\"1\"}";
	const struct {
		const char *config, *more, *status;
		int exit_code;
	} cases[] = {
		{"[require]\nall = yes\n", "", "creating", 1},
		{"[require]\nall = no\n", "", "creating", 0},
		{"[require]\nuid = 0\n", "", "creating", 1},
		{"[require]\nuid = 1000\n", "", "creating", 0},
		{"[require]\nannotation = io.tallyman.require=1\n", more, "creating", 1},
		{"[require]\nannotation = io.tallyman.require\n", more, "created", 1},
		{"[require]\nannotation = io.tallyman.require=2\n", more, "creating", 0},
		{"[require]\nannotation = io.tallyman.require=1\n", "", "creating", 0},
		{"[require]\nall = yes\n", "", "running", 0}, /* poststart: too late */
		{"[require]\nall = yes\n", "", "stopped", 0},
		{"[require]\nnonsense\nall = yes\n", "", "creating",
			1}, /* what can be read holds */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct hook_run how = {.config = write_config(cases[i].config)};
		const char *state =
			state_text(pid, container_id('a'), cases[i].status, cases[i].more);

		ck_assert_msg(
			hook_run(&how, state, strlen(state)) == cases[i].exit_code, "case %zu", i);
	}
	/* With a daemon it may start. */
	fixture_start();
	{
		const struct hook_run how = {.config = write_config(cases[0].config)};
		const char *state = state_text(pid, container_id('a'), "creating", "");

		ck_assert_int_eq(hook_run(&how, state, strlen(state)), 0);
		/* And a state that cannot be read does not get out of a rule. */
		ck_assert_int_eq(hook_run(&how, "{", 1), 1);
		ck_assert_int_eq(
			hook_run(&(struct hook_run){.config = write_config("")}, "{", 1), 0);
	}
}
END_TEST

START_TEST(test_fail_closed_by_image)
{
	const char *bundle_state;
	char directory[256], path[300], text[512], state[1024];
	pid_t pid = container_start(container_cgroup('a'), 0);
	int fd;

	/* GRAPHROOT/overlay-containers/ID/userdata */
	snprintf(directory, sizeof(directory), "%s/storage", fixture.directory);
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s", directory, "id");
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/id/userdata", directory);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/containers.json", directory);
	snprintf(text, sizeof(text),
		"[{\"id\":\"other\"},{\"id\":\"%s\",\"image\":\"%s\",\"metadata\":"
		"\"{\\\"image-name\\\":\\\"registry.example.com/prod/web:1\\\"}\"}]",
		container_id('a'), container_id('b'));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	close(fd);
	bundle_state = "{\"ociVersion\":\"1\",\"id\":\"%s\",\"status\":\"creating\",\"pid\":%d,"
		       "\"bundle\":\"%s/id/userdata\"}";
	snprintf(state, sizeof(state), bundle_state, container_id('a'), (int)pid, directory);
	ck_assert_int_eq(
		hook_run(
			&(struct hook_run){
				.config = write_config(
					"[require]\nimage = registry.example.com/prod/\n")},
			state, strlen(state)),
		1);
	ck_assert_int_eq(
		hook_run(
			&(struct hook_run){
				.config = write_config(
					"[require]\nimage = registry.example.com/test/\n")},
			state, strlen(state)),
		0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_registered_before_it_returns, test_twice_is_once,
		test_deeper_cgroup_registers_the_component, test_no_cgroup_by_descent,
		test_bad_states_do_nothing, test_ten_megabytes, test_long_annotations_are_left_out,
		test_down_spools_and_replays, test_hung_spools, test_spool_is_watched,
		test_spool_is_not_believed_when_open, test_rootless_does_not_spool, test_rootless,
		test_spool_behind_a_link, test_full_spool,
		test_socket_of_a_stranger_is_not_spoken_to, test_fail_closed,
		test_fail_closed_by_image};

	if (geteuid())
		return 77; /* cgroups, maps and other users' processes need root */
	return run_suite("hook", fixture_set_up, fixture_tear_down, tests, ARRAY_SIZE(tests));
}
