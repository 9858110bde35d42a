/* SPDX-License-Identifier: Apache-2.0 */
/* The hook's time budget. A runtime that loses patience with a hook fails the container's start, so
 * the hook must give up first, and by itself. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* After the budget: time to spool and to report, before the timer of last resort ends the hook. */
#define HOOK_GRACE_MS 200

struct deadline {
	uint64_t end_ns; /* CLOCK_MONOTONIC */
};

void deadline_start(struct deadline *deadline, uint32_t budget_ms);
/* Milliseconds left, rounded up; 0 when over. */
int deadline_left_ms(const struct deadline *deadline);
/* poll() one descriptor until the deadline: 0, -ETIMEDOUT or another negative errno. */
int deadline_wait(const struct deadline *deadline, int fd, short events);

/* End the process with the exit code last set when `total_ms` and the grace are over, whatever it
 * is doing. What cannot be interrupted (a dead disk under the spool) is not helped by this either.
 */
void last_resort_start(uint32_t total_ms);
void last_resort_set_exit_code(int code);
