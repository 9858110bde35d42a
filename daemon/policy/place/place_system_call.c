/* SPDX-License-Identifier: Apache-2.0 */
/* System calls: by their functions in the kernel, which costs other calls nothing; or by their
 * tracepoints, on kernels without trampolines; or where all system calls pass, which every kernel
 * allows, and which each call pays for. docs/kernels.md has the figures. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>

#include "daemon/policy/place/kernel_types.h"
#include "daemon/policy/place/place.h"
#include "daemon/policy/place/registers.h"
#include "daemon/policy/place/system_calls.h"
#include "daemon/policy/place/tracepoint_format.h"
#include "lib/util.h"

#define SYSTEM_CALL_ARGUMENTS_MAX 6
/* Each has a program of its own; of a longer list all pass by one. */
#define SYSTEM_CALL_FUNCTIONS_MAX 8
/* Every kernel has this call. */
#define KNOWN_EVENT	  "sys_enter_read"
#define KNOWN_FUNCTION_32 "__ia32_compat_sys_openat"
#ifdef __aarch64__
#define CALL_REGISTERS "x0 to x5"
#else
#define CALL_REGISTERS "rdi, rsi, rdx, r10, r8, r9"
#endif

/* Only where a kernel runs such programs has it functions for their calls. */
static bool runs_32_bit_programs(struct kernel_types *types)
{
#ifdef __aarch64__
	return true;
#else
	const struct btf *btf = kernel_types_get(types);

	return !btf || btf__find_by_name_kind(btf, KNOWN_FUNCTION_32, BTF_KIND_FUNC) > 0;
#endif
}

/* What was left out of this kernel has no tracepoint; the calls of 32-bit programs have none at
 * all. */
static int check_tracepoint(const char *call, const char *name, struct error *error)
{
	char event[HOOK_TARGET_MAX + 16];

	snprintf(event, sizeof(event), "sys_enter_%s", name);
	if (tracepoint_exists("syscalls", KNOWN_EVENT) && !tracepoint_exists("syscalls", event))
		return error_set(error, -ENOENT,
			"%s: this kernel has no such system call (tracepoint syscalls/%s)", call,
			event);
	return 0;
}

static int add_system_call(
	struct hook_place *place, struct kernel_types *types, const char *call, struct error *error)
{
	char function[HOOK_TARGET_MAX];
	uint32_t number;
	const char *name;
	int r = system_call_number(call, &number);

	if (r == -EOPNOTSUPP)
		return error_set(
			error, r, "%s: this machine has no system calls of this ABI", call);
	if (r < 0 || system_call_function(number, function, sizeof(function)) < 0)
		return error_set(error, -ENOENT, "%s: this machine has no such system call", call);
	name = system_call_bare_name(function); /* as the kernel's tracepoints are called */
	if (number & SYSTEM_CALL_32_BIT) {
		if (!runs_32_bit_programs(types))
			return error_set(error, -EOPNOTSUPP,
				"%s: this kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)",
				call);
		return hook_place_add_target(place, function, number, error);
	}
	r = check_tracepoint(call, name, error);
	return r < 0 ? r : hook_place_add_target(place, name, number, error);
}

/* Where `ignore` says so, what is not there is left out. */
static int add_or_ignore(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, const char *call, struct error *error)
{
	struct error ignored = {};
	int r = add_system_call(place, types, call, hook->ignore_call_not_found ? &ignored : error);

	if (r >= 0 || !hook->ignore_call_not_found)
		return r;
	return r == -ENOENT ? 0 : error_set(error, r, "%s", ignored.message);
}

static bool is_all_calls(const struct policy_hook *hook)
{
	return hook->call_list && hook->call_list->type == POLICY_LIST_GENERATED_SYSCALLS;
}

/* Those of this machine's own ABI that have a name. */
static int add_every_call(struct hook_place *place, struct error *error)
{
	char function[HOOK_TARGET_MAX];
	int r = 0;

	for (uint32_t number = 0; number <= SYSTEM_CALL_NUMBER_MAX && r >= 0; number++)
		if (system_call_function(number, function, sizeof(function)) == 0)
			r = hook_place_add_target(
				place, system_call_bare_name(function), number, error);
	return r;
}

static int add_all(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, struct error *error)
{
	const struct policy_list *list = hook->call_list;
	int r = 0;

	if (!list)
		return add_or_ignore(hook, types, place, hook->call.data, error);
	if (is_all_calls(hook))
		return add_every_call(place, error);
	for (size_t i = 0; i < list->values.count && r >= 0; i++)
		r = add_or_ignore(hook, types, place, list->values.items[i].data, error);
	return r;
}

/* How many of the calls are made by 32-bit programs. */
static size_t count_32_bit(const struct hook_place *place)
{
	size_t count = 0;

	for (size_t i = 0; i < place->target_count; i++)
		count += !!(place->targets[i].number & SYSTEM_CALL_32_BIT);
	return count;
}

/* An argument by the register that it is passed in. Of the others nothing is kept at the entry. */
static int argument_by_register(const struct hook_place *place,
	const struct policy_argument *argument, struct policy_argument *ret_argument,
	struct error *error)
{
	int offset = register_offset(MACHINE_NATIVE, argument->resolve.data);

	if (count_32_bit(place))
		return error_set(error, -EOPNOTSUPP,
			"source: pt_regs: not of a system call of 32-bit programs, which have "
			"other "
			"registers; allowed: index");
	for (uint32_t i = 0; i < SYSTEM_CALL_ARGUMENTS_MAX; i++) {
		if (offset < 0 || offset != register_of_call_argument(MACHINE_NATIVE, i))
			continue;
		*ret_argument = *argument;
		ret_argument->value_source = POLICY_SOURCE_CALL;
		ret_argument->index = i;
		ret_argument->resolve = (struct policy_text){};
		return 0;
	}
	return error_set(error, -EINVAL,
		"resolve: no argument of a system call is in %s; allowed: " CALL_REGISTERS,
		argument->resolve.data);
}

static int put_argument(struct hook_place *place, uint32_t index,
	const struct policy_argument *argument, struct kernel_types *types, struct error *error)
{
	struct hook_argument *result = &place->arguments[index];
	struct policy_argument of_register;
	int r;

	if (argument->value_source == POLICY_SOURCE_PT_REGS) {
		r = argument_by_register(place, argument, &of_register, error);
		if (r < 0)
			return r;
		argument = &of_register;
	}
	if (argument->value_source == POLICY_SOURCE_CALL &&
		argument->index >= SYSTEM_CALL_ARGUMENTS_MAX)
		return error_set(error, -EINVAL, "index %lld: system calls have arguments 0 to %d",
			(long long)argument->index, SYSTEM_CALL_ARGUMENTS_MAX - 1);
	result->raw = (uint8_t)argument->index;
	r = hook_place_argument(place, index, argument, types, 0, error);
	if (r < 0 || argument->value_source != POLICY_SOURCE_CALL ||
		result->reader != ARGUMENT_INTEGER || (result->flags & ARGUMENT_RESOLVED))
		return r;
	/* Their registers are narrower than a long of ours. */
	if (place->is_32_bit)
		result->size = MIN(result->size, (uint8_t)sizeof(uint32_t));
	else if (count_32_bit(place) && result->is_signed && result->size > sizeof(uint32_t))
		return error_set(error, -EINVAL,
			"index %lld: of a list with calls of both ABIs a long has not one width; "
			"allowed: a hook for each ABI, int, ulong",
			(long long)argument->index);
	return 0;
}

static enum hook_mechanism choose_mechanism(const struct policy_hook *hook,
	const struct hook_place *place, const struct hook_abilities *abilities)
{
	if (!place->target_count || is_all_calls(hook)) /* nowhere, or everywhere */
		return MECHANISM_SYSCALL_ALL;
	/* Which function serves a call of a 32-bit program the kernel does not say. */
	if (count_32_bit(place))
		return MECHANISM_SYSCALL_ALL;
	if (abilities->trampolines && place->target_count <= SYSTEM_CALL_FUNCTIONS_MAX)
		return MECHANISM_SYSCALL_FENTRY;
	return abilities->tracepoint_events ? MECHANISM_SYSCALL_TRACEPOINT : MECHANISM_SYSCALL_ALL;
}

int hook_place_system_calls(const struct policy_hook *hook, struct kernel_types *types,
	const struct hook_abilities *abilities, struct hook_place *place, struct error *error)
{
	const struct policy_argument *argument;
	int r = add_all(hook, types, place, error);

	place->mechanism = choose_mechanism(hook, place, abilities);
	place->is_32_bit = place->target_count && count_32_bit(place) == place->target_count;
	place->parameter_count = 1; /* of a call's function: the registers */
	for (uint32_t i = 0; r >= 0 && (argument = hook_argument_at(hook, i)); i++)
		r = put_argument(place, i, argument, types, error);
	if (r < 0)
		return r;
	place->raw_count = hook_place_raws_used(place);
	if (place->raw_count > SYSTEM_CALL_ARGUMENTS_MAX)
		return error_set(error, -EINVAL, "sizeArgIndex: system calls have %d arguments",
			SYSTEM_CALL_ARGUMENTS_MAX);
	place->arguments[HOOK_RETURN_ARGUMENT].raw = HOOK_RAW_RETURN;
	return hook->return_arg.source ? hook_place_argument(place, HOOK_RETURN_ARGUMENT,
						 &hook->return_arg, types, 0, error)
				       : 0;
}
