/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json_writer.h"
#include "lib/cgroup_fs.h"
#include "lib/proc.h"
#include "tests/bench/spawn.h"
#include "tests/bench/workload.h"

#define CGROUP_PARENT "tallyman-bench"
#define HOOK_BUDGET   "300" /* ms, the hook's own default */

static int parent_cgroup(char *path, size_t size)
{
	char mount_point[128];
	int r = cgroup2_mount_point(mount_point, sizeof(mount_point));

	if (r < 0)
		return r;
	snprintf(path, size, "%s/" CGROUP_PARENT, mount_point);
	return 0;
}

static void random_id(char ret_id[65])
{
	unsigned char bytes[32];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		memset(bytes, 0x5a, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(ret_id + 2 * i, 3, "%02x", bytes[i]);
}

static void init_main(const char *tiny, int gate)
{
	const char *const arguments[] = {tiny, "pause", NULL};
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(gate, &byte, 1) < 0)
		_exit(1);
	execve(tiny, (char *const *)arguments, (char *const[]){NULL});
	_exit(127);
}

static int move_to_cgroup(pid_t pid, const char *cgroup)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[320];

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	file = fopen(path, "we");
	if (!file || fprintf(file, "%d", (int)pid) < 0 || fflush(file))
		return -errno;
	return 0;
}

int container_create(
	const struct bench *bench, struct container_under_test *ret, struct error *error)
{
	struct container_under_test container = {.gate = -1};
	char parent[160];
	int gate[2], r;

	random_id(container.id);
	r = parent_cgroup(parent, sizeof(parent));
	if (r < 0)
		return error_set(error, r, "no cgroup v2 is mounted");
	snprintf(container.cgroup, sizeof(container.cgroup), "%s/crio-%s", parent, container.id);
	if ((mkdir(parent, 0755) < 0 && errno != EEXIST) || mkdir(container.cgroup, 0755) < 0)
		return error_set(error, -errno, "%s: %s", container.cgroup, strerror(errno));
	if (pipe2(gate, O_CLOEXEC) < 0)
		return error_set(error, -errno, "pipe: %s", strerror(errno));
	fflush(NULL);
	container.init = fork();
	if (!container.init) {
		close(gate[1]);
		init_main(bench->tiny, gate[0]);
	}
	close(gate[0]);
	container.gate = gate[1];
	r = container.init < 0 ? -errno : move_to_cgroup(container.init, container.cgroup);
	if (r < 0) {
		container_remove(&container);
		return error_set(error, r, "container: %s", strerror(-r));
	}
	*ret = container;
	return 0;
}

static void state_json(const struct container_under_test *container, struct buf *buf)
{
	json_open_object(buf);
	json_key_string(buf, "ociVersion", "1.2.0");
	json_key_string(buf, "id", container->id);
	json_key_string(buf, "status", "creating");
	json_key_number(buf, "pid", container->init);
	json_key_string(buf, "bundle", "/run/containers/storage/overlay-containers/bench/userdata");
	json_key(buf, "annotations");
	json_open_object(buf);
	json_key_string(buf, "io.container.manager", "cri-o");
	json_key_string(buf, "io.kubernetes.cri-o.ContainerID", container->id);
	json_key_string(buf, "io.kubernetes.cri-o.ContainerType", "container");
	json_key_string(buf, "io.kubernetes.cri-o.ImageName", "registry.example/shop/web:1.2");
	json_key_string(buf, "io.kubernetes.cri-o.Name", "k8s_web_shop_prod_0");
	json_key_string(buf, "io.kubernetes.cri-o.Labels", "{\"app\":\"shop\",\"tier\":\"web\"}");
	json_key_string(buf, "io.kubernetes.container.name", "web");
	json_close_object(buf);
	json_close_object(buf);
}

/* Put `to` in the place of descriptor `number`; what was there, or a negative errno. */
static int replace_descriptor(int number, int to)
{
	int saved = fcntl(number, F_DUPFD_CLOEXEC, 3);

	if (saved < 0)
		return -errno;
	if (dup2(to, number) < 0) {
		close(saved);
		return -errno;
	}
	return saved;
}

static void restore_descriptor(int number, int saved)
{
	if (saved < 0)
		return;
	dup2(saved, number);
	close(saved);
}

/* The hook's descriptors are made in this process: what is timed is no more than the hook. */
static int run_hook(
	const struct bench *bench, const struct daemon *daemon, int input, uint64_t *ret_ns)
{
	const char *const arguments[] = {bench->hook, "--socket", daemon->hook_socket, "--spool",
		daemon->spool, "--budget-ms", HOOK_BUDGET, NULL};
	_cleanup_close_ int log =
		open(daemon->messages, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int saved_input = replace_descriptor(STDIN_FILENO, input);
	int saved_errors = replace_descriptor(STDERR_FILENO, log);
	uint64_t start = 0;
	bool fine = false;

	if (saved_input >= 0 && saved_errors >= 0) {
		fine = spawn_and_wait(bench->hook, arguments, &start);
		*ret_ns = clock_ns(CLOCK_MONOTONIC) - start;
	}
	restore_descriptor(STDIN_FILENO, saved_input);
	restore_descriptor(STDERR_FILENO, saved_errors);
	return fine ? 0 : -EIO;
}

int container_hook(const struct bench *bench, const struct daemon *daemon,
	const struct container_under_test *container, uint64_t *ret_ns, struct error *error)
{
	_cleanup_buf_ struct buf buf = {};
	int channel[2], r = 0;

	state_json(container, &buf);
	if (buf.failed || pipe2(channel, O_CLOEXEC) < 0)
		return error_set(error, -ENOMEM, "hook: %s", strerror(ENOMEM));
	if (write(channel[1], buf.data, buf.length) != (ssize_t)buf.length)
		r = -EIO;
	close(channel[1]);
	if (!r)
		r = run_hook(bench, daemon, channel[0], ret_ns);
	close(channel[0]);
	return r < 0 ? error_set(error, r, "%s: did not end with 0", bench->hook) : 0;
}

void container_start(struct container_under_test *container)
{
	if (container->gate >= 0)
		close(TAKE_FD(container->gate));
	sleep_ms(20);
}

void container_remove(struct container_under_test *container)
{
	if (container->gate >= 0)
		close(TAKE_FD(container->gate));
	if (container->init > 0) {
		kill(container->init, SIGKILL);
		waitpid(container->init, NULL, 0);
	}
	container->init = 0;
	if (container->cgroup[0])
		rmdir(container->cgroup);
	container->cgroup[0] = '\0';
}

int container_run(const struct bench *bench, const struct daemon *daemon,
	struct container_under_test *ret, struct error *error)
{
	uint64_t hook_ns;
	int r = container_create(bench, ret, error);

	if (r < 0)
		return r;
	r = container_hook(bench, daemon, ret, &hook_ns, error);
	if (r < 0) {
		container_remove(ret);
		return r;
	}
	container_start(ret);
	return 0;
}

void containers_clean(void)
{
	char parent[160], path[512];
	DIR *directory = parent_cgroup(parent, sizeof(parent)) < 0 ? NULL : opendir(parent);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
		if (strncmp(entry->d_name, ".", 1))
			rmdir(path);
	}
	if (directory) {
		closedir(directory);
		rmdir(parent);
	}
}
