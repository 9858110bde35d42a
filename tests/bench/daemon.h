/* SPDX-License-Identifier: Apache-2.0 */
/* One tallymand under measurement, in directories of its own, with default settings: JSON and
 * audit-format log on disk, no records to the kernel's audit (its limits would hide the cost). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "tests/bench/bench.h"

struct daemon {
	pid_t pid;
	char runtime_directory[128], log_directory[128], policy_directory[128];
	char configuration[128], messages[128]; /* messages: its stdout and stderr */
	char json_log[160], hook_socket[160], control_socket[160], spool[160];
	uint64_t ready_ns;   /* from just before its fork to READY=1 */
	uint64_t control_ns; /* the same to the first connect() to control.sock that is taken */
};

/* Make the directories and file names for `name`; no process yet. */
int daemon_prepare(
	const struct bench *bench, const char *name, struct daemon *ret, struct error *error);
/* Start and wait until it is ready; again after a stop is fine. */
int daemon_start(const struct bench *bench, struct daemon *daemon, struct error *error);
/* SIGTERM and wait. Nothing when it does not run. */
void daemon_stop(struct daemon *daemon);
/* SIGKILL and wait. */
void daemon_kill(struct daemon *daemon);
/* Lines in its JSON log since it began: the last one's sequence; 0 when that cannot be read. */
uint64_t daemon_lines(const struct daemon *daemon);
/* Wait until the daemon has used next to no CPU for a while: all that happened is written. */
void daemon_settle(const struct daemon *daemon);
