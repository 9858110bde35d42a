/* SPDX-License-Identifier: Apache-2.0 */
/* argv as EXECVE records, in the kernel's form: `argc=N a0="…" a1=HEX`; further records of the same
 * event when one is full; an argument longer than a record in pieces `aN_len=LENGTH aN[0]=…
 * aN[1]=…`. */
#pragma once

#include "daemon/audit/audit_lines.h"
#include "daemon/enrich/process.h"

void audit_execve_lines(struct audit_lines *lines, const struct exec_image *image);
