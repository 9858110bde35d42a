/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "lib/cleanup.h"
#include "oci/hook_message.h"

/* A full backlog makes a non-blocking connect() fail at once, with nothing to poll for. A blocking
 * one waits as long as the send timeout says. */
static int connect_until(const char *path, const struct deadline *deadline, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	size_t length = strlen(path);
	struct timeval left;
	int left_ms;

	if (length >= sizeof(address.sun_path))
		return error_set(error, -ENAMETOOLONG, "%s: too long for a socket", path);
	memcpy(address.sun_path, path, length + 1);
	left_ms = deadline_left_ms(deadline);
	if (!left_ms)
		return error_set(error, -ETIMEDOUT, "no time left to connect to %s", path);
	left = (struct timeval){.tv_sec = left_ms / 1000, .tv_usec = (left_ms % 1000) * 1000};
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof(left)) < 0)
		return error_set(error, -errno, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = errno == EAGAIN ? -ETIMEDOUT : -errno;

		return error_set(error, r, "%s: %s", path, strerror(-r));
	}
	return TAKE_FD(fd);
}

static int check_peer(int fd, const struct hook_user *user, struct error *error)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return error_set(error, -errno, "cannot tell who listens: %s", strerror(errno));
	if (!hook_user_trusts(user, peer.uid))
		return error_set(error, -EPERM, "uid %u listens, neither root nor " TALLYMAN_USER,
			(unsigned)peer.uid);
	return 0;
}

static int send_message(int fd, const struct deadline *deadline, const void *message, size_t length,
	int pidfd, struct error *error)
{
	union {
		char data[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = {.iov_base = (void *)message, .iov_len = length};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
	int buffer = HOOK_MESSAGE_MAX;
	int r;

	if (pidfd >= 0) {
		struct cmsghdr *cmsg;

		header.msg_control = control.data;
		header.msg_controllen = sizeof(control.data);
		cmsg = CMSG_FIRSTHDR(&header);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &pidfd, sizeof(int));
	}
	/* Hosts with a smaller default than Linux's exist; the kernel doubles what is asked. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	while (sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return error_set(error, -errno, "cannot send %zu bytes: %s", length,
				strerror(errno));
		r = deadline_wait(deadline, fd, POLLOUT);
		if (r < 0)
			return error_set(error, r, "the daemon does not read: %s", strerror(-r));
	}
	return 0;
}

int channel_exchange(const char *path, const struct deadline *deadline,
	const struct hook_user *user, const void *message, size_t length, int pidfd,
	bool *ret_registered, struct error *error)
{
	_cleanup_close_ int fd = -1;
	char answer[HOOK_ANSWER_MAX];
	ssize_t received;
	int r;

	fd = connect_until(path, deadline, error);
	if (fd < 0)
		return fd;
	r = check_peer(fd, user, error);
	if (r < 0)
		return r;
	r = send_message(fd, deadline, message, length, pidfd, error);
	if (r < 0)
		return r;
	do {
		r = deadline_wait(deadline, fd, POLLIN);
		if (r < 0)
			return error_set(error, r, "the daemon does not answer: %s", strerror(-r));
		received = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
	} while (received < 0 && (errno == EAGAIN || errno == EINTR));
	if (received < 0)
		return error_set(
			error, -errno, "cannot read the daemon's answer: %s", strerror(errno));
	if (!received)
		return error_set(error, -ECONNRESET, "the daemon closed without an answer");
	return hook_answer_parse(answer, (size_t)received, ret_registered, error);
}
