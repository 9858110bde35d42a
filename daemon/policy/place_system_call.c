/* SPDX-License-Identifier: Apache-2.0 */
/* System calls: by their functions in the kernel, which costs other calls nothing; or by their
 * tracepoints, on kernels without trampolines; or where all system calls pass, which every kernel
 * allows, and which each call pays for. docs/kernels.md has the figures. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/policy/place.h"
#include "daemon/policy/system_calls.h"
#include "daemon/policy/tracepoint_format.h"

#define SYSTEM_CALL_ARGUMENTS_MAX 6
/* Each has a program of its own; of a longer list all pass by one. */
#define SYSTEM_CALL_FUNCTIONS_MAX 8
/* Every kernel has this call. */
#define KNOWN_EVENT "sys_enter_read"

static int add_system_call(struct hook_place *place, const char *call, struct error *error)
{
	char function[HOOK_TARGET_MAX], event[HOOK_TARGET_MAX + 16];
	int number = system_call_number(call);
	const char *name;

	if (number == -EOPNOTSUPP)
		return error_set(error, -EOPNOTSUPP,
			"%s: system calls of another ABI pass by the tracepoints of this kernel's "
			"own",
			call);
	if (number < 0 || system_call_function(number, function, sizeof(function)) < 0)
		return error_set(error, -ENOENT, "%s: this machine has no such system call", call);
	name = system_call_bare_name(function); /* as the kernel's tracepoints are called */
	snprintf(event, sizeof(event), "sys_enter_%s", name);
	/* The number is the machine's; what was left out of this kernel has no tracepoint. */
	if (tracepoint_exists("syscalls", KNOWN_EVENT) && !tracepoint_exists("syscalls", event))
		return error_set(error, -ENOENT,
			"%s: this kernel has no such system call (tracepoint syscalls/%s)", call,
			event);
	return hook_place_add_target(place, name, number, error);
}

/* Where `ignore` says so, what is not there is left out. */
static int add_or_ignore(const struct policy_hook *hook, struct hook_place *place, const char *call,
	struct error *error)
{
	struct error ignored = {};
	int r = add_system_call(place, call, hook->ignore_call_not_found ? &ignored : error);

	if (r >= 0 || !hook->ignore_call_not_found)
		return r;
	return r == -ENOENT ? 0 : error_set(error, r, "%s", ignored.message);
}

static int add_all(const struct policy_hook *hook, struct hook_place *place, struct error *error)
{
	const struct policy_list *list = hook->call_list;
	int r = 0;

	if (!list)
		return add_or_ignore(hook, place, hook->call.data, error);
	if (list->type == POLICY_LIST_GENERATED_SYSCALLS)
		return error_set(error, -EOPNOTSUPP,
			"a list of all system calls is not supported by this version: use "
			"tracepoint raw_syscalls/sys_enter");
	for (size_t i = 0; i < list->values.count && r >= 0; i++)
		r = add_or_ignore(hook, place, list->values.items[i].data, error);
	return r;
}

static int put_argument(struct hook_place *place, uint32_t index,
	const struct policy_argument *argument, struct kernel_types *types, struct error *error)
{
	if (argument->value_source == POLICY_SOURCE_CALL &&
		argument->index >= SYSTEM_CALL_ARGUMENTS_MAX)
		return error_set(error, -EINVAL, "index %lld: system calls have arguments 0 to %d",
			(long long)argument->index, SYSTEM_CALL_ARGUMENTS_MAX - 1);
	place->arguments[index].raw = (uint8_t)argument->index;
	return hook_place_argument(place, index, argument, types, 0, error);
}

static enum hook_mechanism choose_mechanism(
	const struct hook_place *place, const struct hook_abilities *abilities)
{
	if (abilities->trampolines && place->target_count <= SYSTEM_CALL_FUNCTIONS_MAX)
		return MECHANISM_SYSCALL_FENTRY;
	return abilities->tracepoint_events ? MECHANISM_SYSCALL_TRACEPOINT : MECHANISM_SYSCALL_ALL;
}

int hook_place_system_calls(const struct policy_hook *hook, struct kernel_types *types,
	const struct hook_abilities *abilities, struct hook_place *place, struct error *error)
{
	int r = add_all(hook, place, error);

	place->mechanism = choose_mechanism(place, abilities);
	place->parameter_count = 1; /* of a call's function: the registers */
	for (size_t i = 0; i < hook->args.count && r >= 0; i++)
		r = put_argument(place, (uint32_t)i, &hook->args.items[i], types, error);
	for (size_t i = 0; i < hook->data.count && r >= 0; i++)
		r = put_argument(place, (uint32_t)(hook->args.count + i), &hook->data.items[i],
			types, error);
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
