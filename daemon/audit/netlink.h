/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to and from the kernel's audit. Not libaudit's audit_send(): its sequence counter is a
 * static, it waits for an answer to each message, and it cannot put several into one datagram. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

/* The kernel's numbers. Not from its header: a struct audit_status is in there too. */
enum audit_message_type {
	AUDIT_MESSAGE_GET = 1000,
	AUDIT_MESSAGE_USER = 1005,
	AUDIT_MESSAGE_USER_CMD = 1123,
	AUDIT_MESSAGE_ANOM_ACCESS_FS = 2111,
	AUDIT_MESSAGE_ANOM_EXEC = 2112,
	AUDIT_MESSAGE_RESP_ANOMALY = 2200,
	AUDIT_MESSAGE_RESP_KILL_PROC = 2202,
	AUDIT_MESSAGE_VIRT_CONTROL = 2500,
};

/* A message of `length` bytes of text, with header, NUL and padding. */
#define AUDIT_MESSAGE_SIZE(length) NLMSG_SPACE((length) + 1)

/* A socket for sending; -EPROTONOSUPPORT when this kernel has no audit. Answers are read without
 * waiting. */
int audit_netlink_open(void);
/* A socket in the multicast group of all records, which lets through only the given types.
 * -EPERM without CAP_AUDIT_READ or outside the initial user namespace. May sleep: the kernel writes
 * an EVENT_LISTENER record first. */
int audit_netlink_listen(const uint16_t *types, size_t count);

/* Write one message to `to` (AUDIT_MESSAGE_SIZE(length) bytes). `text` may be NULL with length 0.
 * The kernel ends the text at the last byte of the message: it is a NUL here. */
void audit_message_write(
	void *to, uint16_t type, uint32_t sequence, const char *text, size_t length);
/* One datagram of whole messages. Sleeps, uninterruptibly, while the kernel's backlog is full. */
int audit_netlink_send(int fd, const void *messages, size_t length);

/* One message of a datagram that was read: `text` is not NUL-terminated. */
typedef void (*audit_message_handler)(
	void *data, const struct nlmsghdr *header, const char *text, size_t length);
/* Read what is there and call `handler` for each message from the kernel; returns the number of
 * messages, -EAGAIN when there was none, -ENOBUFS when the kernel dropped some. */
int audit_netlink_receive(int fd, audit_message_handler handler, void *data);
