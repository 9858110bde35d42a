/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/packet.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/registration/descriptor_disposal.h"

#define DESCRIPTORS_MAX 4 /* taken from one packet; the kernel drops more and sets MSG_CTRUNC */

struct received {
	int fds[DESCRIPTORS_MAX];
	size_t count;
	bool foreign; /* a control message that was not asked for */
};

static void collect(struct msghdr *header, struct received *received)
{
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg; cmsg = CMSG_NXTHDR(header, cmsg)) {
		size_t count;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS) {
			received->foreign = true;
			continue;
		}
		count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count && received->count < DESCRIPTORS_MAX; i++)
			memcpy(&received->fds[received->count++], CMSG_DATA(cmsg) + i * sizeof(int),
				sizeof(int));
	}
}

static int check(const struct msghdr *header, const struct received *received, struct error *error)
{
	if (header->msg_flags & MSG_TRUNC)
		return error_set(
			error, -EMSGSIZE, "the message is longer than %u bytes", HOOK_MESSAGE_MAX);
	if (header->msg_flags & MSG_CTRUNC || received->count > 1 || received->foreign)
		return error_set(error, -EBADMSG, "more came with the message than one descriptor");
	if (received->count && !descriptor_is_pidfd(received->fds[0]))
		return error_set(error, -EBADMSG, "the descriptor is no pidfd");
	return 0;
}

int packet_receive(int socket_fd, struct packet_buffer *buffer, int *ret_pidfd, struct error *error)
{
	union {
		char data[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = buffer->data, .iov_len = sizeof(buffer->data)};
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.data,
		/* While descriptors that somebody sent to stall us are still being closed, none are
		 * taken: the kernel then releases them itself, without waiting. */
		.msg_controllen = descriptor_disposal_has_room() ? sizeof(control.data) : 0,
	};
	struct received received = {};
	ssize_t length;
	int r;

	do {
		length = recvmsg(socket_fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return errno == EAGAIN
			       ? -EAGAIN
			       : error_set(error, -errno, "cannot receive: %s", strerror(errno));
	collect(&header, &received);
	r = check(&header, &received, error);
	if (!r && !length)
		r = error_set(error, -ENODATA, "the connection was closed without a message");
	if (r < 0) {
		for (size_t i = 0; i < received.count; i++)
			descriptor_dispose(received.fds[i]);
		return r;
	}
	buffer->length = (size_t)length;
	*ret_pidfd = received.count ? received.fds[0] : -1;
	return 0;
}
