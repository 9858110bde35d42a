/* SPDX-License-Identifier: Apache-2.0 */
/* Files as they are mapped for running, from the kernel's perf events: they are there without
 * kprobes, need CAP_PERFMON only, and have the path as the process sees it and the build id that
 * the kernel itself read (since 5.12). One ring for each CPU, beside that of the sensors. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

#define MAPPINGS_RING_PAGES 16	 /* of each CPU, a power of two; what has no room is counted */
#define MAPPINGS_WAKE_BYTES 2048 /* the rest waits for the next turn of the loop */
#define BUILD_ID_MAX	    20

struct mapping {
	uint64_t time; /* CLOCK_BOOTTIME ns */
	uint32_t pid, tid;
	const char *path; /* a NUL after it */
	size_t path_length;
	uint8_t build_id[BUILD_ID_MAX];
	size_t build_id_length; /* 0: it has none, or before 5.12 */
};

struct mappings;

/* Nothing is watched yet. NULL: no memory, or no descriptor. */
struct mappings *mappings_new(void);
struct mappings *mappings_free(struct mappings *mappings);
/* By any thread. */
int mappings_open(struct mappings *mappings, struct error *error);
void mappings_close(struct mappings *mappings);

/* By the thread of the event loop: a descriptor that is readable when there is much, open or not.
 */
int mappings_fd(const struct mappings *mappings);
/* The next, valid until the next call; false: there is none. */
bool mappings_next(struct mappings *mappings, struct mapping *ret_mapping);
/* How many had no room since the last call. */
uint64_t mappings_take_lost(struct mappings *mappings);
