/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/registers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

/* In the order of struct pt_regs; whole, then its parts from the lowest bit on. */
static const char *const x86_64_names[][4] = {
	{"r15", "r15d", "r15w", "r15b"},
	{"r14", "r14d", "r14w", "r14b"},
	{"r13", "r13d", "r13w", "r13b"},
	{"r12", "r12d", "r12w", "r12b"},
	{"rbp", "ebp", "bp", "bpl"},
	{"rbx", "ebx", "bx", "bl"},
	{"r11", "r11d", "r11w", "r11b"},
	{"r10", "r10d", "r10w", "r10b"},
	{"r9", "r9d", "r9w", "r9b"},
	{"r8", "r8d", "r8w", "r8b"},
	{"rax", "eax", "ax", "al"},
	{"rcx", "ecx", "cx", "cl"},
	{"rdx", "edx", "dx", "dl"},
	{"rsi", "esi", "si", "sil"},
	{"rdi", "edi", "di", "dil"},
	{"orig_rax"},
	{"rip"},
	{"cs"},
	{"eflags", "flags"},
	{"rsp", "esp", "sp", "spl"},
	{"ss"},
};

static const char *const x86_64_arguments[] = {"rdi", "rsi", "rdx", "rcx", "r8", "r9"};

static const char *const x86_64_call_arguments[] = {"rdi", "rsi", "rdx", "r10", "r8", "r9"};

#define ARM64_REGISTERS	     31 /* x0 … x30; sp, pc and pstate follow */
#define ARM64_ARGUMENTS	     8
#define ARM64_CALL_ARGUMENTS 6

static int offset_x86_64(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(x86_64_names); i++)
		for (size_t j = 0; j < ARRAY_SIZE(x86_64_names[i]); j++)
			if (x86_64_names[i][j] && !strcmp(name, x86_64_names[i][j]))
				return (int)(i * 8);
	return -ENOENT;
}

static int offset_arm64(const char *name)
{
	char expected[8];

	for (int i = 0; i < ARM64_REGISTERS; i++) {
		snprintf(expected, sizeof(expected), "x%d", i);
		if (!strcmp(name, expected))
			return i * 8;
		expected[0] = 'w';
		if (!strcmp(name, expected))
			return i * 8;
	}
	if (!strcmp(name, "lr"))
		return (ARM64_REGISTERS - 1) * 8;
	if (!strcmp(name, "sp"))
		return ARM64_REGISTERS * 8;
	if (!strcmp(name, "pc"))
		return (ARM64_REGISTERS + 1) * 8;
	return -ENOENT;
}

int register_offset(enum register_machine machine, const char *name)
{
	return machine == MACHINE_ARM64 ? offset_arm64(name) : offset_x86_64(name);
}

int register_of_argument(enum register_machine machine, uint32_t index)
{
	if (machine == MACHINE_ARM64)
		return index < ARM64_ARGUMENTS ? (int)index * 8 : -ENOENT;
	return index < ARRAY_SIZE(x86_64_arguments) ? offset_x86_64(x86_64_arguments[index])
						    : -ENOENT;
}

int register_of_call_argument(enum register_machine machine, uint32_t index)
{
	if (machine == MACHINE_ARM64)
		return index < ARM64_CALL_ARGUMENTS ? (int)index * 8 : -ENOENT;
	return index < ARRAY_SIZE(x86_64_call_arguments)
		       ? offset_x86_64(x86_64_call_arguments[index])
		       : -ENOENT;
}
