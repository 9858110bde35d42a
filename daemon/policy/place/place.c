/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "daemon/policy/place/kernel_btf.h"
#include "daemon/policy/place/kernel_types.h"
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
	[MECHANISM_SYSCALL_FENTRY] = "system call fentry",
	[MECHANISM_SYSCALL_TRACEPOINT] = "system call tracepoint",
	[MECHANISM_SYSCALL_ALL] = "sys_enter of all system calls",
	[MECHANISM_TRACEPOINT] = "tracepoint",
	[MECHANISM_RAW_TRACEPOINT] = "raw tracepoint",
	[MECHANISM_FENTRY] = "fentry",
	[MECHANISM_KPROBE] = "kprobe",
	[MECHANISM_LSM] = "lsm",
	[MECHANISM_LSM_SLEEPABLE] = "lsm, sleepable",
	[MECHANISM_FMOD_RET] = "fmod_ret",
	[MECHANISM_UPROBE] = "uprobe",
	[MECHANISM_UPROBE_MULTI] = "uprobe.multi",
	[MECHANISM_UPROBE_MULTI_SLEEPABLE] = "uprobe.multi, sleepable",
};

const char *hook_mechanism_name(enum hook_mechanism mechanism)
{
	return mechanism < MECHANISMS ? mechanism_names[mechanism] : "unknown";
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

/* Where the structures are that `resolve` begins in. */
static int resolve_types(struct kernel_types *types, const struct policy_argument *argument,
	const struct btf **ret_btf, struct error *error)
{
	int r;

	if (!kernel_types_get(types))
		return error_set(
			error, -EOPNOTSUPP, "resolve: this kernel has no type information (BTF)");
	if (argument->btf_type_module.length && argument->btf_type.length) {
		if (types->of_program)
			return error_set(error, -EINVAL,
				"btfTypeModule: of a program's argument btfPath says where the "
				"types are");
		r = kernel_types_of_module(types, argument->btf_type_module.data, &types, error);
		if (r < 0)
			return error_wrap(error, "btfTypeModule");
	}
	*ret_btf = kernel_types_get(types);
	return 0;
}

/* What `resolve` begins at: a structure, or a pointer to one. */
static uint32_t resolve_base(const struct btf *btf, const struct policy_argument *argument,
	uint32_t declared, struct error *error)
{
	uint32_t base;

	if (argument->value_source == POLICY_SOURCE_CURRENT_TASK)
		base = kernel_btf_structure(btf, "task_struct");
	else if (argument->btf_type.length)
		base = kernel_btf_structure(btf, argument->btf_type.data);
	else
		base = declared ? kernel_btf_resolve_base(btf, declared) : 0;
	if (!base)
		error_set(error, -EINVAL,
			argument->btf_type.length ? "btfType: there is no structure of that name%s"
						  : "resolve: the kernel does not say what "
						    "structure this is: btfType "
						    "may",
			argument->btf_type_module.length
				? " in the kernel or this module"
				: "; that of a module needs btfTypeModule");
	return base;
}

const struct policy_argument *hook_argument_at(const struct policy_hook *hook, size_t index)
{
	if (index < hook->args.count)
		return &hook->args.items[index];
	index -= hook->args.count;
	return index < hook->data.count ? &hook->data.items[index] : NULL;
}

/* What is read as something that it is not says nothing, or nonsense. */
static int check_type(const struct policy_argument *argument, const struct btf *btf,
	uint32_t declared, struct error *error)
{
	char instead[64];

	if (!declared || !btf ||
		!kernel_btf_contradicts(btf, declared, (enum policy_argument_type)argument->type,
			instead, sizeof(instead)))
		return 0;
	return error_set(error, -EINVAL, "%s%s%s %lld: is %s, not what type %s reads",
		argument->resolve.length ? "resolve: " : "",
		argument->resolve.length ? argument->resolve.data : "index",
		argument->resolve.length ? " of index" : "", (long long)argument->index, instead,
		policy_word(policy_argument_type_words, argument->type));
}

/* A few bytes of an address are no number that anybody asks for. */
static int check_pointer(const struct policy_argument *argument, const struct btf *btf,
	uint32_t declared, struct error *error)
{
	enum policy_argument_type type = (enum policy_argument_type)argument->type;

	if (type == POLICY_TYPE_AUTO || policy_type_class(type) != POLICY_CLASS_INTEGER ||
		policy_type_bits(type) == 64 || !kernel_btf_is_pointer(btf, declared))
		return 0;
	return error_set(error, -EINVAL,
		"resolve: %s is a pointer, of which type %s is a part; %s[0] is what it points at",
		argument->resolve.data, policy_word(policy_argument_type_words, type),
		argument->resolve.data);
}

static int resolve(struct hook_argument *result, const struct policy_argument *argument,
	struct kernel_types *types, uint32_t declared, enum policy_argument_type *type,
	struct error *error)
{
	const struct btf *btf = NULL;
	struct field_path path;
	uint32_t base;
	int r;

	r = resolve_types(types, argument, &btf, error);
	if (r < 0)
		return r;
	base = resolve_base(btf, argument, declared, error);
	if (!base)
		return error->code;
	r = kernel_btf_resolve(btf, base, argument->resolve.data, false, &path, error);
	if (r >= 0)
		r = check_type(argument, btf, path.type, error);
	if (r >= 0)
		r = check_pointer(argument, btf, path.type, error);
	if (r < 0)
		return r;
	if (*type == POLICY_TYPE_AUTO)
		*type = kernel_btf_automatic_type(btf, path.type);
	if (*type == POLICY_TYPE_NOP)
		return error_set(error, -EINVAL, "resolve: %s is a structure, not a value",
			argument->resolve.data);
	if (policy_type_class(*type) != POLICY_CLASS_INTEGER && *type != POLICY_TYPE_FD) {
		r = kernel_btf_resolve(btf, base, argument->resolve.data, true, &path, error);
		if (r < 0)
			return r;
	}
	memcpy(result->resolve, path.steps, sizeof(result->resolve));
	result->resolve_count = path.step_count;
	result->flags |= ARGUMENT_RESOLVED;
	return 0;
}

int hook_place_argument(struct hook_place *place, uint32_t index,
	const struct policy_argument *argument, struct kernel_types *types, uint32_t declared,
	struct error *error)
{
	enum policy_argument_type type = (enum policy_argument_type)argument->type;
	struct hook_argument *result = &place->arguments[index];
	int r = 0;

	result->size_raw = HOOK_NO_SIZE;
	if (argument->value_source == POLICY_SOURCE_CURRENT_TASK)
		result->source = ARGUMENT_CURRENT_TASK;
	else if (argument->value_source == POLICY_SOURCE_PT_REGS) {
		if (place->mechanism != MECHANISM_UPROBE &&
			place->mechanism != MECHANISM_UPROBE_MULTI &&
			place->mechanism != MECHANISM_KPROBE)
			return error_set(error, -EOPNOTSUPP,
				"source: pt_regs: not here; allowed: arguments of system calls, of "
				"functions without Override, and of uprobes");
		result->source = ARGUMENT_PT_REGS;
	}
	if (argument->resolve.length && result->source != ARGUMENT_PT_REGS)
		r = resolve(result, argument, types, declared, &type, error);
	else if (type != POLICY_TYPE_AUTO)
		r = argument->value_source == POLICY_SOURCE_CALL && declared
			    ? check_type(argument, kernel_types_get(types), declared, error)
			    : 0;
	else
		type = declared && kernel_types_get(types)
			       ? kernel_btf_automatic_type(kernel_types_get(types), declared)
			       : POLICY_TYPE_UINT64;
	if (r < 0)
		return r;
	if (policy_type_class(type) == POLICY_CLASS_INTEGER) {
		result->reader = ARGUMENT_INTEGER;
		result->size = (uint8_t)(policy_type_bits(type) / 8);
		result->is_signed = policy_type_is_signed(type);
		if (type == POLICY_TYPE_SYSCALL64)
			result->flags |= ARGUMENT_SYSTEM_CALL;
	} else {
		result->reader = readers[type];
	}
	if (argument->size_arg_index > 0)
		result->size_raw = (uint8_t)(argument->size_arg_index - 1);
	if (argument->return_copy && policy_type_class(type) == POLICY_CLASS_BUFFER) {
		result->flags |= ARGUMENT_RETURN_COPY;
		if (result->size_raw == HOOK_NO_SIZE ||
			hook_mechanism_is_system_call(place->mechanism))
			result->flags |= ARGUMENT_RETURN_SIZE;
	}
	if (argument->max_data)
		result->flags |= ARGUMENT_MAX_DATA;
	place->types[index] = type;
	place->readers |= 1ULL << result->reader;
	if (!(result->flags & ARGUMENT_RETURN_COPY))
		place->reads_user_memory |= reads_user_memory(result);
	return 0;
}

int hook_place_add_target(
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
	memset(target, 0, sizeof(*target));
	if (snprintf(target->name, sizeof(target->name), "%s", name) >= (int)sizeof(target->name))
		return error_set(
			error, -ENAMETOOLONG, "%s: no function has such a long name", name);
	target->number = number;
	return 0;
}

uint32_t hook_place_raws_used(const struct hook_place *place)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < place->arguments_count; i++) {
		const struct hook_argument *argument = &place->arguments[i];

		if (argument->source == ARGUMENT_OF_CALL)
			count = MAX(count, argument->raw + 1U);
		if (argument->size_raw != HOOK_NO_SIZE)
			count = MAX(count, argument->size_raw + 1U);
	}
	return count;
}

static int find(const struct policy_hook *hook, struct kernel_types *types,
	const struct hook_abilities *abilities, struct hook_place *ret_place, struct error *error)
{
	ret_place->arguments_count = (uint32_t)(hook->args.count + hook->data.count);
	if (ret_place->arguments_count > HOOK_ARGUMENTS_MAX)
		return error_set(
			error, -E2BIG, "args and data are more than %d", HOOK_ARGUMENTS_MAX);
	switch (hook->kind) {
	case POLICY_KPROBE:
	case POLICY_FENTRY:
		return hook->syscall
			       ? hook_place_system_calls(hook, types, abilities, ret_place, error)
			       : hook_place_functions(hook, types, ret_place, error);
	case POLICY_LSM_HOOK:
		return hook_place_functions(hook, types, ret_place, error);
	case POLICY_TRACEPOINT:
		return hook_place_tracepoint(hook, types, ret_place, error);
	case POLICY_UPROBE:
	case POLICY_USDT:
		return hook_place_program(hook, types, ret_place, error);
	default:
		return error_set(
			error, -EOPNOTSUPP, "this kind of hook is not supported by this version");
	}
}

int hook_place_find(const struct policy_hook *hook, struct kernel_types *types,
	const struct hook_abilities *abilities, struct hook_place *ret_place, struct error *error)
{
	bool sees_return = hook->kind == POLICY_KPROBE || hook->kind == POLICY_FENTRY ||
			   hook->kind == POLICY_UPROBE;
	int r;

	memset(ret_place, 0, sizeof(*ret_place));
	r = find(hook, types, abilities, ret_place, error);
	for (uint32_t i = 0; i < ret_place->arguments_count && r >= 0; i++) {
		struct hook_argument *argument = &ret_place->arguments[i];

		if (!sees_return)
			argument->flags &= (uint8_t)~ARGUMENT_RETURN_COPY;
		ret_place->copies_at_return |= !!(argument->flags & ARGUMENT_RETURN_COPY);
		if (argument->source != ARGUMENT_CURRENT_TASK &&
			(reads_user_memory(argument) || (argument->flags & ARGUMENT_RESOLVED)) &&
			!(argument->flags & ARGUMENT_RETURN_COPY))
			ret_place->raws_to_page_in |= 1U << argument->raw;
	}
	if (r >= 0 && ret_place->mechanism == MECHANISM_UPROBE_MULTI && ret_place->raws_to_page_in)
		ret_place->mechanism = MECHANISM_UPROBE_MULTI_SLEEPABLE;
	return r;
}

enum hook_mechanism hook_mechanism_instead(const struct policy_hook *hook,
	enum hook_mechanism mechanism, const struct hook_abilities *abilities)
{
	switch (mechanism) {
	case MECHANISM_SYSCALL_FENTRY:
		return abilities->tracepoint_events ? MECHANISM_SYSCALL_TRACEPOINT
						    : MECHANISM_SYSCALL_ALL;
	case MECHANISM_SYSCALL_TRACEPOINT:
		return MECHANISM_SYSCALL_ALL;
	case MECHANISM_UPROBE_MULTI_SLEEPABLE:
		return MECHANISM_UPROBE_MULTI;
	case MECHANISM_FENTRY:
		return hook->kind == POLICY_KPROBE ? MECHANISM_KPROBE : MECHANISMS;
	default:
		return MECHANISMS;
	}
}

bool hook_mechanism_is_uprobe_multi(enum hook_mechanism mechanism)
{
	return mechanism == MECHANISM_UPROBE_MULTI || mechanism == MECHANISM_UPROBE_MULTI_SLEEPABLE;
}

bool hook_mechanism_is_system_call(enum hook_mechanism mechanism)
{
	return mechanism == MECHANISM_SYSCALL_FENTRY || mechanism == MECHANISM_SYSCALL_TRACEPOINT ||
	       mechanism == MECHANISM_SYSCALL_ALL;
}

bool hook_mechanism_can_override(enum hook_mechanism mechanism)
{
	return mechanism == MECHANISM_LSM || mechanism == MECHANISM_LSM_SLEEPABLE ||
	       mechanism == MECHANISM_FMOD_RET;
}

bool hook_mechanism_is_by_trampoline(enum hook_mechanism mechanism)
{
	return mechanism == MECHANISM_FENTRY || mechanism == MECHANISM_SYSCALL_FENTRY ||
	       mechanism == MECHANISM_FMOD_RET || mechanism == MECHANISM_LSM ||
	       mechanism == MECHANISM_LSM_SLEEPABLE;
}

bool hook_mechanism_is_single(enum hook_mechanism mechanism)
{
	return hook_mechanism_is_by_trampoline(mechanism) || mechanism == MECHANISM_KPROBE;
}

void hook_place_done(struct hook_place *place)
{
	free(place->targets);
	if (place->has_file)
		close(place->file);
	memset(place, 0, sizeof(*place));
}
