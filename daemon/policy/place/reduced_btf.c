/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/reduced_btf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "lib/cleanup.h"
#include "lib/util.h"

/* Structures within structures; the kernel's own go six deep. */
#define DEPTH_MAX 64

struct reduction {
	const struct btf *from;
	struct btf *to;
	bool *wanted; /* by id */
	size_t count;
};

/* "task_struct" of "task_struct___without_cgroups" */
static size_t essential_length(const char *name)
{
	const char *flavor = strstr(name, "___");

	return flavor ? (size_t)(flavor - name) : strlen(name);
}

static bool is_named(const struct btf_type *type)
{
	return btf_is_composite(type) || btf_is_any_enum(type) || btf_is_typedef(type);
}

static bool is_modifier(const struct btf_type *type)
{
	return btf_is_typedef(type) || btf_is_const(type) || btf_is_volatile(type) ||
	       btf_is_restrict(type) || btf_is_type_tag(type);
}

/* A type, and what it is made of. */
static int want(struct reduction *reduction, uint32_t id, unsigned int depth)
{
	const struct btf_type *type = btf__type_by_id(reduction->from, id);
	int r = 0;

	if (!id || (id < reduction->count && reduction->wanted[id]))
		return 0;
	if (!type || id >= reduction->count || depth == DEPTH_MAX)
		return -EINVAL;
	reduction->wanted[id] = true;
	if (is_modifier(type))
		return want(reduction, type->type, depth + 1);
	if (btf_is_array(type)) {
		r = want(reduction, btf_array(type)->type, depth + 1);
		return r < 0 ? r : want(reduction, btf_array(type)->index_type, depth + 1);
	}
	for (uint32_t i = 0; btf_is_composite(type) && i < btf_vlen(type) && r >= 0; i++)
		r = want(reduction, btf_members(type)[i].type, depth + 1);
	return r;
}

static int copy_composite(struct reduction *reduction, const struct btf_type *type)
{
	const struct btf_member *members = btf_members(type);
	const char *name = btf__name_by_offset(reduction->from, type->name_off);
	int r = btf_is_struct(type) ? btf__add_struct(reduction->to, name, type->size)
				    : btf__add_union(reduction->to, name, type->size);

	for (uint32_t i = 0; i < btf_vlen(type) && r >= 0; i++)
		r = btf__add_field(reduction->to,
			btf__name_by_offset(reduction->from, members[i].name_off),
			(int)members[i].type, btf_member_bit_offset(type, i),
			btf_member_bitfield_size(type, i));
	return r;
}

static int copy_enum(struct reduction *reduction, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(reduction->from, type->name_off);
	int r = btf_is_enum(type)
			? btf__add_enum(reduction->to, name, type->size)
			: btf__add_enum64(reduction->to, name, type->size, btf_kflag(type));

	for (uint32_t i = 0; i < btf_vlen(type) && r >= 0; i++) {
		if (btf_is_enum(type))
			r = btf__add_enum_value(reduction->to,
				btf__name_by_offset(reduction->from, btf_enum(type)[i].name_off),
				btf_enum(type)[i].val);
		else
			r = btf__add_enum64_value(reduction->to,
				btf__name_by_offset(reduction->from, btf_enum64(type)[i].name_off),
				btf_enum64_value(&btf_enum64(type)[i]));
	}
	return r;
}

static int copy_modifier(struct reduction *reduction, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(reduction->from, type->name_off);
	int of = (int)type->type;

	switch (btf_kind(type)) {
	case BTF_KIND_TYPEDEF:
		return btf__add_typedef(reduction->to, name, of);
	case BTF_KIND_CONST:
		return btf__add_const(reduction->to, of);
	case BTF_KIND_VOLATILE:
		return btf__add_volatile(reduction->to, of);
	case BTF_KIND_RESTRICT:
		return btf__add_restrict(reduction->to, of);
	default:
		return btf__add_type_tag(reduction->to, name, of);
	}
}

static int copy_type(struct reduction *reduction, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(reduction->from, type->name_off);

	if (is_modifier(type))
		return copy_modifier(reduction, type);
	switch (btf_kind(type)) {
	case BTF_KIND_INT:
		return btf__add_int(reduction->to, name, type->size, btf_int_encoding(type));
	case BTF_KIND_FLOAT:
		return btf__add_float(reduction->to, name, type->size);
	case BTF_KIND_FWD:
		return btf__add_fwd(
			reduction->to, name, btf_kflag(type) ? BTF_FWD_UNION : BTF_FWD_STRUCT);
	case BTF_KIND_ARRAY:
		return btf__add_array(reduction->to, (int)btf_array(type)->index_type,
			(int)btf_array(type)->type, btf_array(type)->nelems);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return copy_composite(reduction, type);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return copy_enum(reduction, type);
	default: /* a pointer, or a function's type, of a typedef */
		return btf__add_ptr(reduction->to, 0);
	}
}

/* Each keeps its number, which programs tell the kernel (bpf_rdonly_cast()): the others become
 * pointers to nothing, the smallest type there is. */
static int copy_all(struct reduction *reduction)
{
	int r = 0;

	for (uint32_t i = 1; i < reduction->count && r >= 0; i++)
		r = reduction->wanted[i] ? copy_type(reduction, btf__type_by_id(reduction->from, i))
					 : btf__add_ptr(reduction->to, 0);
	return r;
}

static int compare_names(const void *first, const void *second)
{
	return strcmp(*(char *const *)first, *(char *const *)second);
}

struct names {
	char **items;
	size_t count;
};

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

static int names_of(const struct btf *object, struct names *ret_names)
{
	uint32_t types = btf__type_cnt(object);

	ret_names->items = calloc(types, sizeof(char *));
	if (!ret_names->items)
		return -ENOMEM;
	for (uint32_t i = 1; i < types; i++) {
		const struct btf_type *type = btf__type_by_id(object, i);
		const char *name = btf__name_by_offset(object, type->name_off);

		if ((!is_named(type) && !btf_is_fwd(type)) || !name || !*name)
			continue;
		ret_names->items[ret_names->count] = strndup(name, essential_length(name));
		if (!ret_names->items[ret_names->count])
			return -ENOMEM;
		ret_names->count++;
	}
	qsort(ret_names->items, ret_names->count, sizeof(char *), compare_names);
	return 0;
}

static int want_all(struct reduction *reduction, const struct names *names)
{
	int r = 0;

	for (uint32_t i = 1; i < reduction->count && r >= 0; i++) {
		const struct btf_type *type = btf__type_by_id(reduction->from, i);
		const char *name = btf__name_by_offset(reduction->from, type->name_off);

		if (is_named(type) && name && *name &&
			bsearch(&name, names->items, names->count, sizeof(char *), compare_names))
			r = want(reduction, i, 0);
	}
	return r;
}

static int write_out(const struct btf *btf)
{
	_cleanup_close_ int fd = memfd_create("btf", MFD_CLOEXEC);
	uint32_t size;
	const char *data = btf__raw_data(btf, &size);

	if (fd < 0)
		return -errno;
	if (!data)
		return -ENOMEM;
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0)
			return -errno;
		data += n;
		size -= (uint32_t)n;
	}
	return TAKE_FD(fd);
}

int reduced_btf_open(const struct btf *kernel, const struct btf *object)
{
	struct reduction reduction = {.from = kernel, .count = btf__type_cnt(kernel)};
	struct names names = {};
	int r;

	reduction.wanted = calloc(reduction.count, sizeof(*reduction.wanted));
	reduction.to = btf__new_empty();
	if (!reduction.wanted || !reduction.to)
		r = -ENOMEM;
	else
		r = names_of(object, &names);
	if (r >= 0)
		r = want_all(&reduction, &names);
	if (r >= 0)
		r = copy_all(&reduction);
	if (r >= 0)
		r = write_out(reduction.to);
	names_done(&names);
	btf__free(reduction.to);
	free(reduction.wanted);
	return r;
}
