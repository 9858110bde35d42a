/* SPDX-License-Identifier: Apache-2.0 */
/* supervise SOCKET WATCHDOG-SECONDS COMMAND…: what systemd does for a service of Type=notify with a
 * socket unit. It holds the listening socket, hands it to the command and says what happens, a line
 * each: "started PID", what the command notifies, "ended STATUS". The command is started again by
 * "start" on standard input; at the end of the input it is killed. */
#include "actor.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTEN_FD 3
#define BACKLOG	  512

struct supervisor {
	int listen_fd, notify_fd, signal_fd;
	char notify_name[64]; /* abstract: any user may send to it */
	int watchdog_seconds;
	char **command;
	pid_t pid;
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		die(path);
	memcpy(address.sun_path, path, strlen(path));
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || chmod(path, 0666) ||
		listen(fd, BACKLOG))
		die(path);
	return fd;
}

static int listen_for_notices(char *name, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int length = snprintf(name, size, "@tallyman-supervise-%d", (int)getpid());

	memcpy(address.sun_path, name, (size_t)length);
	address.sun_path[0] = '\0';
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)))
		die("notification socket");
	return fd;
}

static void set_number(const char *name, long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", number);
	setenv(name, text, 1);
}

static void start(struct supervisor *supervisor)
{
	sigset_t none;

	supervisor->pid = fork();
	if (supervisor->pid < 0)
		die("fork");
	if (supervisor->pid) {
		printf("started %d\n", (int)supervisor->pid);
		return;
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	set_number("LISTEN_PID", getpid());
	set_number("LISTEN_FDS", 1);
	setenv("NOTIFY_SOCKET", supervisor->notify_name, 1);
	set_number("WATCHDOG_USEC", supervisor->watchdog_seconds * 1000000L);
	/* dup2 leaves it open over the exec; if it is that number already, the flag is taken off */
	if (supervisor->listen_fd != LISTEN_FD)
		dup2(supervisor->listen_fd, LISTEN_FD);
	else
		dup2(dup(LISTEN_FD), LISTEN_FD);
	execvp(supervisor->command[0], supervisor->command);
	die(supervisor->command[0]);
}

static void read_notice(const struct supervisor *supervisor)
{
	char text[4096];
	ssize_t n = recv(supervisor->notify_fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return;
	text[n] = '\0';
	printf("%s%s", text, text[n - 1] == '\n' ? "" : "\n");
}

static void read_signal(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;
	int status;

	if (read(supervisor->signal_fd, &info, sizeof(info)) != sizeof(info) ||
		waitpid(supervisor->pid, &status, WNOHANG) != supervisor->pid)
		return;
	/* what it said before it ended */
	while (poll(&(struct pollfd){.fd = supervisor->notify_fd, .events = POLLIN}, 1, 0) > 0)
		read_notice(supervisor);
	printf("ended %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	supervisor->pid = 0;
}

static bool read_command(struct supervisor *supervisor)
{
	char line[64];
	ssize_t n = read(STDIN_FILENO, line, sizeof(line));

	if (n > 0 && !supervisor->pid)
		start(supervisor);
	return n > 0;
}

int main(int argc, char *argv[])
{
	struct supervisor supervisor = {};
	sigset_t signals;
	bool goes_on = true;

	if (argc < 4) {
		fprintf(stderr, "usage: supervise SOCKET WATCHDOG-SECONDS COMMAND…\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	supervisor.listen_fd = listen_at(argv[1]);
	supervisor.notify_fd =
		listen_for_notices(supervisor.notify_name, sizeof(supervisor.notify_name));
	supervisor.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	supervisor.watchdog_seconds = parse_int(argv[2]);
	supervisor.command = argv + 3;
	start(&supervisor);
	while (goes_on) {
		struct pollfd fds[] = {{.fd = supervisor.notify_fd, .events = POLLIN},
			{.fd = supervisor.signal_fd, .events = POLLIN},
			{.fd = STDIN_FILENO, .events = POLLIN}};

		if (poll(fds, 3, -1) < 0)
			die("poll");
		if (fds[0].revents)
			read_notice(&supervisor);
		if (fds[1].revents)
			read_signal(&supervisor);
		if (fds[2].revents)
			goes_on = read_command(&supervisor);
	}
	if (supervisor.pid) {
		kill(supervisor.pid, SIGKILL);
		waitpid(supervisor.pid, NULL, 0);
	}
	unlink(argv[1]);
	return 0;
}
