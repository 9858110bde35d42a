/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/reduced_btf.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "lib/cleanup.h"
#include "tests/unit/unit.h"

/* struct inner { enum color color; int bits : 3; };
 * struct wanted { struct inner inner; char name[4]; const struct other *pointer; number_t number;
 * }; struct other { int x; }; struct unwanted { int y; }; */
static struct btf *make_kernel(void)
{
	struct btf *btf = btf__new_empty();
	int integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED), inner, array, pointer, number,
	    color;

	color = btf__add_enum(btf, "color", 4);
	btf__add_enum_value(btf, "RED", 7);
	inner = btf__add_struct(btf, "inner", 8);
	btf__add_field(btf, "color", color, 0, 0);
	btf__add_field(btf, "bits", integer, 32, 3);
	array = btf__add_array(btf, integer, integer, 4);
	pointer = btf__add_ptr(btf, btf__add_const(btf, btf__add_struct(btf, "other", 4)));
	number = btf__add_typedef(btf, "number_t", integer);
	btf__add_struct(btf, "wanted", 40);
	btf__add_field(btf, "inner", inner, 0, 0);
	btf__add_field(btf, "name", array, 64, 0);
	btf__add_field(btf, "pointer", pointer, 192, 0);
	btf__add_field(btf, "number", number, 256, 0);
	btf__add_struct(btf, "unwanted", 4);
	btf__add_field(btf, "y", integer, 0, 0);
	return btf;
}

static const struct btf_type *find(const struct btf *btf, const char *name, uint32_t kind)
{
	int id = btf__find_by_name_kind(btf, name, kind);

	return id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
}

START_TEST(what_is_named_and_made_of)
{
	struct btf *kernel = make_kernel(), *object = btf__new_empty(), *reduced;
	const struct btf_type *wanted, *inner, *field;
	const struct btf_member *members;
	char path[64];
	int fd;

	btf__add_struct(object, "wanted___old", 0);
	btf__add_struct(object, "not_of_this_kernel", 0);
	fd = reduced_btf_open(kernel, object);
	ck_assert_int_ge(fd, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reduced = btf__parse(path, NULL);
	ck_assert_ptr_nonnull(reduced);
	ck_assert_ptr_null(find(reduced, "unwanted", BTF_KIND_STRUCT));
	ck_assert_ptr_null(find(reduced, "other", BTF_KIND_STRUCT));
	wanted = find(reduced, "wanted", BTF_KIND_STRUCT);
	ck_assert_ptr_nonnull(wanted);
	ck_assert_int_eq(btf__find_by_name(reduced, "wanted"), btf__find_by_name(kernel, "wanted"));
	ck_assert_uint_eq(wanted->size, 40);
	ck_assert_uint_eq(btf_vlen(wanted), 4);
	members = btf_members(wanted);
	ck_assert_uint_eq(btf_member_bit_offset(wanted, 3), 256);
	ck_assert_uint_eq(btf_array(btf__type_by_id(reduced, members[1].type))->nelems, 4);
	field = btf__type_by_id(reduced, members[2].type);
	ck_assert(btf_is_ptr(field) && !field->type);
	ck_assert(btf_is_typedef(btf__type_by_id(reduced, members[3].type)));
	inner = btf__type_by_id(reduced, members[0].type);
	ck_assert_str_eq(btf__name_by_offset(reduced, inner->name_off), "inner");
	ck_assert_uint_eq(btf_member_bitfield_size(inner, 1), 3);
	ck_assert_uint_eq(btf_member_bit_offset(inner, 1), 32);
	ck_assert_int_eq(btf_enum(find(reduced, "color", BTF_KIND_ENUM))->val, 7);
	btf__free(reduced);
	btf__free(object);
	btf__free(kernel);
	close(fd);
}
END_TEST

RUN_SUITE("reduced-btf", what_is_named_and_made_of)
