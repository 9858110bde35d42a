/* SPDX-License-Identifier: Apache-2.0 */
/* Where the kernel describes its tracepoints. systemd mounts it; a container or a small machine may
 * be without, and then whoever may mount has a mount of its own, which nobody else sees. */
#pragma once

#include <stdbool.h>

/* Finds it, or mounts it. The others do so when they are called first; a program that gives up
 * powers or system calls calls this before. */
bool tracefs_is_there(void);
/* Open a file of it for reading, "events/sched/sched_switch/format". The descriptor or -errno;
 * -ENOENT: there is no such file, or no tracefs. */
int tracefs_open(const char *path);
/* A perf event of the tracepoint, to put a program on. The descriptor or -errno; -ENOENT: the
 * kernel has no such tracepoint; -EACCES: perf_event_paranoid(5) forbids it. */
int tracefs_event_open(const char *subsystem, const char *event);
/* Whether this process may have such perf events. */
bool tracefs_events_allowed(void);
