/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/deadline.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/clock.h"

static volatile sig_atomic_t last_resort_exit_code;

void deadline_start(struct deadline *deadline, uint32_t budget_ms)
{
	deadline->end_ns = clock_ns(CLOCK_MONOTONIC) + budget_ms * NSEC_PER_MSEC;
}

int deadline_left_ms(const struct deadline *deadline)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	uint64_t left;

	if (now >= deadline->end_ns)
		return 0;
	left = (deadline->end_ns - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int deadline_wait(const struct deadline *deadline, int fd, short events)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	int r;

	do {
		int left = deadline_left_ms(deadline);

		if (!left)
			return -ETIMEDOUT;
		r = poll(&poll_fd, 1, left);
	} while (!r || (r < 0 && errno == EINTR));
	return r < 0 ? -errno : 0;
}

static void last_resort(int signal)
{
	_exit(last_resort_exit_code);
}

void last_resort_start(uint32_t total_ms)
{
	uint32_t end_ms = total_ms + HOOK_GRACE_MS;
	const struct itimerval timer = {
		.it_value.tv_sec = end_ms / 1000,
		.it_value.tv_usec = (end_ms % 1000) * 1000,
	};
	struct sigaction action = {.sa_handler = last_resort};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

void last_resort_set_exit_code(int code)
{
	last_resort_exit_code = code;
}
