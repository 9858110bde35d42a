/* SPDX-License-Identifier: Apache-2.0 */
/* System calls as policies name them ("sys_openat", "x64/sys_openat") and as this machine numbers
 * them. */
#pragma once

/* The number, or -ENOENT: there is none of this name here; -EOPNOTSUPP: of another ABI. */
int system_call_number(const char *name);
/* "openat" of "x64/sys_openat"; NULL when it is not written like a system call. */
const char *system_call_bare_name(const char *name);
/* The function's name in the kernel of a number, as events have it ("__x64_sys_openat"); writes at
 * most `size` bytes. -ENOENT. */
int system_call_function(int number, char *ret_name, int size);
