/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of this machine's system calls, by libaudit; apart from the rest since its header has a
 * struct audit_status too. */
#pragma once

#include <stdbool.h>

/* -1 for a name that is none; `compatible`: of this machine's 32-bit programs. */
int audit_system_call_number(const char *name, bool compatible);
/* NULL for a number that is none. */
const char *audit_system_call_name(int number, bool compatible);
