/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of the benchmark itself: none outlives it. */
#pragma once

#include <sys/types.h>

/* Start `arguments[0]` (searched in PATH) with stdin from `input_fd` (-1: /dev/null) and its output
 * appended to the file `log` (NULL: /dev/null). `variable` is one NAME=value more, or NULL.
 * Returns its pid or a negative errno. */
pid_t command_start(
	const char *const arguments[], int input_fd, const char *log, const char *variable);
/* Start, wait; the wait() status or a negative errno. */
int command_run(const char *const arguments[], const char *log);
/* SIGTERM, and SIGKILL after `milliseconds`; reaps. */
void command_stop(pid_t pid, unsigned milliseconds);
