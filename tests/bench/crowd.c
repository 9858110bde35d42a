/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* One process of the group makes all others and is their reaper's parent: when it dies they are
 * init's, and a kill of the group ends them all. */
static void leader_main(const struct bench *bench, unsigned size, int report)
{
	const char *const arguments[] = {bench->tiny, "pause", NULL};
	unsigned made = 0;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (made < size) {
		pid_t pid = vfork();

		if (!pid) {
			execve(bench->tiny, (char *const *)arguments, (char *const[]){NULL});
			_exit(127);
		}
		if (pid < 0)
			break;
		made++;
	}
	if (write(report, &made, sizeof(made)) != sizeof(made))
		_exit(1);
	for (;;)
		pause();
}

int crowd_start(const struct bench *bench, unsigned size, struct crowd *ret, struct error *error)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	struct crowd crowd = {};
	int channel[2];

	if (pipe2(channel, O_CLOEXEC) < 0)
		return error_set(error, -errno, "pipe: %s", strerror(errno));
	ours = channel[0];
	theirs = channel[1];
	crowd.group = fork();
	if (!crowd.group)
		leader_main(bench, size, theirs);
	if (crowd.group < 0)
		return error_set(error, -errno, "fork: %s", strerror(errno));
	setpgid(crowd.group, crowd.group);
	close(TAKE_FD(theirs));
	if (read(ours, &crowd.size, sizeof(crowd.size)) != sizeof(crowd.size) ||
		crowd.size < size) {
		crowd_stop(&crowd);
		return error_set(error, -EAGAIN,
			"only %u of %u processes could be had (pid_max, "
			"limits?)",
			crowd.size, size);
	}
	*ret = crowd;
	return 0;
}

void crowd_stop(struct crowd *crowd)
{
	if (crowd->group <= 0)
		return;
	kill(-crowd->group, SIGKILL);
	waitpid(crowd->group, NULL, 0);
	while (!kill(-crowd->group, 0)) /* zombies until init reaps them */
		sleep_ms(10);
	crowd->group = 0;
}
