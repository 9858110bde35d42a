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
/* Whether tasks born from now on get an audit context. Once audit has been on, as it is wherever
 * auditd has run, the kernel gives one to every new task, and each of its system calls goes the
 * long way, rules or no rules; a `never,task` rule takes that back. */
void audit_contexts(bool wanted);
/* Stop it and leave audit off, without contexts. */
void auditd_stop(struct auditd *auditd);
/* No rules, off: for the end of everything. */
void auditd_restore(void);
