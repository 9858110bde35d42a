/* SPDX-License-Identifier: Apache-2.0 */
/* A client of the hook socket that sends what the hook never would. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/error.h"

#define SCM_MAX_DESCRIPTORS 253 /* the kernel takes no more in one packet */

int client_connect(void);
int open_pidfd(pid_t pid);
/* A message like the hook's, about process `claimed`. */
void client_message(struct buf *buf, pid_t claimed, const char *id);
/* Send one packet with these descriptors. true: registered; else `reason` is the daemon's. */
bool client_exchange(
	const void *data, size_t length, const int *fds, size_t count, struct error *reason);

/* Claim process `claimed`, hand over a pidfd of `pid`. */
bool claim(pid_t pid, pid_t claimed, const char *id, struct error *reason);
struct claimant {
	uid_t uid;	    /* 0: as root */
	const char *cgroup; /* NULL: where we are */
};
/* claim() by another process. */
bool claim_as(const struct claimant *claimant, pid_t pid, const char *id);
