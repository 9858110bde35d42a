/* SPDX-License-Identifier: Apache-2.0 */
/* What the last lines of an earlier daemon's JSON log say: where it stopped, and whether it meant
 * to. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/export/export.h"

struct previous_log {
	bool found, clean; /* clean: the last event is daemon_stop */
	uint64_t last_sequence;
	uint64_t last_time; /* CLOCK_REALTIME ns */
	char stream[STREAM_MAX];
};

/* Never fails: a log that cannot be read or understood is one that was not found. */
void previous_log_read(const char *path, struct previous_log *ret);
