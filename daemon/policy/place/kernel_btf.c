/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/kernel_btf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "bpf/include/policy.h"
#include "lib/util.h"
#include "policy/argument_types.h"

/* Typedefs, const and the like around a type, at most. */
#define MODIFIERS_MAX	    16
#define COMPONENT_MAX	    64
#define TRACEPOINT_NAME_MAX 160
/* Anonymous structures in structures, at most. */
#define ANONYMOUS_DEPTH_MAX 8

static const struct btf_type *bare_type(const struct btf *btf, uint32_t id, uint32_t *ret_id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	for (int i = 0; type && i < MODIFIERS_MAX; i++) {
		if (!btf_is_mod(type) && !btf_is_typedef(type))
			break;
		id = type->type;
		type = btf__type_by_id(btf, id);
	}
	if (ret_id)
		*ret_id = id;
	return type;
}

/* How many words, in registers or of what a trampoline hands over, a parameter is passed in. A
 * structure that is larger than two is on the stack, where neither has it. */
static uint32_t words_of(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = bare_type(btf, id, NULL);

	if (!type || !btf_is_composite(type))
		return 1;
	return type->size > 2 * sizeof(uint64_t)
		       ? 0
		       : (uint32_t)((type->size + sizeof(uint64_t) - 1) / sizeof(uint64_t));
}

int kernel_btf_function(
	const struct btf *btf, const char *name, struct function_prototype *ret_prototype)
{
	struct function_prototype prototype = {};
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	const struct btf_type *type;
	const struct btf_param *parameters;

	if (id < 0)
		return -ENOENT;
	type = btf__type_by_id(btf, (uint32_t)id);
	type = type ? btf__type_by_id(btf, type->type) : NULL;
	if (!type || !btf_is_func_proto(type))
		return -ENOENT;
	parameters = btf_params(type);
	for (uint32_t i = 0; i < btf_vlen(type) && i < HOOK_RAW_MAX; i++) {
		prototype.names[i] = btf__name_by_offset(btf, parameters[i].name_off);
		prototype.raws[i] = (uint8_t)prototype.raw_count;
		prototype.raw_count += words_of(btf, parameters[i].type);
		prototype.parameters[prototype.parameter_count++] = parameters[i].type;
	}
	prototype.return_type = type->type;
	*ret_prototype = prototype;
	return 0;
}

/* It is in there as typedef btf_trace_NAME, with a pointer for the caller's data in front. */
int kernel_btf_raw_tracepoint(
	const struct btf *btf, const char *name, struct function_prototype *ret_prototype)
{
	struct function_prototype prototype = {};
	const struct btf_type *type;
	char definition[TRACEPOINT_NAME_MAX];
	int id;

	if (snprintf(definition, sizeof(definition), "btf_trace_%s", name) >=
		(int)sizeof(definition))
		return -ENOENT;
	id = btf__find_by_name_kind(btf, definition, BTF_KIND_TYPEDEF);
	type = id < 0 ? NULL : bare_type(btf, (uint32_t)id, NULL);
	if (type && btf_is_ptr(type))
		type = btf__type_by_id(btf, type->type);
	if (!type || !btf_is_func_proto(type))
		return -ENOENT;
	for (uint32_t i = 1; i < btf_vlen(type) && i <= HOOK_RAW_MAX; i++)
		prototype.parameters[prototype.parameter_count++] = btf_params(type)[i].type;
	prototype.raw_count = prototype.parameter_count;
	*ret_prototype = prototype;
	return 0;
}

bool kernel_btf_is_pointer(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = bare_type(btf, id, NULL);

	return type && btf_is_ptr(type);
}

uint32_t kernel_btf_structure_of(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = bare_type(btf, id, &id);

	if (type && btf_is_ptr(type))
		type = bare_type(btf, type->type, &id);
	return type && btf_is_composite(type) ? id : 0;
}

uint32_t kernel_btf_resolve_base(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = bare_type(btf, id, &id);
	uint32_t base;

	if (type && btf_is_ptr(type))
		type = bare_type(btf, type->type, &id);
	base = id;
	for (int i = 0; type && btf_is_ptr(type) && i < HOOK_RESOLVE_MAX; i++)
		type = bare_type(btf, type->type, NULL);
	return type && btf_is_composite(type) ? base : 0;
}

uint32_t kernel_btf_structure(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	if (id < 0)
		id = btf__find_by_name_kind(btf, name, BTF_KIND_UNION);
	return id < 0 ? 0 : (uint32_t)id;
}

static const struct {
	const char *structure;
	enum policy_argument_type type;
} pointer_types[] = {
	{"file", POLICY_TYPE_FILE},
	{"path", POLICY_TYPE_PATH},
	{"dentry", POLICY_TYPE_DENTRY},
	{"filename", POLICY_TYPE_FILENAME},
	{"kiocb", POLICY_TYPE_KIOCB},
	{"iov_iter", POLICY_TYPE_IOV_ITER},
	{"linux_binprm", POLICY_TYPE_LINUX_BINPRM},
	{"sock", POLICY_TYPE_SOCK},
	{"socket", POLICY_TYPE_SOCKET},
	{"sk_buff", POLICY_TYPE_SKB},
	{"sockaddr", POLICY_TYPE_SOCKADDR},
	{"sockaddr_un", POLICY_TYPE_SOCKADDR_UN},
	{"cred", POLICY_TYPE_CRED},
	{"user_namespace", POLICY_TYPE_USER_NAMESPACE},
	{"bpf_attr", POLICY_TYPE_BPF_ATTR},
	{"bpf_prog", POLICY_TYPE_BPF_PROG},
	{"bpf_map", POLICY_TYPE_BPF_MAP},
	{"perf_event", POLICY_TYPE_PERF_EVENT},
	{"load_info", POLICY_TYPE_LOAD_INFO},
	{"module", POLICY_TYPE_MODULE},
	{"net_device", POLICY_TYPE_NET_DEVICE},
};

static enum policy_argument_type integer_of(uint32_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? POLICY_TYPE_INT8 : POLICY_TYPE_UINT8;
	case 2:
		return is_signed ? POLICY_TYPE_INT16 : POLICY_TYPE_UINT16;
	case 4:
		return is_signed ? POLICY_TYPE_INT32 : POLICY_TYPE_UINT32;
	case 8:
		return is_signed ? POLICY_TYPE_INT64 : POLICY_TYPE_UINT64;
	default:
		return POLICY_TYPE_NOP;
	}
}

static bool is_character(const struct btf_type *type)
{
	return type && btf_is_int(type) && type->size == 1;
}

/* kernel_cap_t: since Linux 6.3 a structure that has no other name. */
static bool is_capabilities(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	for (int i = 0; type && i < MODIFIERS_MAX && (btf_is_mod(type) || btf_is_typedef(type));
		i++) {
		const char *name = btf__name_by_offset(btf, type->name_off);

		if (btf_is_typedef(type) && name && !strcmp(name, "kernel_cap_t"))
			return true;
		type = btf__type_by_id(btf, type->type);
	}
	return false;
}

struct known {
	const char *name;
	enum policy_argument_type type;
};

/* What is known of a structure; false: nothing. */
static bool known_structure(const struct btf *btf, uint32_t id, struct known *ret_known)
{
	const struct btf_type *type = bare_type(btf, id, NULL);
	const char *name;

	if (is_capabilities(btf, id)) {
		*ret_known = (struct known){"kernel_cap_t", POLICY_TYPE_KERNEL_CAP_T};
		return true;
	}
	if (!type || !btf_is_composite(type))
		return false;
	name = btf__name_by_offset(btf, type->name_off);
	for (size_t i = 0; name && i < ARRAY_SIZE(pointer_types); i++)
		if (!strcmp(name, pointer_types[i].structure)) {
			*ret_known = (struct known){name, pointer_types[i].type};
			return true;
		}
	return false;
}

enum policy_argument_type kernel_btf_automatic_type(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = bare_type(btf, id, NULL);
	struct known known;

	if (!type)
		return POLICY_TYPE_NOP;
	if (btf_is_int(type))
		return integer_of(type->size, btf_int_encoding(type) & BTF_INT_SIGNED);
	if (btf_is_any_enum(type))
		return integer_of(type->size, true);
	if (btf_is_array(type))
		return is_character(bare_type(btf, btf_array(type)->type, NULL))
			       ? POLICY_TYPE_STRING
			       : POLICY_TYPE_NOP;
	if (!btf_is_ptr(type))
		return POLICY_TYPE_NOP;
	if (is_character(bare_type(btf, type->type, NULL)))
		return POLICY_TYPE_STRING;
	return known_structure(btf, type->type, &known) ? known.type : POLICY_TYPE_UINT64;
}

bool kernel_btf_contradicts(const struct btf *btf, uint32_t id, enum policy_argument_type said,
	char *ret_instead, size_t size)
{
	const struct btf_type *type = bare_type(btf, id, NULL);
	struct known known;

	if (!type || said == POLICY_TYPE_AUTO || said == POLICY_TYPE_NOP ||
		policy_type_class(said) == POLICY_CLASS_INTEGER)
		return false;
	if (btf_is_int(type) || btf_is_any_enum(type)) {
		/* What is as long as a pointer may be one. */
		snprintf(ret_instead, size, "a number of %u bytes", type->size);
		return said != POLICY_TYPE_FD && type->size < sizeof(uint64_t);
	}
	if (btf_is_ptr(type)) {
		snprintf(ret_instead, size, "a pointer");
		if (said == POLICY_TYPE_FD)
			return true;
		id = type->type;
	}
	if (!known_structure(btf, id, &known) || known.type == said ||
		said == POLICY_TYPE_CHAR_BUF ||
		(known.type == POLICY_TYPE_SOCKADDR && said == POLICY_TYPE_SOCKADDR_UN) ||
		(known.type == POLICY_TYPE_KERNEL_CAP_T &&
			policy_type_class(said) == POLICY_CLASS_CAPABILITIES))
		return false;
	snprintf(ret_instead, size, "%s %s", btf_is_ptr(type) ? "a pointer to" : "a structure",
		known.name);
	return true;
}

/* A member by its name, those of anonymous structures too. */
static bool find_member(const struct btf *btf, const struct btf_type *structure, const char *name,
	int depth, uint32_t *ret_bits, uint32_t *ret_type)
{
	const struct btf_member *members = btf_members(structure);

	for (uint32_t i = 0; i < btf_vlen(structure); i++) {
		const char *member = btf__name_by_offset(btf, members[i].name_off);
		uint32_t bits = btf_member_bit_offset(structure, i), inner;
		const struct btf_type *type;

		if (member && *member) {
			if (strcmp(member, name) != 0)
				continue;
			*ret_bits = bits;
			*ret_type = members[i].type;
			return true;
		}
		type = bare_type(btf, members[i].type, NULL);
		if (type && btf_is_composite(type) && depth < ANONYMOUS_DEPTH_MAX &&
			find_member(btf, type, name, depth + 1, &inner, ret_type)) {
			*ret_bits = bits + inner;
			return true;
		}
	}
	return false;
}

struct resolver {
	const struct btf *btf;
	struct field_path path;
	uint32_t offset; /* of the value, from where the last step led */
	struct error *error;
};

static int add_step(struct resolver *resolver, bool dereference)
{
	struct field_path *path = &resolver->path;

	if (path->step_count == HOOK_RESOLVE_MAX)
		return error_set(resolver->error, -E2BIG, "resolve: more than %d pointers",
			HOOK_RESOLVE_MAX);
	path->steps[path->step_count++] =
		resolver->offset | (dereference ? RESOLVE_DEREFERENCE : 0);
	resolver->offset = 0;
	return 0;
}

/* To the structure that the value is, or that it, or a pointer there, points to. */
static int enter(struct resolver *resolver, const char *component)
{
	const struct btf_type *type =
		bare_type(resolver->btf, resolver->path.type, &resolver->path.type);

	while (type && btf_is_ptr(type)) {
		int r = add_step(resolver, true);

		if (r < 0)
			return r;
		type = bare_type(resolver->btf, type->type, &resolver->path.type);
	}
	if (!type || !btf_is_composite(type))
		return error_set(resolver->error, -EINVAL,
			"resolve: %s: what is before it is no structure", component);
	return 0;
}

static int take_index(struct resolver *resolver, const char *component, uint32_t index)
{
	const struct btf_type *type = bare_type(resolver->btf, resolver->path.type, NULL);
	int64_t size;

	if (type && btf_is_array(type)) {
		/* The last member of a structure may have any length. */
		if (btf_array(type)->nelems && index >= btf_array(type)->nelems)
			return error_set(resolver->error, -EINVAL,
				"resolve: %s: there are %u elements", component,
				btf_array(type)->nelems);
		resolver->path.type = btf_array(type)->type;
	} else if (type && btf_is_ptr(type)) {
		int r = add_step(resolver, true);

		if (r < 0)
			return r;
		resolver->path.type = type->type;
	} else {
		return error_set(resolver->error, -EINVAL, "resolve: %s is no array", component);
	}
	size = btf__resolve_size(resolver->btf, resolver->path.type);
	if (size < 0)
		return error_set(resolver->error, -EINVAL, "resolve: %s: the elements have no size",
			component);
	resolver->offset += (uint32_t)size * index;
	return 0;
}

/* "name", "name[3]", "[3]" */
static int take_component(struct resolver *resolver, char *component)
{
	char *bracket = strchr(component, '['), *end;
	uint32_t bits;
	int r;

	if (bracket != component) {
		r = enter(resolver, component);
		if (r < 0)
			return r;
		if (bracket)
			*bracket = '\0';
		if (!find_member(resolver->btf, btf__type_by_id(resolver->btf, resolver->path.type),
			    component, 0, &bits, &resolver->path.type))
			return error_set(resolver->error, -ENOENT,
				"resolve: this kernel's structure has no field \"%s\"", component);
		if (bits % 8)
			return error_set(resolver->error, -EOPNOTSUPP, "resolve: %s is a bit field",
				component);
		resolver->offset += bits / 8;
		if (bracket)
			*bracket = '[';
	}
	while (bracket && *bracket == '[') {
		unsigned long index = strtoul(bracket + 1, &end, 10);

		if (end == bracket + 1 || *end != ']' || index > UINT16_MAX)
			return error_set(resolver->error, -EINVAL,
				"resolve: %s: no index between the brackets", component);
		r = take_index(resolver, component, (uint32_t)index);
		if (r < 0)
			return r;
		bracket = end + 1;
	}
	return 0;
}

int kernel_btf_resolve(const struct btf *btf, uint32_t base, const char *path, bool follow,
	struct field_path *ret_path, struct error *error)
{
	struct resolver resolver = {.btf = btf, .path = {.type = base}, .error = error};
	char component[COMPONENT_MAX];
	int r;

	while (*path) {
		size_t length = strcspn(path, ".");

		if (!length || length >= sizeof(component))
			return error_set(error, -EINVAL, "resolve: \"%s\" is no field", path);
		memcpy(component, path, length);
		component[length] = '\0';
		r = take_component(&resolver, component);
		if (r < 0)
			return r;
		path += length;
		path += *path == '.';
	}
	follow &= kernel_btf_is_pointer(btf, resolver.path.type);
	if (follow || resolver.offset) {
		r = add_step(&resolver, follow);
		if (r < 0)
			return r;
	}
	*ret_path = resolver.path;
	return 0;
}
