/* SPDX-License-Identifier: Apache-2.0 */
/* Threads beside the main one, and waiting for them no longer than until a time. Times are
 * nanoseconds of CLOCK_MONOTONIC; UINT64_MAX never comes. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start a thread with all signals blocked: they are the main thread's, and SIGXFSZ becomes the
 * error of a write. `name`: at most 15 characters; NULL: that of the thread that starts it.
 * `stack_bytes`: 0: what the system gives. Returns 0 or a negative errno. */
int thread_start(pthread_t *ret_thread, const char *name, size_t stack_bytes,
	void *(*run)(void *data), void *data);
/* The same, for a thread that nobody joins. */
int thread_start_detached(
	const char *name, size_t stack_bytes, void *(*run)(void *data), void *data);

/* Join a thread, if it ends by then. If not it is detached, left to itself: false. */
bool thread_join_until(pthread_t thread, uint64_t until_ns);

/* Wait for a condition, `lock` held. False: the time has come. True: signalled, or for nothing. */
bool condition_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until_ns);
