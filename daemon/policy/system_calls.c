/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/system_calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#ifdef __aarch64__
#define OWN_ABI		"arm64"
#define FUNCTION_PREFIX "__arm64_sys_"
#else
#define OWN_ABI		"x64"
#define FUNCTION_PREFIX "__x64_sys_"
#endif

/* Where the kernel's function has another name than the call that programs make. */
static const struct {
	const char *function, *call;
} other_names[] = {
	{"umount", "umount2"},
	{"newuname", "uname"},
	{"newstat", "stat"},
	{"newlstat", "lstat"},
	{"newfstat", "fstat"},
	{"sendfile64", "sendfile"},
};

const char *system_call_bare_name(const char *name)
{
	const char *slash = strchr(name, '/');

	if (slash)
		name = slash + 1;
	if (!strncmp(name, FUNCTION_PREFIX, strlen(FUNCTION_PREFIX)))
		return name + strlen(FUNCTION_PREFIX);
	if (!strncmp(name, "__sys_", 6))
		return name + 6;
	return strncmp(name, "sys_", 4) ? NULL : name + 4;
}

int system_call_number(const char *name)
{
	const char *slash = strchr(name, '/'), *bare = system_call_bare_name(name);
	int number;

	if (!bare)
		return -ENOENT;
	if (slash && strncmp(name, OWN_ABI "/", strlen(OWN_ABI) + 1))
		return -EOPNOTSUPP;
	for (size_t i = 0; i < ARRAY_SIZE(other_names); i++)
		if (!strcmp(bare, other_names[i].function))
			bare = other_names[i].call;
	number = seccomp_syscall_resolve_name(bare);
	return number < 0 ? -ENOENT : number;
}

int system_call_function(int number, char *ret_name, int size)
{
	_cleanup_free_ char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
	const char *function = name;

	if (!name)
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(other_names); i++)
		if (!strcmp(name, other_names[i].call))
			function = other_names[i].function;
	snprintf(ret_name, (size_t)size, FUNCTION_PREFIX "%s", function);
	return 0;
}
