/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/registration/fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/cleanup.h"
#include "lib/fd.h"
#include "lib/cgroup_fs.h"
#include "lib/proc.h"
#include "lib/util.h"

#define MESSAGE_WAIT_MS 30000

struct fixture fixture;

static void remove_cgroups(const char *path)
{
	char child[512];
	struct dirent *entry;
	DIR *stream = opendir(path);

	while (stream && (entry = readdir(stream))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		remove_cgroups(child);
	}
	if (stream)
		closedir(stream);
	for (int i = 0; i < 100 && rmdir(path) < 0 && errno == EBUSY; i++)
		usleep(10000); /* the killed processes are still leaving */
}

static void write_text(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_msg(write_all(fd, text, strlen(text)) == 0, "%s: %s", path, strerror(errno));
}

static void cgroup_directory(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s%s/%s", fixture.mount_point, fixture.cgroup, name);
}

void cgroup_make(const char *name)
{
	char path[512];

	cgroup_directory(name, path, sizeof(path));
	ck_assert_msg(mkdir(path, 0755) == 0 || errno == EEXIST, "%s: %s", path, strerror(errno));
}

void cgroup_chown(const char *name, uid_t uid)
{
	char path[512];

	cgroup_directory(name, path, sizeof(path));
	ck_assert_int_eq(chown(path, uid, (gid_t)uid), 0);
}

void cgroup_enter(const char *name)
{
	char path[512], file[600];

	cgroup_directory(name, path, sizeof(path));
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	write_text(file, "0");
}

uint64_t cgroup_number(const char *name)
{
	char path[512];
	struct stat status;

	cgroup_directory(name, path, sizeof(path));
	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_ino;
}

static void remove_everything(void)
{
	char command[128], path[512];

	cgroup_directory("", path, sizeof(path));
	path[strlen(path) - 1] = '\0';
	remove_cgroups(path);
	snprintf(command, sizeof(command), "rm -rf %s", fixture.directory);
	ck_assert_int_eq(system(command), 0);
}

/* A test that fails is ended by check without a tear-down. */
static void start_guardian(void)
{
	sigset_t end;
	int number;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	fixture.guardian = fork();
	ck_assert_int_ge(fixture.guardian, 0);
	if (fixture.guardian)
		return;
	setsid(); /* check kills the test's process group */
	sigprocmask(SIG_BLOCK, &end, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigwait(&end, &number);
	remove_everything();
	_exit(0);
}

void fixture_set_up(void)
{
	int hash = BPF_MAP_TYPE_HASH;

	fixture = (struct fixture){.directory = "/tmp/tallyman-test-XXXXXX"};
	ck_assert_ptr_nonnull(mkdtemp(fixture.directory));
	ck_assert_int_eq(chmod(fixture.directory, 0755), 0);
	ck_assert_int_eq(getrandom(&fixture.identity, sizeof(fixture.identity), 0),
		sizeof(fixture.identity));
	fixture.user = (uid_t)(100000 + fixture.identity % 1000000);
	snprintf(fixture.runtime_dir, sizeof(fixture.runtime_dir), "%s/run", fixture.directory);
	ck_assert_int_eq(mkdir(fixture.runtime_dir, 0755), 0);
	snprintf(fixture.socket, sizeof(fixture.socket), "%s/hook.sock", fixture.runtime_dir);
	snprintf(fixture.spool, sizeof(fixture.spool), "%s/spool", fixture.runtime_dir);
	ck_assert_int_eq(cgroup2_mount_point(fixture.mount_point, sizeof(fixture.mount_point)), 0);
	snprintf(
		fixture.cgroup, sizeof(fixture.cgroup), "/%s", strrchr(fixture.directory, '/') + 1);
	cgroup_make("");
	start_guardian();
	fixture.config = (struct config){
		.runtime_dir = fixture.runtime_dir,
		.metadata_deadline_ms = 200,
		.user_container_limit = 2,
	};
	fixture.maps.containers_fd = bpf_map_create((enum bpf_map_type)hash, "containers",
		sizeof(uint64_t), sizeof(struct container_entry), FIXTURE_CONTAINERS_MAX, NULL);
	ck_assert_msg(fixture.maps.containers_fd >= 0, "bpf_map_create: %s", strerror(errno));
	fixture.maps.tasks_fd = bpf_map_create((enum bpf_map_type)hash, "tasks", sizeof(uint32_t),
		sizeof(struct task_container), 16, NULL);
	ck_assert_int_ge(fixture.maps.tasks_fd, 0);
	fixture.maps.tasks_is_hash = true;
}

void fixture_tear_down(void)
{
	fixture_stop();
	for (size_t i = 0; i < fixture.container_count; i++)
		container_kill(fixture.containers[i]);
	kill(fixture.guardian, SIGKILL);
	waitpid(fixture.guardian, NULL, 0);
	remove_everything();
	close(fixture.maps.containers_fd);
	close(fixture.maps.tasks_fd);
}

void fixture_start(void)
{
	struct error error = {};

	ck_assert_msg(registration_start(&fixture.config, &fixture.maps, -1, &fixture.registration,
			      &error) == 0,
		"%s", error.message);
}

void fixture_stop(void)
{
	fixture.registration = registration_stop(fixture.registration);
}

/* Of this test alone: others may run beside it, and the scan finds theirs. */
const char *container_id(char digit)
{
	static char ids[4][65];
	static int next;
	char *id = ids[next++ % 4];

	id[0] = digit;
	snprintf(id + 1, 64, "%063llx", (unsigned long long)fixture.identity);
	return id;
}

const char *scope(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "user:%u", (unsigned)fixture.user);
	return text;
}

const char *container_cgroup(char digit)
{
	static char names[4][80];
	static int next;
	char *name = names[next++ % 4];

	snprintf(name, sizeof(names[0]), "libpod-%s", container_id(digit));
	return name;
}

static void become(uid_t uid)
{
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setresgid((gid_t)uid, (gid_t)uid, (gid_t)uid), 0);
	ck_assert_int_eq(setresuid(uid, uid, uid), 0);
	/* or /proc/self would stay root's */
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

static void enter_user_namespace(uid_t uid)
{
	char map[64];

	become(uid);
	ck_assert_msg(unshare(CLONE_NEWUSER) == 0, "unshare: %s", strerror(errno));
	snprintf(map, sizeof(map), "0 %u 1\n", (unsigned)uid);
	write_text("/proc/self/uid_map", map);
}

pid_t container_start(const char *name, uid_t uid)
{
	int ready[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	if (name)
		cgroup_make(name);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (name)
			cgroup_enter(name);
		if (uid)
			enter_user_namespace(uid);
		ck_assert_int_eq((int)write(ready[1], "r", 1), 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ck_assert_msg(read(ready[0], &byte, 1) == 1, "the container's process did not come up");
	close(ready[0]);
	ck_assert_uint_lt(fixture.container_count, ARRAY_SIZE(fixture.containers));
	fixture.containers[fixture.container_count++] = pid;
	return pid;
}

void container_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

const char *state_text(pid_t pid, const char *id, const char *status, const char *more)
{
	static char text[4096];

	snprintf(text, sizeof(text),
		"{\"ociVersion\":\"1.0.2\",\"id\":\"%s\",\"status\":\"%s\",\"pid\":%d,\"bundle\":"
		"\"%s\"%s}",
		id, status, (int)pid, fixture.directory, more);
	return text;
}

static void exec_hook(const struct hook_run *how, int input)
{
	const char *builddir = getenv("top_builddir");
	const char *arguments[16] = {"tallyman-hook", "--socket",
		how->socket ? how->socket : fixture.socket, "--spool",
		how->spool ? how->spool : fixture.spool};
	size_t count = 5;
	char path[4096];

	snprintf(path, sizeof(path), "%s/hook/tallyman-hook", builddir ? builddir : ".");
	if (how->budget) {
		arguments[count++] = "--budget-ms";
		arguments[count++] = how->budget;
	}
	if (how->config) {
		arguments[count++] = "--config";
		arguments[count++] = how->config;
	}
	dup2(input, STDIN_FILENO);
	if (how->cgroup)
		cgroup_enter(how->cgroup);
	{
		/* The build directory may be closed to this user. */
		_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);

		ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
		if (how->user_namespace)
			enter_user_namespace(how->uid);
		else if (how->uid)
			become(how->uid);
		fexecve(fd, (char **)arguments, environ);
	}
	_exit(127);
}

int hook_run(const struct hook_run *how, const char *state, size_t length)
{
	static const struct hook_run by_default;
	int input[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe2(input, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		close(input[1]);
		exec_hook(how ? how : &by_default, input[0]);
	}
	close(input[0]);
	signal(SIGPIPE, SIG_IGN);
	(void)write_all(input[1], state, length); /* it may have read enough */
	close(input[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "the hook was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

int hook_register(pid_t pid, const char *id)
{
	const char *state = state_text(pid, id, "creating", "");

	return hook_run(NULL, state, strlen(state));
}

static bool is_foreign(const struct registration_message *message)
{
	const struct container *container = message->container;

	if (container && container->cgroup_path &&
		strncmp(container->cgroup_path, fixture.cgroup, strlen(fixture.cgroup))) {
		ck_assert_uint_lt(fixture.foreign_count, FIXTURE_FOREIGN_MAX);
		fixture.foreign[fixture.foreign_count++] = message->container_id;
		return true;
	}
	for (size_t i = 0; i < fixture.foreign_count; i++)
		if (fixture.foreign[i] == message->container_id)
			return true;
	return false;
}

struct registration_message *message_next(void)
{
	struct registration_message *message;

	while ((message = registration_take(fixture.registration)) && is_foreign(message))
		registration_message_free(message);
	return message;
}

struct registration_message *message_take(enum registration_message_kind kind)
{
	struct pollfd poll_fd = {.fd = registration_fd(fixture.registration), .events = POLLIN};
	struct registration_message *message;

	do
		ck_assert_msg(poll(&poll_fd, 1, MESSAGE_WAIT_MS) == 1, "no message came");
	while (!(message = message_next()));
	ck_assert_int_eq(message->kind, kind);
	return message;
}

void message_drop(enum registration_message_kind kind)
{
	registration_message_free(message_take(kind));
}

void no_message(void)
{
	ck_assert_ptr_null(message_next());
}

bool map_has(uint64_t container_id, struct container_entry *ret_entry)
{
	struct container_entry entry;

	if (bpf_map_lookup_elem(fixture.maps.containers_fd, &container_id, &entry))
		return false;
	if (ret_entry)
		*ret_entry = entry;
	return true;
}

struct registration_counters counters(void)
{
	struct registration_counters result;

	registration_counters_get(fixture.registration, &result);
	return result;
}

size_t file_count(const char *directory)
{
	size_t count = 0;
	struct dirent *entry;
	DIR *stream = opendir(directory);

	while (stream && (entry = readdir(stream)))
		count += entry->d_name[0] != '.';
	if (stream)
		closedir(stream);
	return count;
}
