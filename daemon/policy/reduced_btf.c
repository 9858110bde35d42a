/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/reduced_btf.h"

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
	uint32_t *ids; /* by the kernel's id; 0: not there yet, and void */
	size_t count;
	unsigned int depth;
};

static int add_type(struct reduction *reduction, uint32_t id);

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

static int add_members(struct reduction *reduction, const struct btf_type *type)
{
	const struct btf_member *members = btf_members(type);
	const char *name = btf__name_by_offset(reduction->from, type->name_off);
	int r = 0, id;

	for (uint32_t i = 0; i < btf_vlen(type) && r >= 0; i++)
		r = add_type(reduction, members[i].type);
	if (r < 0)
		return r;
	id = btf_is_struct(type) ? btf__add_struct(reduction->to, name, type->size)
				 : btf__add_union(reduction->to, name, type->size);
	if (id < 0)
		return id;
	for (uint32_t i = 0; i < btf_vlen(type) && r >= 0; i++)
		r = btf__add_field(reduction->to,
			btf__name_by_offset(reduction->from, members[i].name_off),
			(int)reduction->ids[members[i].type], btf_member_bit_offset(type, i),
			btf_member_bitfield_size(type, i));
	return r < 0 ? r : id;
}

static int add_enum(struct reduction *reduction, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(reduction->from, type->name_off);
	int id = btf_is_enum(type)
			 ? btf__add_enum(reduction->to, name, type->size)
			 : btf__add_enum64(reduction->to, name, type->size, btf_kflag(type));
	int r = 0;

	for (uint32_t i = 0; id >= 0 && i < btf_vlen(type) && r >= 0; i++) {
		if (btf_is_enum(type))
			r = btf__add_enum_value(reduction->to,
				btf__name_by_offset(reduction->from, btf_enum(type)[i].name_off),
				btf_enum(type)[i].val);
		else
			r = btf__add_enum64_value(reduction->to,
				btf__name_by_offset(reduction->from, btf_enum64(type)[i].name_off),
				btf_enum64_value(&btf_enum64(type)[i]));
	}
	return r < 0 ? r : id;
}

/* A type that says something more of another one. */
static int add_modifier(struct reduction *reduction, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(reduction->from, type->name_off);
	int r = add_type(reduction, type->type), of;

	if (r < 0)
		return r;
	of = (int)reduction->ids[type->type];
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

static int add_array(struct reduction *reduction, const struct btf_type *type)
{
	const struct btf_array *array = btf_array(type);
	int r = add_type(reduction, array->type);

	if (r >= 0)
		r = add_type(reduction, array->index_type);
	return r < 0 ? r
		     : btf__add_array(reduction->to, (int)reduction->ids[array->index_type],
			       (int)reduction->ids[array->type], array->nelems);
}

static int copy_type(struct reduction *reduction, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(reduction->from, type->name_off);

	switch (btf_kind(type)) {
	case BTF_KIND_INT:
		return btf__add_int(reduction->to, name, type->size, btf_int_encoding(type));
	case BTF_KIND_FLOAT:
		return btf__add_float(reduction->to, name, type->size);
	case BTF_KIND_PTR:
		return btf__add_ptr(reduction->to, 0);
	case BTF_KIND_FWD:
		return btf__add_fwd(
			reduction->to, name, btf_kflag(type) ? BTF_FWD_UNION : BTF_FWD_STRUCT);
	case BTF_KIND_ARRAY:
		return add_array(reduction, type);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return add_members(reduction, type);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return add_enum(reduction, type);
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return add_modifier(reduction, type);
	default: /* a function's type, of a typedef */
		return 0;
	}
}

/* What it is made of comes before it. */
static int add_type(struct reduction *reduction, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(reduction->from, id);
	int r;

	if (!id || (id < reduction->count && reduction->ids[id]))
		return 0;
	if (!type || id >= reduction->count || reduction->depth == DEPTH_MAX)
		return -EINVAL;
	reduction->depth++;
	r = copy_type(reduction, type);
	reduction->depth--;
	if (r >= 0)
		reduction->ids[id] = (uint32_t)r;
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

static int add_all(struct reduction *reduction, const struct names *names)
{
	int r = 0;

	for (uint32_t i = 1; i < reduction->count && r >= 0; i++) {
		const struct btf_type *type = btf__type_by_id(reduction->from, i);
		const char *name = btf__name_by_offset(reduction->from, type->name_off);

		if (is_named(type) && name && *name &&
			bsearch(&name, names->items, names->count, sizeof(char *), compare_names))
			r = add_type(reduction, i);
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

	reduction.ids = calloc(reduction.count, sizeof(*reduction.ids));
	reduction.to = btf__new_empty();
	if (!reduction.ids || !reduction.to)
		r = -ENOMEM;
	else
		r = names_of(object, &names);
	if (r >= 0)
		r = add_all(&reduction, &names);
	if (r >= 0)
		r = write_out(reduction.to);
	names_done(&names);
	btf__free(reduction.to);
	free(reduction.ids);
	return r;
}
