/* SPDX-License-Identifier: Apache-2.0 */
/* The type information of the kernel and of its modules, each opened when it is first needed. Some
 * megabytes, so only as long as a policy is loaded. */
#pragma once

#include <stdbool.h>

#include "lib/error.h"

struct btf;

#define MODULE_NAME_MAX 64 /* the kernel's: MODULE_NAME_LEN is 56 */

struct kernel_types {
	struct btf *btf;
	bool of_program; /* not the kernel's at all: btfPath */
	/* of a module's: the kernel's types are among them, by the same ids */
	char module[MODULE_NAME_MAX];
	struct kernel_types *kernel;
	/* of the kernel's: the modules that were asked for */
	struct kernel_types *modules;
	struct kernel_types *next;
};

/* NULL when there is none. */
const struct btf *kernel_types_get(struct kernel_types *types);
/* The types of a module beside the kernel's; `types` may be another module's. They live as long as
 * the kernel's, whose name is "vmlinux". -ENOENT: no such module is loaded, or nothing is said of
 * it (before Linux 5.11 of none); -EINVAL: not a module's name. */
int kernel_types_of_module(struct kernel_types *types, const char *module,
	struct kernel_types **ret_types, struct error *error);
void kernel_types_done(struct kernel_types *types);
