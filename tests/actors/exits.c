/* SPDX-License-Identifier: Apache-2.0 */
/* Every way a process can end, one child after the other, each reported with what wait() said:
 * codes, signals with and without a core, exit_group from a thread, the main thread gone first,
 * ten threads. The core lands in the working directory. */
#include "actor.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void act_code(void *data)
{
	_exit(*(int *)data);
}

static _Noreturn void raise_signal(int signal_number, bool core)
{
	struct rlimit limit;

	/* With a limit of 0 no core file is written and wait() sets no 0x80. */
	if (getrlimit(RLIMIT_CORE, &limit) < 0)
		die("core limit");
	limit.rlim_cur = core ? limit.rlim_max : 0;
	if (setrlimit(RLIMIT_CORE, &limit) < 0)
		die("core limit");
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	die("raise");
}

static void act_signal(void *data)
{
	raise_signal(*(int *)data, false);
}

static void act_core(void *data)
{
	raise_signal(*(int *)data, true);
}

static void *exit_group_7(void *data)
{
	(void)data;
	_exit(7);
}

static void act_group_exit(void *data)
{
	pthread_t thread;

	(void)data;
	if (pthread_create(&thread, NULL, exit_group_7, NULL))
		die("pthread_create");
	for (;;)
		pause();
}

static void *exit_thread_later(void *data)
{
	(void)data;
	usleep(20000);
	syscall(SYS_exit, 9);
	return NULL;
}

static void act_main_first(void *data)
{
	pthread_t thread;

	(void)data;
	if (pthread_create(&thread, NULL, exit_thread_later, NULL))
		die("pthread_create");
	syscall(SYS_exit,
		11); /* only this thread: which code wait() reports differs between kernels */
}

static void *idle(void *data)
{
	(void)data;
	for (;;)
		pause();
	return NULL;
}

static void act_threads(void *data)
{
	pthread_t thread;

	(void)data;
	for (int i = 0; i < 10; i++)
		if (pthread_create(&thread, NULL, idle, NULL))
			die("pthread_create");
	_exit(13);
}

static void act_killed_with_threads(void *data)
{
	pthread_t thread;

	(void)data;
	if (pthread_create(&thread, NULL, idle, NULL))
		die("pthread_create");
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static void one(const char *name, void (*act)(void *data), int value)
{
	int status;
	pid_t pid = run(act, &value, &status);

	report(name, &(struct report){.pid = pid, .status = &status});
}

int main(void)
{
	static const int codes[] = {0, 1, 42, 127, 255};
	static const int signals[] = {SIGHUP, SIGKILL, SIGTERM, SIGSEGV, SIGUSR1, SIGPIPE, SIGSYS};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		one("exit-code", act_code, codes[i]);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		one("exit-signal", act_signal, signals[i]);
	one("exit-realtime-signal", act_signal, SIGRTMIN + 1);
	one("exit-core", act_core, SIGABRT);
	one("exit-group-from-thread", act_group_exit, 0);
	one("exit-main-thread-first", act_main_first, 0);
	one("exit-ten-threads", act_threads, 0);
	one("exit-killed-with-threads", act_killed_with_threads, 0);
	return 0;
}
