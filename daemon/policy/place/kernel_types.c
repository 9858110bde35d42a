/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/kernel_types.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

const struct btf *kernel_types_get(struct kernel_types *types)
{
	if (!types->btf)
		types->btf = btf__load_vmlinux_btf();
	return types->btf;
}

/* It becomes a file's name in sysfs. The kernel has no more than this in a module's name there:
 * its build makes each - an _. */
static int file_name(const char *module, char *ret_name)
{
	size_t length = strspn(module, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789_-");

	if (!length || length >= MODULE_NAME_MAX || module[length])
		return -EINVAL;
	for (size_t i = 0; i <= length; i++)
		ret_name[i] = module[i] == '-' ? '_' : module[i];
	return 0;
}

int kernel_types_of_module(struct kernel_types *types, const char *module,
	struct kernel_types **ret_types, struct error *error)
{
	struct kernel_types *kernel = types->kernel ? types->kernel : types;
	char name[MODULE_NAME_MAX];
	struct kernel_types *found;

	if (file_name(module, name) < 0)
		return error_set(error, -EINVAL, "\"%s\" is not a module's name", module);
	if (!strcmp(name, "vmlinux")) {
		*ret_types = kernel;
		return 0;
	}
	for (found = kernel->modules; found; found = found->next)
		if (!strcmp(found->module, name)) {
			*ret_types = found;
			return 0;
		}
	if (!kernel_types_get(kernel))
		return error_set(
			error, -ENOENT, "this kernel has no type information (BTF) of its modules");
	found = calloc(1, sizeof(*found));
	if (!found)
		return error_set(error, -ENOMEM, "out of memory");
	found->btf = btf__load_module_btf(name, kernel->btf);
	if (!found->btf) {
		free(found);
		return error_set(error, -ENOENT,
			"there is no type information (BTF) of a module %s: it is not loaded, or "
			"has "
			"none",
			name);
	}
	snprintf(found->module, sizeof(found->module), "%s", name);
	found->kernel = kernel;
	found->next = kernel->modules;
	kernel->modules = found;
	*ret_types = found;
	return 0;
}

void kernel_types_done(struct kernel_types *types)
{
	struct kernel_types *module;

	while ((module = types->modules)) {
		types->modules = module->next;
		btf__free(module->btf);
		free(module);
	}
	btf__free(types->btf);
	types->btf = NULL;
}
