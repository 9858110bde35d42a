/* SPDX-License-Identifier: Apache-2.0 */
/* Keep a message that no daemon took, for the daemon to read when it starts. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hook/user.h"
#include "lib/error.h"

#define SPOOL_FILES_MAX 1024 /* beyond either limit nothing is spooled, and syslog says so */
#define SPOOL_BYTES_MAX (16u << 20)

/* As DIRECTORY/<started>-<id>.json, so that names sort by time. The directory must be root's or the
 * daemon's own and closed to everybody else; its path must have no symbolic link in it. It is made
 * if only it is missing. -EDQUOT when the spool is full. */
int spool_write(const char *directory, const struct hook_user *user, const char *id,
	uint64_t started_ns, const void *message, size_t length, struct error *error);
