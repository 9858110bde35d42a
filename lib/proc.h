/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of one process. Callers that hold a pidfd check it is alive after reading, so
 * that a reused pid cannot answer for another process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"

#define PROC_CGROUP_MAX	 4096
#define PROC_CMDLINE_MAX 65536

struct proc_status {
	pid_t ppid, tgid;
	uid_t uid, euid, suid, fsuid;
	gid_t gid;
	char name[64];
};

/* The path of the process in the cgroup v2 hierarchy ("0::" line), NUL-terminated, "/" for the
 * root. -ENODATA when there is no such line. `path` has at least PROC_CGROUP_MAX bytes. */
int proc_cgroup_path(pid_t pid, char *path, size_t size);
int proc_read_status(pid_t pid, struct proc_status *ret);
/* 4294967295 when unset. */
int proc_login(pid_t pid, uint32_t *ret_auid, uint32_t *ret_session);
/* Start time in clock ticks since boot, field 22 of stat. */
int proc_start_ticks(pid_t pid, uint64_t *ret_ticks);
/* argv with a NUL after each, at most `limit` bytes (cut there). */
int proc_cmdline(pid_t pid, size_t limit, struct buf *buf);
/* inode of /proc/PID/ns/NAME. */
int proc_namespace(pid_t pid, const char *name, uint64_t *ret_inode);
/* pid of a pidfd as this pid namespace sees it, from fdinfo: -ESRCH when it has ended or is not
 * visible. */
int pidfd_pid(int pidfd, pid_t *ret_pid);
/* Whether the process of a pidfd still runs. */
bool pidfd_alive(int pidfd);
/* boot_id without dashes, 32 hex digits and a NUL. */
int boot_id(char ret_id[33]);
