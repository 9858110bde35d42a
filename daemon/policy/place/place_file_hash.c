/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imaHash: whether this kernel gives a hook's file its digest. bpf_ima_file_hash() makes one where
 * no policy of IMA has; the older bpf_ima_inode_hash() has only what such a policy measured before,
 * which is nothing where there is none, so that it is not used.
 */
#include <errno.h>
#include <stdio.h>

#include <bpf/btf.h>

#include "daemon/policy/place/kernel_btf.h"
#include "daemon/policy/place/kernel_types.h"
#include "daemon/policy/place/place.h"
#include "daemon/sensor/probe.h"

bool hook_wants_file_hash(const struct policy_hook *hook)
{
	for (size_t i = 0; i < hook->selectors.count; i++) {
		const struct policy_actions *actions = &hook->selectors.items[i].match_actions;

		for (size_t j = 0; j < actions->count; j++)
			if (actions->items[j].ima_hash)
				return true;
	}
	return false;
}

static bool has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

/* Which argument is a file, or a program that has one. */
static bool find_file(
	const struct btf *btf, const struct function_prototype *prototype, struct hook_place *place)
{
	uint32_t file = kernel_btf_structure(btf, "file");
	uint32_t program = kernel_btf_structure(btf, "linux_binprm");

	for (uint32_t i = 0; i < prototype->parameter_count && i < HOOK_ARGUMENTS_MAX; i++) {
		uint32_t structure = kernel_btf_structure_of(btf, prototype->parameters[i]);

		if (!structure || (structure != file && structure != program))
			continue;
		place->hash_parameter = i;
		place->hash_is_of_program = structure == program;
		return true;
	}
	return false;
}

int hook_place_file_hash(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, struct error *error)
{
	const struct btf *btf = kernel_types_get(types);
	struct function_prototype prototype;
	char name[HOOK_TARGET_MAX + 16];

	if (place->mechanism != MECHANISM_LSM)
		return error_set(error, -EOPNOTSUPP,
			"imaHash: only programs of LSM hooks get one, and \"bpf\" is not among "
			"this kernel's security modules (lsm= of its command line)");
	snprintf(name, sizeof(name), "bpf_lsm_%s", hook->hook.data);
	if (!btf || kernel_btf_function(btf, name, &prototype) < 0)
		return error_set(error, -ENOENT, "imaHash: this kernel has no LSM hook \"%s\"",
			hook->hook.data);
	if (!find_file(btf, &prototype, place))
		return error_set(error, -EINVAL,
			"imaHash: %s is given no file; allowed: hooks with a struct file or a "
			"struct linux_binprm",
			hook->hook.data);
	if (!has_function(btf, "ima_file_hash"))
		return error_set(error, -EOPNOTSUPP,
			"imaHash: this kernel measures no files (it has no CONFIG_IMA)");
	if (!has_function(btf, "bpf_ima_file_hash"))
		return error_set(error, -EOPNOTSUPP,
			"imaHash: this kernel gives programs no hash of files (Linux 5.18 does)");
	if (probe_sleepable_hook(btf, hook->hook.data) == -EINVAL)
		return error_set(error, -EOPNOTSUPP,
			"imaHash: this kernel lets no program of %s wait for a file to be read",
			hook->hook.data);
	place->mechanism = MECHANISM_LSM_SLEEPABLE;
	return 0;
}
