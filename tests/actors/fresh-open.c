/* SPDX-License-Identifier: Apache-2.0 */
/* fresh-open TIMES: children that open /etc/hostname, one after the other, each by a path that lies
 * on a page of the program which that child has never touched: it is not in its page tables when
 * the call begins. */
#include "actor.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE   4096
#define AROUND (32 * PAGE) /* a fault brings in its surroundings */

static const struct {
	char before[AROUND], path[AROUND], after[AROUND];
} far_away __attribute__((aligned(PAGE))) = {.path = "/etc/hostname"};

static void act(void *data)
{
	_exit(syscall(SYS_openat, AT_FDCWD, far_away.path, O_RDONLY) < 0);
}

int main(int argc, char *argv[])
{
	int status, times;

	need_arguments(argc, argv, 1, "TIMES");
	for (times = parse_int(argv[1]); times; times--) {
		pid_t pid = run(act, NULL, &status);

		report("fresh-open", &(struct report){.pid = pid, .status = &status});
	}
	return 0;
}
