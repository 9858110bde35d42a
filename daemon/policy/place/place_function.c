/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the kernel: kprobes, fentries, LSM hooks. */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "daemon/policy/place/function_check.h"
#include "daemon/policy/place/kernel_btf.h"
#include "daemon/policy/place/kernel_functions.h"
#include "daemon/policy/place/kernel_types.h"
#include "daemon/policy/place/place.h"
#include "daemon/policy/place/registers.h"
#include "daemon/sensor/probe.h"
#include "lib/cleanup.h"
#include "lib/util.h"
#include "policy/words.h"

#define SECURITY_MODULES "/sys/kernel/security/lsm"
/* Each has a program of its own. */
#define FUNCTIONS_MAX 128

/* Programs of a kernel whose list of security modules is without "bpf" attach and are never run. */
static bool bpf_is_security_module(void)
{
	_cleanup_close_ int fd = open(SECURITY_MODULES, O_RDONLY | O_CLOEXEC);
	char list[512];
	ssize_t length = fd < 0 ? 0 : read(fd, list, sizeof(list) - 1);
	char *next = list, *name;

	if (length <= 0)
		return fd < 0 &&
		       errno == ENOENT; /* securityfs is not there: the attempt will tell */
	list[length] = '\0';
	while ((name = strsep(&next, ",\n")))
		if (!strcmp(name, "bpf"))
			return true;
	return false;
}

/* generated_ftrace: what the kernel says can be traced, and the pattern matches. */
static int add_functions_like(
	struct hook_place *place, const struct policy_list *list, struct error *error)
{
	_cleanup_fclose_ FILE *functions = NULL;
	char name[512];
	regex_t pattern;
	int r = traceable_functions_open(&functions);

	if (r < 0)
		return error_set(error, r, "tracefs: %s: %s", TRACEABLE_FUNCTIONS, strerror(-r));
	if (regcomp(&pattern, list->pattern.data, REG_EXTENDED | REG_NOSUB))
		return error_set(error, -EINVAL,
			"list \"%s\": the pattern is no regular expression", list->name.data);
	while (r >= 0 && traceable_functions_next(functions, name, sizeof(name))) {
		if (regexec(&pattern, name, 0, NULL, 0))
			continue;
		if (place->target_count == FUNCTIONS_MAX)
			r = error_set(error, -E2BIG,
				"list \"%s\": the pattern is that of more than %d functions",
				list->name.data, FUNCTIONS_MAX);
		else
			r = hook_place_add_target(place, name, 0, error);
	}
	regfree(&pattern);
	return r;
}

static int add_functions(
	const struct policy_hook *hook, struct hook_place *place, struct error *error)
{
	const struct policy_list *list = hook->call_list;
	int r = 0;

	if (!list)
		return hook_place_add_target(place, hook->call.data, 0, error);
	if (list->type == POLICY_LIST_GENERATED_FTRACE)
		return add_functions_like(place, list, error);
	if (list->values.count > FUNCTIONS_MAX)
		return error_set(error, -E2BIG, "a list of %zu functions: %d can be hooked",
			list->values.count, FUNCTIONS_MAX);
	for (size_t i = 0; i < list->values.count && r >= 0; i++)
		r = hook_place_add_target(place, list->values.items[i].data, 0, error);
	return r;
}

#define SECURITY_END "_security"

static int add_security_hook(
	const struct policy_hook *hook, struct hook_place *place, struct error *error)
{
	char name[HOOK_TARGET_MAX], module[MODULE_NAME_MAX];
	size_t length;

	if (bpf_is_security_module()) {
		place->mechanism = MECHANISM_LSM;
		return hook_place_add_target(place, hook->hook.data, 0, error);
	}
	/* The function that calls the hooks sees the same; it has the same arguments. */
	place->mechanism = hook_overrides(hook) ? MECHANISM_FMOD_RET : MECHANISM_FENTRY;
	if (snprintf(name, sizeof(name), "security_%s", hook->hook.data) >= (int)sizeof(name))
		return error_set(error, -ENAMETOOLONG, "no hook has such a long name");
	/* That of bprm_check_security is security_bprm_check, and so of most that end so. */
	length = strlen(name) - strlen(SECURITY_END);
	if (!strcmp(name + length, SECURITY_END) && function_find(name, module, sizeof(module)) < 0)
		name[length] = '\0';
	return hook_place_add_target(place, name, 0, error);
}

static bool reads_registers(const struct policy_hook *hook)
{
	const struct policy_argument *argument;

	for (size_t i = 0; (argument = hook_argument_at(hook, i)); i++)
		if (argument->value_source == POLICY_SOURCE_PT_REGS)
			return true;
	return false;
}

int hook_place_check_traceable(const struct hook_place *place, struct error *error)
{
	if (place->mechanism != MECHANISM_FENTRY && place->mechanism != MECHANISM_KPROBE &&
		place->mechanism != MECHANISM_FMOD_RET)
		return 0;
	for (size_t i = 0; i < place->target_count; i++)
		if (!function_is_traceable(place->targets[i].name))
			return error_set(error, -ENOENT,
				"this kernel lets no program be put on %s (it is not in tracefs' "
				"%s)",
				place->targets[i].name, TRACEABLE_FUNCTIONS);
	return 0;
}

static void type_name(const struct hook_place *place, const char *target, char *ret_name, int size)
{
	snprintf(ret_name, (size_t)size, "%s%s",
		place->mechanism == MECHANISM_LSM ? "bpf_lsm_" : "", target);
}

/* Trampolines carry what is in registers; newer kernels' more, and structures by value. A kprobe
 * sees the same of any. */
static int avoid_trampoline(const struct policy_hook *hook, struct hook_place *place,
	const char *name, const struct function *function, struct error *error)
{
	const struct function_prototype *prototype = &function->prototype;

	if (!function->known ||
		(prototype->raw_count <= HOOK_REGISTERS &&
			prototype->raw_count == prototype->parameter_count) ||
		place->mechanism != MECHANISM_FENTRY)
		return 0;
	/* A module's function cannot be tried so: a fentry is left to the attempt itself. */
	if (function->types->kernel ? hook->kind == POLICY_FENTRY
				    : probe_function(kernel_types_get(function->types), name,
					      BPF_TRACE_FENTRY) != -EINVAL)
		return 0;
	if (hook->kind == POLICY_FENTRY)
		return error_set(error, -EOPNOTSUPP,
			"%s has %u arguments in %u words, of which this kernel gives a fentry at "
			"most %d, "
			"and no structure",
			name, prototype->parameter_count, prototype->raw_count, HOOK_REGISTERS);
	place->mechanism = MECHANISM_KPROBE;
	return 0;
}

/* -ENOENT: there is none. */
static int find_function(const struct policy_hook *hook, struct kernel_types *types,
	const struct hook_place *place, const char *target, struct function *ret_function,
	struct error *error)
{
	struct function function = {.types = types};
	char name[HOOK_TARGET_MAX + 16], module[MODULE_NAME_MAX];
	struct error no_types = {};

	type_name(place, target, name, sizeof(name));
	function.known = kernel_types_get(types) && kernel_btf_function(kernel_types_get(types),
							    name, &function.prototype) == 0;
	if (!function.known && place->mechanism == MECHANISM_LSM)
		return error_set(
			error, -ENOENT, "this kernel has no LSM hook \"%s\"", hook->hook.data);
	if (!function.known && function_find(target, module, sizeof(module)) < 0)
		return error_set(error, -ENOENT, "this kernel has no such function: %s", target);
	if (!function.known && module[0] &&
		kernel_types_of_module(types, module, &function.types, &no_types) == 0)
		function.known = kernel_btf_function(kernel_types_get(function.types), name,
					 &function.prototype) == 0;
	*ret_function = function;
	return 0;
}

/* What is known of each target; those that are not there go, where `ignore` says so. The first is
 * what the arguments are taken from. */
static int find_functions(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, struct function *ret_first, struct error *error)
{
	size_t count = 0;

	for (size_t i = 0; i < place->target_count; i++) {
		struct hook_target *target = &place->targets[i];
		struct function function;
		int r;

		r = find_function(hook, types, place, target->name, &function, error);
		if (r == -ENOENT && hook->ignore_call_not_found &&
			place->mechanism != MECHANISM_LSM)
			continue;
		/* Types of two modules that are not the kernel's have the same ids. */
		if (r >= 0 && count && function.types->kernel && ret_first->types->kernel &&
			function.types != ret_first->types)
			function.known = false;
		if (r >= 0)
			r = function_check(hook, place, target->name, &function, error);
		if (r >= 0)
			r = avoid_trampoline(hook, place, target->name, &function, error);
		if (r >= 0 && count)
			r = function_check_like_first(
				hook, target->name, ret_first, &function, error);
		if (r < 0)
			return r;
		target->parameter_count = function.prototype.raw_count;
		if (!count)
			*ret_first = function;
		place->targets[count++] = *target;
	}
	place->target_count = count;
	return 0;
}

/* Where the function's own arguments are: a structure before them may take more than one word. */
static int put_raws(struct hook_place *place, uint32_t index,
	const struct policy_argument *argument, const struct function *function,
	struct error *error)
{
	const struct function_prototype *prototype = &function->prototype;
	struct hook_argument *result = &place->arguments[index];

	result->raw = (uint8_t)argument->index;
	if (!function->known || argument->value_source != POLICY_SOURCE_CALL)
		return 0;
	result->raw = prototype->raws[argument->index];
	if (result->raw >= HOOK_RAW_RETURN ||
		(argument->index + 1 < prototype->parameter_count
				? prototype->raws[argument->index + 1] == result->raw
				: prototype->raw_count == result->raw))
		return error_set(error, -EOPNOTSUPP,
			"index %lld: is on the stack, where it cannot be read",
			(long long)argument->index);
	if (result->size_raw != HOOK_NO_SIZE && result->size_raw < prototype->parameter_count)
		result->size_raw = prototype->raws[result->size_raw];
	return 0;
}

/* A register by its name, which a kprobe puts behind the function's arguments. */
static int put_register(struct hook_place *place, uint32_t index,
	const struct policy_argument *argument, struct error *error)
{
	int offset = register_offset(MACHINE_NATIVE, argument->resolve.data);
	uint32_t raw = HOOK_REGISTERS + place->register_count;

	if (offset < 0)
		return error_set(error, -EINVAL, "resolve: this machine has no register %s",
			argument->resolve.data);
	if (raw >= HOOK_RAW_RETURN)
		return error_set(error, -E2BIG, "more than %d registers are asked for",
			HOOK_RAW_RETURN - HOOK_REGISTERS);
	for (size_t i = 0; i < place->target_count; i++)
		place->targets[i].registers[raw] = (struct register_argument){
			.kind = REGISTER_VALUE, .size = 8, .base = (uint16_t)offset};
	place->arguments[index].raw = (uint8_t)raw;
	place->register_count++;
	return 0;
}

static int put_argument(const struct policy_hook *hook, struct hook_place *place, uint32_t index,
	const struct policy_argument *argument, const struct function *function,
	struct error *error)
{
	uint32_t count = function->known ? function->prototype.parameter_count : HOOK_REGISTERS;
	uint32_t declared = 0;
	int r;

	if (argument->value_source == POLICY_SOURCE_CALL) {
		if (argument->index >= count)
			return error_set(error, -EINVAL, "index %lld: %s has %u arguments",
				(long long)argument->index,
				hook->kind == POLICY_LSM_HOOK ? hook->hook.data : hook->call.data,
				count);
		if (function->known)
			declared = function->prototype.parameters[argument->index];
	}
	r = hook_place_argument(place, index, argument, function->types, declared, error);
	if (r < 0)
		return r;
	return argument->value_source == POLICY_SOURCE_PT_REGS
		       ? put_register(place, index, argument, error)
		       : put_raws(place, index, argument, function, error);
}

static int put_arguments(const struct policy_hook *hook, struct hook_place *place,
	const struct function *function, struct error *error)
{
	uint32_t returned = function->known ? function->prototype.return_type : 0;
	const struct policy_argument *argument;
	int r = 0;

	for (uint32_t i = 0; r >= 0 && (argument = hook_argument_at(hook, i)); i++)
		r = put_argument(hook, place, i, argument, function, error);
	if (r < 0 || !hook->return_arg.source)
		return r;
	place->arguments[HOOK_RETURN_ARGUMENT].raw = HOOK_RAW_RETURN;
	return hook_place_argument(
		place, HOOK_RETURN_ARGUMENT, &hook->return_arg, function->types, returned, error);
}

int hook_place_functions(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, struct error *error)
{
	struct function function = {.types = types};
	int r;

	if (hook->kind == POLICY_LSM_HOOK) {
		r = add_security_hook(hook, place, error);
	} else {
		place->mechanism = hook_overrides(hook)	   ? MECHANISM_FMOD_RET
				   : reads_registers(hook) ? MECHANISM_KPROBE
							   : MECHANISM_FENTRY;
		r = add_functions(hook, place, error);
	}
	if (r >= 0 && !place->target_count)
		return error_set(error, -EINVAL, "the list is empty");
	if (r >= 0)
		r = find_functions(hook, types, place, &function, error);
	if (r < 0)
		return r;
	if (!place->target_count)
		place->mechanism = MECHANISM_KPROBE;
	place->parameter_count = function.prototype.raw_count;
	r = put_arguments(hook, place, &function, error);
	if (r >= 0 && hook->kind == POLICY_LSM_HOOK && hook_wants_file_hash(hook))
		r = hook_place_file_hash(hook, types, place, error);
	place->raw_count = hook_place_raws_used(place);
	if (r >= 0 && place->mechanism == MECHANISM_KPROBE && place->raw_count > HOOK_REGISTERS)
		r = error_set(error, -EOPNOTSUPP,
			"this kernel shows of this function no more than arguments 0 to %d",
			HOOK_REGISTERS - 1);
	if (place->register_count)
		place->raw_count = HOOK_REGISTERS + place->register_count;
	return r;
}
