/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the audit-format log share. */
#pragma once

#include <sys/types.h>

#include "daemon/audit/audit.h"
#include "daemon/audit/audit_lines.h"

/* Encoded: with the rest of its record below the longest line that ausearch reads. */
#define AUDIT_LOG_PATH_MAX 8192

struct audit_log {
	uint32_t serial;
	bool host; /* the host's own processes too */
	pid_t pid; /* ours, of records about what we did */
	uid_t uid;
	char arch[9];
};

/* ` ppid=… exe=`: the part of a SYSCALL record that is about the process. */
void audit_log_put_process(struct buf *buf, const struct process *process);
void audit_log_cwd_line(struct audit_lines *lines, const struct exec_image *image);
/* The VIRT_MACHINE_ID of what is in a container, and the EOE. */
void audit_log_end_lines(struct audit_lines *lines, const struct event *event);
/* `pid= uid= auid= ses= msg='` of the process. */
void audit_log_put_prefix(struct buf *buf, const struct process *process);

/* The lines of a policy's match. */
void audit_log_hit_lines(
	struct audit_lines *lines, const struct audit_log *log, const struct event *event);
