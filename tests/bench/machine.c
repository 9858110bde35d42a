/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"

static void read_processor(char *name, size_t size)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(name, size, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		char *value = strchr(line, ':');

		if (strncmp(line, "model name", 10) || !value)
			continue;
		value[1 + strcspn(value + 1, "\n")] = '\0';
		snprintf(name, size, "%s", value + 2);
		return;
	}
}

void machine_get(struct machine *ret)
{
	struct utsname names;
	time_t now = time(NULL);
	struct tm utc;

	memset(ret, 0, sizeof(*ret));
	uname(&names);
	snprintf(ret->kernel, sizeof(ret->kernel), "%s", names.release);
	snprintf(ret->architecture, sizeof(ret->architecture), "%.31s", names.machine);
	read_processor(ret->processor, sizeof(ret->processor));
	ret->processors = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	ret->memory_mb =
		(double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
	gmtime_r(&now, &utc);
	strftime(ret->date, sizeof(ret->date), "%Y-%m-%dT%H:%M:%SZ", &utc);
}

double machine_load(void)
{
	double load = 0;

	return getloadavg(&load, 1) == 1 ? load : 0;
}
