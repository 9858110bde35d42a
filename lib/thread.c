/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/thread.h"

#include <signal.h>

#include "lib/clock.h"

int thread_start(pthread_t *ret_thread, const char *name, size_t stack_bytes,
	void *(*run)(void *data), void *data)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int r;

	r = -pthread_attr_init(&attributes);
	if (r < 0)
		return r;
	if (stack_bytes)
		pthread_attr_setstacksize(&attributes, stack_bytes);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&thread, &attributes, run, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (r < 0)
		return r;
	if (name)
		pthread_setname_np(thread, name);
	*ret_thread = thread;
	return 0;
}

/* Detached afterwards: a thread that is born detached may be gone when it gets its name. */
int thread_start_detached(
	const char *name, size_t stack_bytes, void *(*run)(void *data), void *data)
{
	pthread_t thread;
	int r = thread_start(&thread, name, stack_bytes, run, data);

	if (r == 0)
		pthread_detach(thread);
	return r;
}

bool thread_join_until(pthread_t thread, uint64_t until_ns)
{
	struct timespec until = clock_timespec(until_ns);

	if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0)
		return true;
	pthread_detach(thread);
	return false;
}

bool condition_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until_ns)
{
	struct timespec until = clock_timespec(until_ns);

	if (until_ns == UINT64_MAX)
		return pthread_cond_wait(condition, lock) == 0;
	return pthread_cond_clockwait(condition, lock, CLOCK_MONOTONIC, &until) == 0;
}
