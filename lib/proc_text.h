/* SPDX-License-Identifier: Apache-2.0 */
/* The files of /proc as text, apart from reading them: pure functions, for tests and fuzzing. A
 * process chooses its own name, so every field before and after it is looked for with care. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/proc.h"

/* /proc/PID/cgroup -> path of the "0::" line, without " (deleted)". -ENODATA, -ENAMETOOLONG. */
int proc_text_cgroup(const char *text, size_t length, char *path, size_t size);
/* /proc/PID/status. -EBADMSG when a field is missing. */
int proc_text_status(const char *text, size_t length, struct proc_status *ret);
/* Field 22 of /proc/PID/stat. -EBADMSG. */
int proc_text_start_ticks(const char *text, size_t length, uint64_t *ret_ticks);
/* A decimal number that is all of the text but a final newline. -EBADMSG. */
int proc_text_u32(const char *text, size_t length, uint32_t *ret);
/* "Pid:" of /proc/self/fdinfo/FD. -EBADMSG; -ESRCH when it is -1 (ended) or 0 (not visible). */
int proc_text_pidfd(const char *text, size_t length, pid_t *ret_pid);
