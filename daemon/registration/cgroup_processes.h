/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes a cgroup holds, itself and below. Paths are below the mount point. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PROCESSES_MAX 4096 /* looked at for the oldest; with more, the oldest of these */

/* False too when there is no such cgroup. */
bool cgroup_is_populated(const char *mount_point, const char *cgroup_path);
/* The process that has run longest: of a container, its init, as long as that lives. -ESRCH: none.
 */
int cgroup_oldest_process(const char *mount_point, const char *cgroup_path, pid_t *ret_pid);
/* Owner of the directory that `cgroup_path` is in: whoever could make and name it. */
int cgroup_parent_owner(const char *mount_point, const char *cgroup_path, uid_t *ret_owner);
/* Whether the process of this pid and start (ns since boot, in whole clock ticks) still runs. */
bool process_runs(pid_t pid, uint64_t start_ns);
/* A pidfd of it, or -ESRCH. */
int process_open(pid_t pid, uint64_t start_ns);
/* Clock ticks, as in /proc/PID/stat, in nanoseconds. */
uint64_t ticks_to_ns(uint64_t ticks);
