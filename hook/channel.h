/* SPDX-License-Identifier: Apache-2.0 */
/* One message to the daemon and its answer, within the deadline. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "hook/deadline.h"
#include "hook/user.h"
#include "lib/error.h"

/* Send `length` bytes and `pidfd` (-1: none) to the socket `path`, wait for the answer.
 * 0: the daemon answered; *ret_registered and, when it said no, `error` say what. A negative errno:
 * no answer could be had (-ENOENT, -ECONNREFUSED: no daemon; -ETIMEDOUT: it does not answer;
 * -EPERM: it is not root or tallyman who listens there). */
int channel_exchange(const char *path, const struct deadline *deadline,
	const struct hook_user *user, const void *message, size_t length, int pidfd,
	bool *ret_registered, struct error *error);
