/* SPDX-License-Identifier: Apache-2.0 */
/* One packet from the hook socket with the descriptor that came with it. */
#pragma once

#include <stddef.h>

#include "lib/error.h"
#include "oci/hook_message.h"

struct packet_buffer { /* one, used for every connection in turn */
	char data[HOOK_MESSAGE_MAX + 1];
	size_t length;
};

/* -EAGAIN: none there yet. -ENODATA: the peer closed. -EMSGSIZE: longer than HOOK_MESSAGE_MAX.
 * -EBADMSG: descriptors that cannot be taken (several, cut off, or no pidfd). Whatever came is
 * released on failure; on success *ret_pidfd is the one pidfd, or -1. */
int packet_receive(
	int socket_fd, struct packet_buffer *buffer, int *ret_pidfd, struct error *error);
