/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tests/bench/command.h"
#include "tests/bench/process_facts.h"

#define READY_TIMEOUT_MS 20000
#define STOP_TIMEOUT_MS	 10000
#define TAIL_BYTES	 (64 << 10)
#define SETTLE_STEP_MS	 50
#define SETTLE_STEPS_MAX 10	 /* elsewhere on the machine somebody may be busy for long */
#define SETTLE_CPU_NS	 1000000 /* per step: an idle daemon's timers use less */

int daemon_prepare(
	const struct bench *bench, const char *name, struct daemon *ret, struct error *error)
{
	struct daemon d = {};
	_cleanup_close_ int fd = -1;
	char base[100];

	if (snprintf(base, sizeof(base), "%s/%s", bench->directory, name) >= (int)sizeof(base))
		return error_set(error, -ENAMETOOLONG, "%s: too long for a socket's name", base);
	snprintf(d.runtime_directory, sizeof(d.runtime_directory), "%s/run", base);
	snprintf(d.log_directory, sizeof(d.log_directory), "%s/log", base);
	snprintf(d.policy_directory, sizeof(d.policy_directory), "%s/policies", base);
	snprintf(d.configuration, sizeof(d.configuration), "%s/tallyman.conf", base);
	snprintf(d.messages, sizeof(d.messages), "%s/messages", base);
	snprintf(d.json_log, sizeof(d.json_log), "%s/events.json", d.log_directory);
	snprintf(d.hook_socket, sizeof(d.hook_socket), "%s/hook.sock", d.runtime_directory);
	snprintf(
		d.control_socket, sizeof(d.control_socket), "%s/control.sock", d.runtime_directory);
	snprintf(d.spool, sizeof(d.spool), "%s/spool", d.runtime_directory);
	if (mkdir(base, 0755) < 0 || mkdir(d.runtime_directory, 0755) < 0 ||
		mkdir(d.log_directory, 0755) < 0 || mkdir(d.policy_directory, 0755) < 0)
		return error_set(error, -errno, "%s: %s", base, strerror(errno));
	fd = open(d.configuration, O_WRONLY | O_CREAT | O_CLOEXEC, 0644); /* empty: all defaults */
	if (fd < 0)
		return error_set(error, -errno, "%s: %s", d.configuration, strerror(errno));
	*ret = d;
	return 0;
}

static int unix_socket(const char *path, int type, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s", path) >=
		(int)sizeof(ret_address->sun_path))
		return -1;
	return socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
}

static int notify_socket(const char *path)
{
	struct sockaddr_un address;
	_cleanup_close_ int fd = unix_socket(path, SOCK_DGRAM, &address);

	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	chmod(path, 0777); /* the daemon may have given up root by then */
	return TAKE_FD(fd);
}

/* 0 when READY=1 came, -ETIMEDOUT, or -ECHILD when the daemon ended first. */
static int wait_ready(int notify_fd, pid_t pid)
{
	for (unsigned waited = 0; waited < READY_TIMEOUT_MS; waited += 100) {
		struct pollfd readable = {.fd = notify_fd, .events = POLLIN};
		char text[4096];
		ssize_t length;

		if (waitpid(pid, NULL, WNOHANG) == pid)
			return -ECHILD;
		if (poll(&readable, 1, 100) <= 0)
			continue;
		length = recv(notify_fd, text, sizeof(text) - 1, MSG_DONTWAIT);
		if (length <= 0)
			continue;
		text[length] = '\0';
		if (!strncmp(text, "READY=1", 7) || strstr(text, "\nREADY=1"))
			return 0;
	}
	return -ETIMEDOUT;
}

static int wait_connectable(const char *path)
{
	for (unsigned tries = 0; tries < READY_TIMEOUT_MS; tries++) {
		struct sockaddr_un address;
		_cleanup_close_ int fd = unix_socket(path, SOCK_STREAM, &address);

		if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return 0;
		sleep_ms(1);
	}
	return -ETIMEDOUT;
}

int daemon_start(const struct bench *bench, struct daemon *daemon, struct error *error)
{
	const char *const arguments[] = {bench->tallymand, "--config", daemon->configuration,
		"--runtime-dir", daemon->runtime_directory, "--log-dir", daemon->log_directory,
		"--policy-dir", daemon->policy_directory, "--no-audit", "--foreground", NULL};
	char path[160], variable[192];
	_cleanup_close_ int fd = -1;
	uint64_t start;
	int r;

	snprintf(path, sizeof(path), "%s/notify", daemon->policy_directory);
	snprintf(variable, sizeof(variable), "NOTIFY_SOCKET=%s", path);
	fd = notify_socket(path);
	if (fd < 0)
		return error_set(error, fd, "%s: %s", path, strerror(-fd));
	start = clock_ns(CLOCK_MONOTONIC);
	daemon->pid = command_start(arguments, -1, daemon->messages, variable);
	if (daemon->pid < 0)
		return error_set(
			error, daemon->pid, "%s: %s", bench->tallymand, strerror(-daemon->pid));
	r = wait_ready(fd, daemon->pid);
	daemon->ready_ns = clock_ns(CLOCK_MONOTONIC) - start;
	if (!r) {
		r = wait_connectable(daemon->control_socket);
		daemon->control_ns = clock_ns(CLOCK_MONOTONIC) - start;
	}
	if (r == -ECHILD)
		daemon->pid = 0;
	if (r < 0) {
		daemon_stop(daemon);
		return error_set(error, r, "%s: %s, see %s", bench->tallymand,
			r == -ECHILD ? "ended at once" : "did not get ready", daemon->messages);
	}
	return 0;
}

void daemon_stop(struct daemon *daemon)
{
	command_stop(daemon->pid, STOP_TIMEOUT_MS);
	daemon->pid = 0;
}

void daemon_kill(struct daemon *daemon)
{
	if (daemon->pid > 0) {
		kill(daemon->pid, SIGKILL);
		waitpid(daemon->pid, NULL, 0);
	}
	daemon->pid = 0;
}

void daemon_settle(const struct daemon *daemon)
{
	uint64_t before = process_cpu_ns(daemon->pid);

	for (unsigned step = 0; step < SETTLE_STEPS_MAX; step++) {
		uint64_t now;

		sleep_ms(SETTLE_STEP_MS);
		now = process_cpu_ns(daemon->pid);
		if (now - before < SETTLE_CPU_NS)
			return;
		before = now;
	}
}

uint64_t daemon_lines(const struct daemon *daemon)
{
	static const char key[] = "\"sequence\":\"";
	static char tail[TAIL_BYTES + 1]; /* too large for a stack */
	_cleanup_close_ int fd = open(daemon->json_log, O_RDONLY | O_CLOEXEC);
	char *next = tail, *last = NULL;
	ssize_t length;
	off_t end;

	if (fd < 0)
		return 0;
	end = lseek(fd, 0, SEEK_END);
	length = pread(fd, tail, TAIL_BYTES, end > TAIL_BYTES ? end - TAIL_BYTES : 0);
	tail[length > 0 ? length : 0] = '\0';
	while ((next = strstr(next, key))) {
		next += sizeof(key) - 1;
		last = next;
	}
	return last ? strtoull(last, NULL, 10) : 0;
}
