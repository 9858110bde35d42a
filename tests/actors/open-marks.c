/* SPDX-License-Identifier: Apache-2.0 */
/* open-marks PREFIX COUNT [MICROSECONDS]: openat(2) of PREFIX0, PREFIX1 …, which need not exist,
 * with a pause after each. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned pause = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	char path[4096];

	if (argc < 3)
		return 2;
	for (int i = 0; i < atoi(argv[2]); i++) {
		long fd;

		snprintf(path, sizeof(path), "%s%d", argv[1], i);
		fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			close((int)fd);
		if (pause)
			usleep(pause);
	}
	return 0;
}
