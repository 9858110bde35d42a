/* SPDX-License-Identifier: Apache-2.0 */
/* System calls as policies name them ("sys_openat", "x64/sys_openat", "i386/sys_open") and as this
 * machine numbers them: those of its 32-bit programs have numbers of their own, with
 * SYSTEM_CALL_32_BIT. */
#pragma once

#include <stdint.h>

/* 0, -ENOENT: there is none of this name here; -EOPNOTSUPP: of an ABI that this machine has not. */
int system_call_number(const char *name, uint32_t *ret_number);
/* "openat" of "x64/sys_openat"; NULL when it is not written like a system call. */
const char *system_call_bare_name(const char *name);
/* The function's name in the kernel of a number, as events have it ("__x64_sys_openat"; of a 32-bit
 * program's call "__ia32_sys_open", though the kernel calls some of them otherwise); writes at most
 * `size` bytes. -ENOENT. */
int system_call_function(uint32_t number, char *ret_name, int size);
