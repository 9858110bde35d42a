/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/function_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "daemon/sensor/probe.h"
#include "policy/words.h"

bool hook_overrides(const struct policy_hook *hook)
{
	for (size_t i = 0; i < hook->selectors.count; i++) {
		const struct policy_actions *actions = &hook->selectors.items[i].match_actions;

		for (size_t j = 0; j < actions->count; j++)
			if (actions->items[j].action == POLICY_ACTION_OVERRIDE)
				return true;
	}
	return false;
}

/* Most functions that call the hooks have their arguments. Where they have not, an argument of the
 * same number can be of the same type and another: mmap_file's prot, security_mmap_file's flags. */
static int check_instead(const struct policy_hook *hook, const struct hook_place *place,
	const char *name, const struct function *function, struct error *error)
{
	const struct function_prototype *prototype = &function->prototype;
	const struct btf *btf = kernel_types_get(function->types);
	struct function_prototype wanted;
	char hook_name[HOOK_TARGET_MAX + 16];

	snprintf(hook_name, sizeof(hook_name), "bpf_lsm_%s", hook->hook.data);
	if (hook->kind != POLICY_LSM_HOOK || place->mechanism == MECHANISM_LSM ||
		kernel_btf_function(btf, hook_name, &wanted) < 0)
		return 0;
	for (size_t i = 0; i < hook->args.count; i++) {
		int64_t index = hook->args.items[i].index;

		if (hook->args.items[i].value_source != POLICY_SOURCE_CALL)
			continue;
		if (index < wanted.parameter_count && index < prototype->parameter_count &&
			wanted.parameters[index] == prototype->parameters[index] &&
			(wanted.parameter_count == prototype->parameter_count ||
				!strcmp(wanted.names[index], prototype->names[index])))
			continue;
		return error_set(error, -EOPNOTSUPP,
			"index %lld: \"bpf\" is not among this kernel's security modules, and %s, "
			"which is hooked instead, has not the same arguments",
			(long long)index, name);
	}
	return 0;
}

int function_check_arguments(
	const struct policy_hook *hook, const char *name, uint32_t count, struct error *error)
{
	const struct policy_argument *argument;

	for (size_t i = 0; (argument = hook_argument_at(hook, i)); i++) {
		if (argument->value_source == POLICY_SOURCE_CALL && argument->index >= count)
			return error_set(error, -EINVAL, "index %lld: %s has %u arguments",
				(long long)argument->index, name, count);
		if (argument->size_arg_index > count)
			return error_set(error, -EINVAL, "sizeArgIndex %lld: %s has %u arguments",
				(long long)argument->size_arg_index, name, count);
	}
	return 0;
}

/* What each function must have, since all of a list are asked for the same. */
static int check_prototype(const struct policy_hook *hook, const struct hook_place *place,
	const char *name, const struct function *function, struct error *error)
{
	const struct function_prototype *prototype = &function->prototype;

	if (!prototype->return_type && hook_overrides(hook))
		return error_set(error, -EINVAL,
			"Override: %s returns nothing, so that nothing can be returned instead",
			name);
	if (!prototype->return_type && hook->return_value)
		return error_set(error, -EINVAL, "return: %s returns nothing", name);
	if (place->mechanism == MECHANISM_FMOD_RET &&
		probe_function(kernel_types_get(function->types), name, BPF_MODIFY_RETURN) ==
			-EINVAL)
		return error_set(error, -EOPNOTSUPP,
			"Override: this kernel lets %s not be answered instead of called; allowed: "
			"functions security_*",
			name);
	return function_check_arguments(hook, name, prototype->parameter_count, error);
}

int function_check(const struct policy_hook *hook, const struct hook_place *place, const char *name,
	const struct function *function, struct error *error)
{
	int r;

	if (!function->known)
		return 0;
	r = check_prototype(hook, place, name, function, error);
	return r < 0 ? r : check_instead(hook, place, name, function, error);
}

static int check_argument_like_first(const struct policy_argument *argument, const char *name,
	const struct function_prototype *first, const struct function_prototype *prototype,
	const struct btf *btf, struct error *error)
{
	int64_t index = argument->index;
	char instead[64];

	if (argument->value_source != POLICY_SOURCE_CALL)
		return 0;
	if (first->raws[index] != prototype->raws[index])
		return error_set(error, -EOPNOTSUPP,
			"index %lld: %s is not given it where the list's first function is, for a "
			"structure before it: hook it by itself",
			(long long)index, name);
	if (argument->resolve.length && !argument->btf_type.length &&
		kernel_btf_resolve_base(btf, first->parameters[index]) !=
			kernel_btf_resolve_base(btf, prototype->parameters[index]))
		return error_set(error, -EINVAL,
			"index %lld: of %s is not the structure that the list's first function is "
			"given, in which resolve begins",
			(long long)index, name);
	if (argument->resolve.length ||
		!kernel_btf_contradicts(btf, prototype->parameters[index],
			(enum policy_argument_type)argument->type, instead, sizeof(instead)))
		return 0;
	return error_set(error, -EINVAL, "index %lld: of %s is %s, not what type %s reads",
		(long long)index, name, instead,
		policy_word(policy_argument_type_words, argument->type));
}

int function_check_like_first(const struct policy_hook *hook, const char *name,
	const struct function *first, const struct function *function, struct error *error)
{
	const struct policy_argument *argument;
	const struct btf *btf;
	int r = 0;

	if (!first->known || !function->known)
		return 0;
	/* A module's types have the kernel's among them. */
	btf = kernel_types_get(first->types->kernel ? first->types : function->types);
	for (size_t i = 0; r >= 0 && (argument = hook_argument_at(hook, i)); i++)
		r = check_argument_like_first(
			argument, name, &first->prototype, &function->prototype, btf, error);
	return r;
}
