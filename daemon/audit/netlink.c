/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libaudit.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define RECEIVE_BUFFER_SIZE  16384 /* the longest record is below 9000 bytes */
#define RECEIVE_DATAGRAM_MAX 256   /* per call, so that a flood cannot hold the caller */
#define LISTEN_TYPES_MAX     16
#define LISTEN_BUFFER_SIZE   (1 << 20)

_Static_assert(AUDIT_MESSAGE_GET == AUDIT_GET, "the kernel's number");
_Static_assert(AUDIT_MESSAGE_USER == AUDIT_USER, "the kernel's number");
_Static_assert(AUDIT_MESSAGE_USER_CMD == AUDIT_USER_CMD, "the kernel's number");
_Static_assert(AUDIT_MESSAGE_RESP_ANOMALY == AUDIT_RESP_ANOMALY, "the kernel's number");
_Static_assert(AUDIT_MESSAGE_VIRT_CONTROL == AUDIT_VIRT_CONTROL, "the kernel's number");

int audit_netlink_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	return fd < 0 ? -errno : fd;
}

/* Everything else that happens on the host is dropped in the kernel, before it costs us a wake-up.
 */
static int attach_type_filter(int fd, const uint16_t *types, size_t count)
{
	struct sock_filter code[LISTEN_TYPES_MAX + 3];
	struct sock_fprog program = {.filter = code};
	size_t n = 0;

	if (count > LISTEN_TYPES_MAX)
		return -E2BIG;
	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type));
	for (size_t i = 0; i < count; i++)
		/* The load is big-endian, the header is not. */
		code[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, htons(types[i]), (unsigned char)(count - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	program.len = (unsigned short)n;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return -errno;
	return 0;
}

int audit_netlink_listen(const uint16_t *types, size_t count)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1),
	};
	_cleanup_close_ int fd = audit_netlink_open();
	int size = LISTEN_BUFFER_SIZE, r;

	if (fd < 0)
		return fd;
	r = attach_type_filter(fd, types, count);
	if (r < 0)
		return r;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

void audit_message_write(
	void *to, uint16_t type, uint32_t sequence, const char *text, size_t length)
{
	struct nlmsghdr header = {
		.nlmsg_len = (uint32_t)NLMSG_LENGTH(length + 1),
		.nlmsg_type = type,
		/* No NLM_F_ACK: an error is answered all the same, and that nothing came says
		   success. */
		.nlmsg_flags = NLM_F_REQUEST,
		.nlmsg_seq = sequence,
	};
	char *data = to;

	memcpy(data, &header, sizeof(header));
	if (length)
		memcpy(data + NLMSG_HDRLEN, text, length);
	memset(data + NLMSG_HDRLEN + length, 0, AUDIT_MESSAGE_SIZE(length) - NLMSG_HDRLEN - length);
}

int audit_netlink_send(int fd, const void *messages, size_t length)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent;

	do
		sent = sendto(fd, messages, length, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static int handle_datagram(
	const char *data, size_t length, audit_message_handler handler, void *handler_data)
{
	struct nlmsghdr header;
	int messages = 0;

	while (length >= sizeof(header)) {
		size_t text_length, step;

		memcpy(&header, data, sizeof(header));
		/* audit's own multicast messages have the length of the text alone in nlmsg_len;
		 * each datagram holds one of them, so what was read is the better measure. */
		if (header.nlmsg_type >= AUDIT_FIRST_USER_MSG || header.nlmsg_type == AUDIT_USER) {
			handler(handler_data, &header, data + sizeof(header),
				length - sizeof(header));
			return messages + 1;
		}
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > length)
			break;
		text_length = header.nlmsg_len - sizeof(header);
		handler(handler_data, &header, data + sizeof(header), text_length);
		messages++;
		step = NLMSG_ALIGN(header.nlmsg_len);
		if (step >= length)
			break;
		data += step;
		length -= step;
	}
	return messages;
}

int audit_netlink_receive(int fd, audit_message_handler handler, void *data)
{
	_Alignas(struct nlmsghdr) char buffer[RECEIVE_BUFFER_SIZE];
	int messages = 0;

	for (int i = 0; i < RECEIVE_DATAGRAM_MAX; i++) {
		struct sockaddr_nl from = {.nl_family = AF_UNSPEC};
		socklen_t from_length = sizeof(from);
		ssize_t length = recvfrom(fd, buffer, sizeof(buffer), MSG_DONTWAIT,
			(struct sockaddr *)&from, &from_length);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return messages ? messages : -errno;
		/* Another process may send to our port: only port 0 is the kernel. */
		if (from_length != sizeof(from) || from.nl_pid != 0)
			continue;
		messages += handle_datagram(buffer, (size_t)length, handler, data);
	}
	return messages;
}
