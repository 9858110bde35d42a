/* SPDX-License-Identifier: Apache-2.0 */
/* One process made, executed and waited for: what the loops time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* vfork + execve + wait; true when it ran and ended with 0. When `ret_start` is not NULL it gets
 * CLOCK_MONOTONIC from just before the execve, taken in the child. */
bool spawn_and_wait(const char *path, const char *const arguments[], uint64_t *ret_start);
/* The same with fork. */
bool fork_and_wait(const char *path, const char *const arguments[]);
