/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * policy.bpf.c without functions that not every kernel has. Where the kernel's type information
 * lacks one of them, libbpf looks for it in that of its modules, for which it needs CAP_SYS_ADMIN,
 * and without that fails the whole object, however weak the symbol is. User space opens this one
 * under the same skeleton: maps, programs and constants are the same, in the same order.
 */
#define POLICY_PLAIN
#include "policy.bpf.c"
