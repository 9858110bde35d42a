/* SPDX-License-Identifier: Apache-2.0 */
/* What a message of the hook makes the daemon do. */
#pragma once

#include <stdbool.h>

#include "daemon/registration/peer.h"
#include "daemon/registration/registration_internal.h"
#include "oci/hook_message.h"

/* A message from the socket. 0: done, or *ret_container waits for its metadata (NULL: nothing to
 * wait for). A negative errno: refused, with the reason; -EINVAL: not such a message. `pidfd` stays
 * the caller's. */
int hook_request_handle(struct registration *registration, int socket_fd, const char *text,
	size_t length, int pidfd, struct known_container **ret_container, struct error *error);

/* Verify and admit what a message claims. `peer` NULL: it comes from the spool, as root's. */
int hook_request_register(struct registration *registration, const struct hook_message *message,
	int pidfd, const struct peer *peer, struct known_container **ret_container,
	struct error *error);
