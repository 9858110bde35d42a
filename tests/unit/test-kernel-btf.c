/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/kernel_btf.h"

#include <bpf/btf.h>

#include "bpf/include/policy.h"
#include "tests/unit/unit.h"

static struct btf *btf;
static uint32_t structure, once, twice, character_twice;

/* struct credentials { int id; struct owner { int uid; } **owners; }; */
static void set_up(void)
{
	int integer, owner, character;

	btf = btf__new_empty();
	integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	character = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	owner = btf__add_struct(btf, "owner", 4);
	btf__add_field(btf, "uid", integer, 0, 0);
	owner = btf__add_ptr(btf, btf__add_ptr(btf, owner));
	structure = (uint32_t)btf__add_struct(btf, "credentials", 16);
	btf__add_field(btf, "id", integer, 0, 0);
	btf__add_field(btf, "owners", owner, 64, 0);
	once = (uint32_t)btf__add_ptr(btf, btf__add_const(btf, (int)structure));
	twice = (uint32_t)btf__add_ptr(btf, btf__add_const(btf, (int)once));
	character_twice = (uint32_t)btf__add_ptr(btf, btf__add_ptr(btf, character));
}

static void tear_down(void)
{
	btf__free(btf);
}

static struct field_path resolve(uint32_t argument, const char *way)
{
	struct field_path path;
	struct error error = {};

	ck_assert_msg(kernel_btf_resolve(btf, kernel_btf_resolve_base(btf, argument), way, false,
			      &path, &error) == 0,
		"%s", error.message);
	return path;
}

START_TEST(from_a_pointer)
{
	struct field_path path = resolve(once, "id");

	ck_assert_uint_eq(path.step_count, 0); /* nothing is followed and nothing added */
	path = resolve(once, "owners.uid");
	ck_assert_uint_eq(path.step_count, 2);
	ck_assert_uint_eq(path.steps[0], 8 | RESOLVE_DEREFERENCE);
	ck_assert_uint_eq(path.steps[1], 0 | RESOLVE_DEREFERENCE);
}
END_TEST

START_TEST(from_a_pointer_to_a_pointer)
{
	struct field_path path = resolve(twice, "id");

	ck_assert_uint_eq(path.step_count, 1);
	ck_assert_uint_eq(path.steps[0], 0 | RESOLVE_DEREFERENCE);
	path = resolve(twice, "owners.uid");
	ck_assert_uint_eq(path.step_count, 3);
	ck_assert_uint_eq(path.steps[1], 8 | RESOLVE_DEREFERENCE);
}
END_TEST

START_TEST(from_what_leads_to_none)
{
	ck_assert_uint_eq(kernel_btf_resolve_base(btf, once), structure);
	ck_assert_uint_eq(kernel_btf_resolve_base(btf, structure), structure);
	ck_assert_uint_eq(kernel_btf_resolve_base(btf, character_twice), 0);
	ck_assert_uint_eq(kernel_btf_resolve_base(btf, 0), 0);
}
END_TEST

RUN_SUITE_IN(set_up, tear_down, "kernel-btf", from_a_pointer, from_a_pointer_to_a_pointer,
	from_what_leads_to_none)
