/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/system_calls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>

#include "bpf/include/policy.h"
#include "lib/cleanup.h"
#include "lib/util.h"

#ifdef __aarch64__
#define OWN_ABI		   "arm64"
#define FUNCTION_PREFIX	   "__arm64_sys_"
#define ABI_OF_32_BITS	   "arm32"
#define PREFIX_OF_32_BITS  "__arm64_compat_sys_"
#define MACHINE_OF_32_BITS SCMP_ARCH_ARM
#else
#define OWN_ABI		   "x64"
#define FUNCTION_PREFIX	   "__x64_sys_"
#define ABI_OF_32_BITS	   "i386"
#define PREFIX_OF_32_BITS  "__ia32_sys_"
#define MACHINE_OF_32_BITS SCMP_ARCH_X86
#endif

/* What a function's name begins with, and whose calls it serves. */
static const struct {
	const char *prefix;
	bool is_32_bit;
} prefixes[] = {
	{FUNCTION_PREFIX, false},
	{PREFIX_OF_32_BITS, true},
#ifndef __aarch64__
	{"__ia32_compat_sys_", true},
#endif
	{"compat_sys_", true},
	{"__sys_", false},
	{"sys_", false},
};

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

#ifdef __aarch64__
static int number_of_32_bits(const char *name)
{
	return seccomp_syscall_resolve_name_arch(MACHINE_OF_32_BITS, name);
}
#else
/* Of these libseccomp knows the older call only that stands for all of them (socketcall, ipc). */
static const struct {
	const char *name;
	int number;
} single_calls[] = {
	{"recvmmsg", 337},
	{"sendmmsg", 345},
	{"socket", 359},
	{"socketpair", 360},
	{"bind", 361},
	{"connect", 362},
	{"listen", 363},
	{"accept4", 364},
	{"getsockopt", 365},
	{"setsockopt", 366},
	{"getsockname", 367},
	{"getpeername", 368},
	{"sendto", 369},
	{"sendmsg", 370},
	{"recvfrom", 371},
	{"recvmsg", 372},
	{"shutdown", 373},
	{"semget", 393},
	{"semctl", 394},
	{"shmget", 395},
	{"shmctl", 396},
	{"shmat", 397},
	{"shmdt", 398},
	{"msgget", 399},
	{"msgsnd", 400},
	{"msgrcv", 401},
	{"msgctl", 402},
};

static int number_of_32_bits(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(single_calls); i++)
		if (!strcmp(name, single_calls[i].name))
			return single_calls[i].number;
	return seccomp_syscall_resolve_name_arch(MACHINE_OF_32_BITS, name);
}
#endif

/* "openat", and whether a function's name says that it is another ABI's. */
static const char *without_prefix(const char *name, bool *ret_is_32_bit)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t length = strlen(prefixes[i].prefix);

		if (strncmp(name, prefixes[i].prefix, length) != 0)
			continue;
		*ret_is_32_bit = prefixes[i].is_32_bit;
		return name + length;
	}
	return NULL;
}

const char *system_call_bare_name(const char *name)
{
	const char *slash = strchr(name, '/');
	bool is_32_bit;

	return without_prefix(slash ? slash + 1 : name, &is_32_bit);
}

static bool is_abi(const char *name, const char *slash, const char *abi)
{
	return (size_t)(slash - name) == strlen(abi) && !strncmp(name, abi, strlen(abi));
}

int system_call_number(const char *name, uint32_t *ret_number)
{
	const char *slash = strchr(name, '/'), *bare;
	bool is_32_bit;
	int number;

	bare = without_prefix(slash ? slash + 1 : name, &is_32_bit);
	if (!bare)
		return strncmp(name, "__", 2) ? -ENOENT : -EOPNOTSUPP;
	if (slash && is_abi(name, slash, ABI_OF_32_BITS))
		is_32_bit = true;
	else if (slash && (is_32_bit || !is_abi(name, slash, OWN_ABI)))
		return -EOPNOTSUPP;
	for (size_t i = 0; i < ARRAY_SIZE(other_names); i++)
		if (!strcmp(bare, other_names[i].function))
			bare = other_names[i].call;
	number = is_32_bit ? number_of_32_bits(bare) : seccomp_syscall_resolve_name(bare);
	if (number < 0)
		return -ENOENT;
	*ret_number = (uint32_t)number | (is_32_bit ? SYSTEM_CALL_32_BIT : 0);
	return 0;
}

int system_call_function(uint32_t number, char *ret_name, int size)
{
	bool is_32_bit = number & SYSTEM_CALL_32_BIT;
	_cleanup_free_ char *name =
		seccomp_syscall_resolve_num_arch(is_32_bit ? MACHINE_OF_32_BITS : SCMP_ARCH_NATIVE,
			(int)(number & ~SYSTEM_CALL_32_BIT));
	const char *function = name;

	if (!name)
		return -ENOENT;
	for (size_t i = 0; !is_32_bit && i < ARRAY_SIZE(other_names); i++)
		if (!strcmp(name, other_names[i].call))
			function = other_names[i].function;
	snprintf(ret_name, (size_t)size, "%s%s", is_32_bit ? PREFIX_OF_32_BITS : FUNCTION_PREFIX,
		function);
	return 0;
}
