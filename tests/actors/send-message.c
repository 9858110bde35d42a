/* SPDX-License-Identifier: Apache-2.0 */
/* send-message SOCKET PID|none: one SOCK_SEQPACKET message, the bytes of standard input, with a
 * pidfd of PID beside it; prints what comes back within a second. What a hook that lies would do.
 */
#include "actor.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX (32 << 20)

static size_t read_all(char *data)
{
	size_t length = 0;
	ssize_t n;

	while (length < MESSAGE_MAX &&
		(n = read(STDIN_FILENO, data + length, MESSAGE_MAX - length)) > 0)
		length += (size_t)n;
	return length;
}

static void attach_pidfd(struct msghdr *message, const char *pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, parse_int(pid), 0);
	struct cmsghdr *control = CMSG_FIRSTHDR(message);

	if (pidfd < 0)
		die("pidfd_open");
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(pidfd));
	memcpy(CMSG_DATA(control), &pidfd, sizeof(pidfd));
}

int main(int argc, char *argv[])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	char *data = malloc(MESSAGE_MAX), answer[65536];
	struct iovec part = {.iov_base = data};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct pollfd poll_fd = {.events = POLLIN};
	ssize_t n;

	need_arguments(argc, argv, 2, "SOCKET PID|none");
	if (!data || strlen(argv[1]) >= sizeof(address.sun_path))
		die(argv[1]);
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	part.iov_len = read_all(data);
	if (strcmp(argv[2], "none")) {
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		attach_pidfd(&message, argv[2]);
	}
	poll_fd.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (connect(poll_fd.fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("connect");
	if (sendmsg(poll_fd.fd, &message, MSG_NOSIGNAL) < 0)
		die("sendmsg");
	if (poll(&poll_fd, 1, 1000) == 1) {
		n = recv(poll_fd.fd, answer, sizeof(answer), 0);
		if (n > 0 && write(STDOUT_FILENO, answer, (size_t)n) != n)
			die("write");
	}
	return 0;
}
