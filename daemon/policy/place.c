/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policy/system_calls.h"
#include "daemon/policy/tracepoint_format.h"
#include "lib/util.h"
#include "policy/argument_types.h"
#include "policy/words.h"

/* Integers are not here: they have one reader, and their size. */
static const uint8_t readers[POLICY_TYPE_COUNT] = {
	[POLICY_TYPE_CHAR_BUF] = ARGUMENT_CHAR_BUF,
	[POLICY_TYPE_CHAR_IOVEC] = ARGUMENT_CHAR_IOVEC,
	[POLICY_TYPE_SKB] = ARGUMENT_SKB,
	[POLICY_TYPE_SOCK] = ARGUMENT_SOCK,
	[POLICY_TYPE_SOCKADDR] = ARGUMENT_SOCKADDR,
	[POLICY_TYPE_SOCKET] = ARGUMENT_SOCKET,
	[POLICY_TYPE_SOCKADDR_UN] = ARGUMENT_SOCKADDR_UN,
	[POLICY_TYPE_STRING] = ARGUMENT_STRING,
	[POLICY_TYPE_FD] = ARGUMENT_FD,
	[POLICY_TYPE_FILE] = ARGUMENT_FILE,
	[POLICY_TYPE_FILENAME] = ARGUMENT_FILENAME,
	[POLICY_TYPE_PATH] = ARGUMENT_PATH,
	[POLICY_TYPE_BPF_ATTR] = ARGUMENT_BPF_ATTR,
	[POLICY_TYPE_PERF_EVENT] = ARGUMENT_PERF_EVENT,
	[POLICY_TYPE_BPF_MAP] = ARGUMENT_BPF_MAP,
	[POLICY_TYPE_USER_NAMESPACE] = ARGUMENT_USER_NAMESPACE,
	[POLICY_TYPE_KIOCB] = ARGUMENT_KIOCB,
	[POLICY_TYPE_IOV_ITER] = ARGUMENT_IOV_ITER,
	[POLICY_TYPE_CRED] = ARGUMENT_CRED,
	[POLICY_TYPE_CONST_BUF] = ARGUMENT_CONST_BUF,
	[POLICY_TYPE_LOAD_INFO] = ARGUMENT_LOAD_INFO,
	[POLICY_TYPE_MODULE] = ARGUMENT_MODULE,
	[POLICY_TYPE_KERNEL_CAP_T] = ARGUMENT_KERNEL_CAP_T,
	[POLICY_TYPE_CAP_INHERITABLE] = ARGUMENT_CAP_INHERITABLE,
	[POLICY_TYPE_CAP_PERMITTED] = ARGUMENT_CAP_PERMITTED,
	[POLICY_TYPE_CAP_EFFECTIVE] = ARGUMENT_CAP_EFFECTIVE,
	[POLICY_TYPE_LINUX_BINPRM] = ARGUMENT_LINUX_BINPRM,
	[POLICY_TYPE_DATA_LOC] = ARGUMENT_DATA_LOC,
	[POLICY_TYPE_NET_DEVICE] = ARGUMENT_NET_DEVICE,
	[POLICY_TYPE_DENTRY] = ARGUMENT_DENTRY,
	[POLICY_TYPE_BPF_PROG] = ARGUMENT_BPF_PROG,
};

static const char *const mechanism_names[MECHANISMS] = {
	[MECHANISM_SYSCALL_TRACEPOINT] = "system call tracepoint",
	[MECHANISM_TRACEPOINT] = "tracepoint",
	[MECHANISM_RAW_TRACEPOINT] = "raw tracepoint",
	[MECHANISM_FENTRY] = "fentry",
	[MECHANISM_KPROBE] = "kprobe",
	[MECHANISM_LSM] = "lsm",
	[MECHANISM_UPROBE] = "uprobe",
	[MECHANISM_USDT] = "usdt",
};

const char *hook_mechanism_name(enum hook_mechanism mechanism)
{
	return mechanism < MECHANISMS ? mechanism_names[mechanism] : "unknown";
}

int hook_argument_set(const struct policy_argument *argument, enum policy_argument_type type,
	struct hook_argument *ret_argument, struct error *error)
{
	struct hook_argument result = {.raw = ret_argument->raw, .size_raw = HOOK_NO_SIZE};

	if (policy_type_class(type) == POLICY_CLASS_INTEGER) {
		result.reader = ARGUMENT_INTEGER;
		result.size = (uint8_t)(policy_type_bits(type) / 8);
		result.is_signed = policy_type_is_signed(type);
	} else {
		result.reader = readers[type];
	}
	if (argument->resolve.length)
		return error_set(error, -EOPNOTSUPP, "resolve is not supported by this version");
	if (argument->value_source != POLICY_SOURCE_CALL)
		return error_set(error, -EOPNOTSUPP, "source: %s is not supported by this version",
			policy_word(policy_argument_source_words, argument->value_source));
	if (argument->size_arg_index > 0)
		result.size_raw = (uint8_t)(argument->size_arg_index - 1);
	if (argument->return_copy)
		result.flags |= ARGUMENT_RETURN_COPY;
	if (argument->max_data)
		result.flags |= ARGUMENT_MAX_DATA;
	*ret_argument = result;
	return 0;
}

static bool reads_user_memory(const struct hook_argument *argument)
{
	switch (argument->reader) {
	case ARGUMENT_STRING:
	case ARGUMENT_CHAR_BUF:
	case ARGUMENT_CHAR_IOVEC:
	case ARGUMENT_SOCKADDR:
	case ARGUMENT_SOCKADDR_UN:
	case ARGUMENT_BPF_ATTR:
		return true;
	default:
		return false;
	}
}

static int put_argument(struct hook_place *place, uint32_t index,
	const struct policy_argument *argument, uint32_t raw_max, struct error *error)
{
	enum policy_argument_type type = (enum policy_argument_type)argument->type;
	struct hook_argument *result = &place->arguments[index];
	int r;

	if (type == POLICY_TYPE_AUTO)
		type = POLICY_TYPE_SIZE_T;
	result->raw = index == HOOK_RETURN_ARGUMENT ? HOOK_RAW_RETURN : (uint8_t)argument->index;
	if (index != HOOK_RETURN_ARGUMENT && argument->index >= raw_max)
		return error_set(error, -EINVAL, "index %lld: there are %u arguments",
			(long long)argument->index, raw_max);
	r = hook_argument_set(argument, type, result, error);
	if (r < 0)
		return r;
	place->types[index] = type;
	place->readers |= 1ULL << result->reader;
	if (!(result->flags & ARGUMENT_RETURN_COPY))
		place->reads_user_memory |= reads_user_memory(result);
	return 0;
}

int hook_place_call_arguments(
	const struct policy_hook *hook, struct hook_place *place, struct error *error)
{
	int r = 0;

	for (size_t i = 0; i < hook->args.count && r >= 0; i++)
		r = put_argument(place, (uint32_t)i, &hook->args.items[i], place->raw_count, error);
	for (size_t i = 0; i < hook->data.count && r >= 0; i++)
		r = put_argument(place, (uint32_t)(hook->args.count + i), &hook->data.items[i],
			place->raw_count, error);
	if (r >= 0 && hook->return_arg.source)
		r = put_argument(
			place, HOOK_RETURN_ARGUMENT, &hook->return_arg, place->raw_count, error);
	return r;
}

static int add_target(
	struct hook_place *place, const char *name, int64_t number, struct error *error)
{
	struct hook_target *target;

	if (place->target_count == HOOK_TARGETS_MAX)
		return error_set(
			error, -E2BIG, "the list has more than %d functions", HOOK_TARGETS_MAX);
	target = reallocarray(place->targets, place->target_count + 1, sizeof(*target));
	if (!target)
		return error_set(error, -ENOMEM, "out of memory");
	place->targets = target;
	target += place->target_count++;
	if (snprintf(target->name, sizeof(target->name), "%s", name) >= (int)sizeof(target->name))
		return error_set(
			error, -ENAMETOOLONG, "%s: no function has such a long name", name);
	target->number = number;
	return 0;
}

static int add_system_call(struct hook_place *place, const char *call, struct error *error)
{
	const char *name = system_call_bare_name(call);
	char event[HOOK_TARGET_MAX];
	int number = system_call_number(call);

	if (number == -EOPNOTSUPP)
		return error_set(error, -EOPNOTSUPP,
			"%s: system calls of another ABI can be hooked only by kprobes, which this "
			"version does not use for system calls",
			call);
	if (number < 0)
		return error_set(error, -ENOENT, "%s: this machine has no such system call", call);
	snprintf(event, sizeof(event), "sys_enter_%s", name);
	if (!tracepoint_exists("syscalls", event))
		return error_set(error, -ENOENT,
			"%s: this kernel has no tracepoint syscalls/%s, or tracefs cannot be read",
			call, event);
	return add_target(place, name, number, error);
}

static int find_system_calls(
	const struct policy_hook *hook, struct hook_place *place, struct error *error)
{
	const struct policy_list *list = hook->call_list;

	place->mechanism = MECHANISM_SYSCALL_TRACEPOINT;
	place->raw_count = 6;
	if (!list)
		return add_system_call(place, hook->call.data, error);
	if (list->type == POLICY_LIST_GENERATED_SYSCALLS)
		return error_set(error, -EOPNOTSUPP,
			"a list of all system calls is not supported by this version: use "
			"tracepoint raw_syscalls/sys_enter");
	for (size_t i = 0; i < list->values.count; i++) {
		int r = add_system_call(place, list->values.items[i].data, error);

		if (r < 0)
			return r;
	}
	return 0;
}

/* How many of the call's arguments are looked at. */
static uint32_t raws_used(const struct hook_place *place)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < place->arguments_count; i++) {
		const struct hook_argument *argument = &place->arguments[i];

		count = MAX(count, argument->raw + 1U);
		if (argument->size_raw != HOOK_NO_SIZE)
			count = MAX(count, argument->size_raw + 1U);
	}
	return count;
}

int hook_place_find(
	const struct policy_hook *hook, struct hook_place *ret_place, struct error *error)
{
	struct hook_place *place = ret_place;
	int r;

	memset(place, 0, sizeof(*place));
	place->arguments_count = (uint32_t)(hook->args.count + hook->data.count);
	if (place->arguments_count > HOOK_ARGUMENTS_MAX)
		return error_set(
			error, -E2BIG, "args and data are more than %d", HOOK_ARGUMENTS_MAX);
	switch (hook->kind) {
	case POLICY_KPROBE:
	case POLICY_FENTRY:
		if (!hook->syscall)
			return error_set(
				error, -EOPNOTSUPP, "functions are not supported by this version");
		r = find_system_calls(hook, place, error);
		break;
	case POLICY_TRACEPOINT:
		return hook_place_tracepoint(hook, place, error);
	default:
		return error_set(
			error, -EOPNOTSUPP, "this kind of hook is not supported by this version");
	}
	if (r >= 0)
		r = hook_place_call_arguments(hook, place, error);
	if (r >= 0)
		place->raw_count = raws_used(place);
	return r;
}

void hook_place_done(struct hook_place *place)
{
	free(place->targets);
	memset(place, 0, sizeof(*place));
}
