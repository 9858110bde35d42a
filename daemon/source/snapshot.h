/* SPDX-License-Identifier: Apache-2.0 */
/* The processes that exist now: the task iterator's records and, from /proc, their command lines.
 * The command line of a process whose memory is being waited for cannot be read, and the reader
 * then hangs in the kernel: a thread of its own does it, and is left behind when it takes too long.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/decode/decode.h"
#include "daemon/sensor/base.h"

#define SNAPSHOT_COMMAND_MAX   65536	    /* bytes kept of one command line */
#define SNAPSHOT_COMMANDS_NS   100000000ULL /* for all of them */
#define SNAPSHOT_PROCESSES_MAX 131072

struct snapshot_entry {
	struct record_view view;
	struct span arguments; /* empty when it could not be read in time */
};

struct snapshot {
	struct snapshot_entry *entries; /* by start time */
	size_t count;
	uint64_t taken_ns; /* CLOCK_BOOTTIME, before the first was read */
	size_t without_arguments;
	struct snapshot_commands *commands; /* internal */
	struct buf records;
};

int snapshot_take(const struct base_sensor *sensor, struct snapshot *ret_snapshot);
/* NULL when this process is not in it. */
const struct snapshot_entry *snapshot_find(
	const struct snapshot *snapshot, uint32_t pid, uint64_t start_boottime);
void snapshot_done(struct snapshot *snapshot);
