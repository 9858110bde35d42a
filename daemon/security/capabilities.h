/* SPDX-License-Identifier: Apache-2.0 */
/* The capabilities the daemon keeps. */
#pragma once

#include <stdint.h>

#include "daemon/config.h"
#include "lib/error.h"

/* CAP_NAME, in either case, to a mask with bit N for capability N. */
int capabilities_parse(const struct string_list *names, uint64_t *ret_mask, struct error *error);

/* The set that this configuration needs. */
uint64_t capabilities_needed(const struct config *config);

/* Give away everything else for good: permitted, effective and, where allowed, the bounding set;
 * nothing stays inheritable or ambient, and no_new_privs is set. What is needed and not held is not
 * an error here: each use says what it lacks. As root, the supplementary groups become the control
 * socket's alone. Before any thread is started: the kernel keeps all this per thread. */
int capabilities_drop(const struct config *config, struct error *error);
