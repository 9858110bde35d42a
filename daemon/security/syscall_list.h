/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that the daemon makes once it has started. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Allowed when (argument & mask) == value; with mask 0 whatever the arguments are. A name may stand
 * here more than once: any of its rules is enough. */
struct syscall_rule {
	const char *name;
	unsigned int argument;
	uint32_t mask, value; /* all these arguments are ints to the kernel */
};

extern const struct syscall_rule syscall_list[];
extern const size_t syscall_count;
