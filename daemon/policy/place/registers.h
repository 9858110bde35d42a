/* SPDX-License-Identifier: Apache-2.0 */
/* Registers by name, as policies (source: pt_regs) and probes' notes write them: their place in
 * struct pt_regs. */
#pragma once

#include <stdint.h>

enum register_machine {
	MACHINE_X86_64,
	MACHINE_ARM64,
#if defined(__aarch64__)
	MACHINE_NATIVE = MACHINE_ARM64
#else
	MACHINE_NATIVE = MACHINE_X86_64
#endif
};

/* "rdi", "edi", "x0", "w0"; without a sigil. The offset in bytes, -ENOENT. */
int register_offset(enum register_machine machine, const char *name);
/* Of argument `index` of a function, by the calling convention; -ENOENT beyond those in registers.
 */
int register_of_argument(enum register_machine machine, uint32_t index);
/* The same of a system call, which passes its fourth in another register. */
int register_of_call_argument(enum register_machine machine, uint32_t index);
