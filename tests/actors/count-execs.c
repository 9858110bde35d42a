/* SPDX-License-Identifier: Apache-2.0 */
/* count-execs TRACEFS: counts every exec on the machine with the kernel's own performance counters,
 * which lose nothing. Prints "ready", and then, each time it reads a line, how many there were so
 * far. Needs tracefs for the tracepoint's number. */
#include "actor.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CPUS_MAX 1024

static uint64_t tracepoint_id(const char *tracefs)
{
	char path[4096], text[32] = {0};
	int fd;

	snprintf(path, sizeof(path), "%s/events/sched/sched_process_exec/id", tracefs);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		die(path);
	close(fd);
	return strtoull(text, NULL, 10);
}

int main(int argc, char *argv[])
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attributes),
	};
	static int counters[CPUS_MAX];
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	char line[16];

	need_arguments(argc, argv, 1, "TRACEFS");
	attributes.config = tracepoint_id(argv[1]);
	if (cpus > CPUS_MAX)
		cpus = CPUS_MAX;
	for (long cpu = 0; cpu < cpus; cpu++) {
		counters[cpu] = (int)syscall(
			SYS_perf_event_open, &attributes, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
		if (counters[cpu] < 0)
			die("perf_event_open");
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin)) {
		uint64_t total = 0;

		for (long cpu = 0; cpu < cpus; cpu++) {
			uint64_t count;

			if (read(counters[cpu], &count, sizeof(count)) != sizeof(count))
				die("read");
			total += count;
		}
		printf("%llu\n", (unsigned long long)total);
	}
	return 0;
}
