/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's audit with auditd and an execve rule, as the thing to compare with. There is one
 * audit system per machine: while a benchmark runs it is the benchmark's. */
#pragma once

#include <sys/types.h>

#include "tests/bench/bench.h"

struct auditd {
	pid_t pid, kernel_thread; /* auditd, kauditd */
	char log[160];
};

/* Installed, and no auditd runs that would be disturbed. */
bool auditd_usable(void);
/* auditd with Debian's settings and a log in the work directory; rule: every execve. */
int auditd_start(const struct bench *bench, struct auditd *ret, struct error *error);
/* Stop it and leave audit off, with tasks born from now on free of audit's system call path: once
 * audit has been on, the kernel gives every new task an audit context, unless a `never,task` rule
 * says otherwise, and the bare loop would be slow for that reason. */
void auditd_stop(struct auditd *auditd);
/* No rules, off: for the end of everything. */
void auditd_restore(void);
