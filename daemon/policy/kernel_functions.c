/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/kernel_functions.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/policy/tracefs.h"
#include "lib/cleanup.h"
#include "lib/util.h"

#define LINE_MAX_BYTES 512

int traceable_functions_open(FILE **ret_functions)
{
	_cleanup_close_ int fd = tracefs_open(TRACEABLE_FUNCTIONS);
	FILE *functions = fd < 0 ? NULL : fdopen(fd, "r");

	if (!functions)
		return fd < 0 ? fd : -errno;
	TAKE_FD(fd);
	*ret_functions = functions;
	return 0;
}

bool traceable_functions_next(FILE *functions, char *ret_name, size_t size)
{
	if (!fgets(ret_name, (int)size, functions))
		return false;
	ret_name[strcspn(ret_name, " \t\n")] = '\0'; /* a module's name follows in brackets */
	return true;
}

int function_is_traceable(const char *name)
{
	_cleanup_fclose_ FILE *functions = NULL;
	char line[LINE_MAX_BYTES];
	int r = traceable_functions_open(&functions);

	if (r < 0)
		return r;
	while (traceable_functions_next(functions, line, sizeof(line)))
		if (!strcmp(line, name))
			return 1;
	return 0;
}

/* In a service /proc/kallsyms may be a file without a line (ProtectKernelTunables=); what can be
 * traced has fewer functions, but nearly all that programs can be put on. */
bool function_is_in_kernel(const char *name)
{
	_cleanup_fclose_ FILE *symbols = fopen("/proc/kallsyms", "re");
	char line[LINE_MAX_BYTES], symbol[256];
	bool any = false;

	while (symbols && fgets(line, sizeof(line), symbols)) {
		any = true;
		if (sscanf(line, "%*s %*c %255s", symbol) == 1 && !strcmp(symbol, name))
			return true;
	}
	return !any && function_is_traceable(name) != 0;
}
