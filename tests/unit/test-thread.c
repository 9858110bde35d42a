/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/thread.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

struct seen {
	char name[16];
	size_t stack_bytes;
	int signals; /* of those that a process may block, not blocked */
	int pipe[2];
};

static void *look(void *data)
{
	struct seen *seen = data;
	pthread_attr_t attributes;
	sigset_t blocked;
	char byte;

	ck_assert_int_eq(read(seen->pipe[0], &byte, 1), 1); /* the name comes after the start */
	pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstacksize(&attributes, &seen->stack_bytes);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	for (int number = 1; number < __SIGRTMIN; number++)
		seen->signals +=
			number != SIGKILL && number != SIGSTOP && !sigismember(&blocked, number);
	return seen;
}

START_TEST(born_as_asked)
{
	struct seen seen = {0};
	sigset_t before, after;
	pthread_t thread;
	void *result;

	ck_assert_int_eq(pipe(seen.pipe), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	ck_assert_int_eq(thread_start(&thread, "a-name", 256 << 10, look, &seen), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	ck_assert_int_eq(write(seen.pipe[1], "", 1), 1);
	ck_assert_int_eq(pthread_join(thread, &result), 0);
	ck_assert_ptr_eq(result, &seen);
	ck_assert_str_eq(seen.name, "a-name");
	ck_assert_uint_lt(seen.stack_bytes, 1 << 20);
	ck_assert_int_eq(seen.signals, 0);
	ck_assert_int_eq(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
	close(seen.pipe[0]);
	close(seen.pipe[1]);
}
END_TEST

static void *await_byte(void *data)
{
	const int *pipe = data;
	char byte;

	ck_assert_int_eq(read(pipe[0], &byte, 1), 1);
	ck_assert_int_eq(write(pipe[1], &byte, 1), 1);
	return NULL;
}

START_TEST(left_to_itself)
{
	int to[2], from[2], ends[2];
	pthread_t thread;
	char byte;

	ck_assert_int_eq(pipe(to), 0);
	ck_assert_int_eq(pipe(from), 0);
	ends[0] = to[0];
	ends[1] = from[1];
	ck_assert_int_eq(thread_start(&thread, NULL, 0, await_byte, ends), 0);
	ck_assert(!thread_join_until(thread, clock_ns(CLOCK_MONOTONIC) + NSEC_PER_MSEC));
	ck_assert_int_eq(write(to[1], "", 1), 1);
	ck_assert_int_eq(read(from[0], &byte, 1), 1);

	ck_assert_int_eq(thread_start_detached(NULL, 0, await_byte, ends), 0);
	ck_assert_int_eq(write(to[1], "", 1), 1);
	ck_assert_int_eq(read(from[0], &byte, 1), 1);

	ck_assert_int_eq(thread_start(&thread, NULL, 0, await_byte, ends), 0);
	ck_assert_int_eq(write(to[1], "", 1), 1);
	ck_assert(thread_join_until(thread, UINT64_MAX));
}
END_TEST

struct meeting {
	pthread_mutex_t lock;
	pthread_cond_t condition;
	bool come;
};

static void *come(void *data)
{
	struct meeting *meeting = data;

	pthread_mutex_lock(&meeting->lock);
	meeting->come = true;
	pthread_cond_signal(&meeting->condition);
	pthread_mutex_unlock(&meeting->lock);
	return NULL;
}

START_TEST(condition_or_time)
{
	struct meeting meeting = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .condition = PTHREAD_COND_INITIALIZER};
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + NSEC_PER_MSEC;

	pthread_mutex_lock(&meeting.lock);
	while (condition_wait_until(&meeting.condition, &meeting.lock, until))
		ck_assert(!meeting.come); /* for nothing */
	ck_assert_uint_ge(clock_ns(CLOCK_MONOTONIC), until);
	ck_assert_int_eq(thread_start_detached("come", 0, come, &meeting), 0);
	while (!meeting.come)
		ck_assert(condition_wait_until(&meeting.condition, &meeting.lock, UINT64_MAX));
	pthread_mutex_unlock(&meeting.lock);
}
END_TEST

RUN_SUITE("thread", born_as_asked, left_to_itself, condition_or_time)
