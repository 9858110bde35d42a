/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's own seccomp filter: from here on the system calls of syscall_list.c and no others.
 */
#pragma once

#include "lib/error.h"

/* For all threads, those that are and those to come, and for good. Another call fails with ENOSYS,
 * so that a C library which tries something newer first goes on to what it knows; the kernel writes
 * an audit record SECCOMP of it. -EOPNOTSUPP where the kernel has no seccomp filters. */
int syscall_filter_install(struct error *error);
