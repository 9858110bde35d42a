/* SPDX-License-Identifier: Apache-2.0 */
/* What the process may do, as the kernel says it: for `tallyman status` and the log. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"

struct security_status {
	uid_t uid;
	unsigned int threads;
	uint64_t capabilities; /* permitted, of any thread */
	bool no_new_privs;     /* of all threads */
	bool seccomp;	       /* a filter on all threads */
};

/* Of all threads: the kernel keeps each of these per thread. */
int security_status_get(struct security_status *ret_status);
/* The object of the status answer. */
void security_status_put(struct buf *json);
