/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/kernel_functions.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/policy/place/tracefs.h"
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

/* "name [module]" or "name\t[module]" taken apart. */
static const char *module_of(char *line)
{
	char *module = strchr(line, '[');

	line[strcspn(line, " \t\n")] = '\0';
	if (!module)
		return "";
	module[strcspn(module, "]")] = '\0';
	return module + 1;
}

static int find_traceable(const char *name, char *ret_module, size_t size)
{
	_cleanup_fclose_ FILE *functions = NULL;
	char line[LINE_MAX_BYTES];
	int r = traceable_functions_open(&functions);

	while (r >= 0 && fgets(line, sizeof(line), functions)) {
		const char *module = module_of(line);

		if (!strcmp(line, name)) {
			snprintf(ret_module, size, "%s", module);
			return 1;
		}
	}
	return r;
}

int function_is_traceable(const char *name)
{
	char module[1];

	return find_traceable(name, module, sizeof(module));
}

/* In a service /proc/kallsyms may be a file without a line (ProtectKernelTunables=); what can be
 * traced has fewer functions, but nearly all that programs can be put on. */
int function_find(const char *name, char *ret_module, size_t size)
{
	_cleanup_fclose_ FILE *symbols = fopen("/proc/kallsyms", "re");
	char line[LINE_MAX_BYTES];
	bool any = false;
	int r;

	while (symbols && fgets(line, sizeof(line), symbols)) {
		const char *module;
		int begin = 0;

		any = true;
		sscanf(line, "%*s %*c %n", &begin);
		module = module_of(line + begin);
		if (!strcmp(line + begin, name)) {
			snprintf(ret_module, size, "%s", module);
			return 0;
		}
	}
	r = any ? 0 : find_traceable(name, ret_module, size);
	if (r < 0)
		ret_module[0] = '\0';
	return r ? 0 : -ENOENT;
}
