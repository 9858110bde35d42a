/* SPDX-License-Identifier: Apache-2.0 */
/* Where a probe's arguments are, as its note writes it. */
#include "daemon/policy/place/usdt.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

#define X86(name) register_offset(MACHINE_X86_64, name)
#define ARM(name) register_offset(MACHINE_ARM64, name)

static void expect(enum register_machine machine, const char *list, uint32_t index,
	struct register_argument expected)
{
	struct register_argument argument;

	memset(&argument, 0xa5, sizeof(argument));
	ck_assert_msg(usdt_argument_parse(machine, list, index, &argument) == 0, "\"%s\" %u", list,
		index);
	ck_assert_msg(argument.kind == expected.kind && argument.size == expected.size &&
			      argument.is_signed == expected.is_signed &&
			      argument.value == expected.value,
		"\"%s\" %u: kind %u size %u value %lld", list, index, argument.kind, argument.size,
		(long long)argument.value);
	if (expected.kind == REGISTER_CONSTANT)
		return;
	ck_assert_msg(argument.base == expected.base, "\"%s\" %u: base", list, index);
	ck_assert_msg(argument.index == expected.index && argument.scale == expected.scale,
		"\"%s\" %u: index", list, index);
}

#define VALUE(size_, signed_, base_)                                                               \
	(struct register_argument)                                                                 \
	{                                                                                          \
		.kind = REGISTER_VALUE, .size = size_, .is_signed = signed_,                       \
		.base = (uint16_t)(base_), .index = REGISTER_NONE                                  \
	}
#define MEMORY(size_, signed_, base_, value_)                                                      \
	(struct register_argument)                                                                 \
	{                                                                                          \
		.kind = REGISTER_MEMORY, .size = size_, .is_signed = signed_,                      \
		.base = (uint16_t)(base_), .index = REGISTER_NONE, .value = value_                 \
	}
#define CONSTANT(size_, signed_, value_)                                                           \
	(struct register_argument)                                                                 \
	{                                                                                          \
		.kind = REGISTER_CONSTANT, .size = size_, .is_signed = signed_, .value = value_    \
	}

START_TEST(finds_arguments_of_x86_64)
{
	static const char list[] = "-4@%edi 8@-8(%rbp) 4@$5 1@%al 2@%r9w 8@(%rsp) -8@$-9 "
				   "8@16(%rax,%rcx,4) 4@0x10(%r15,%rbx) 8@$0xffffffffffffffff";
	struct register_argument indexed = MEMORY(8, 0, X86("rax"), 16);

	expect(MACHINE_X86_64, list, 0, VALUE(4, 1, X86("rdi")));
	expect(MACHINE_X86_64, list, 1, MEMORY(8, 0, X86("rbp"), -8));
	expect(MACHINE_X86_64, list, 2, CONSTANT(4, 0, 5));
	expect(MACHINE_X86_64, list, 3, VALUE(1, 0, X86("rax")));
	expect(MACHINE_X86_64, list, 4, VALUE(2, 0, X86("r9")));
	expect(MACHINE_X86_64, list, 5, MEMORY(8, 0, X86("rsp"), 0));
	expect(MACHINE_X86_64, list, 6, CONSTANT(8, 1, -9));
	indexed.index = (uint16_t)X86("rcx");
	indexed.scale = 2;
	expect(MACHINE_X86_64, list, 7, indexed);
	indexed = MEMORY(4, 0, X86("r15"), 16);
	indexed.index = (uint16_t)X86("rbx");
	expect(MACHINE_X86_64, list, 8, indexed);
	expect(MACHINE_X86_64, list, 9, CONSTANT(8, 0, -1));
}
END_TEST

START_TEST(finds_arguments_of_arm64)
{
	static const char list[] =
		"-4@w0 8@x30 8@[sp] -8@[sp, 60] 4@[x19, #-16] 4@5 -4@-7 8@[x1,8] 8@sp";

	expect(MACHINE_ARM64, list, 0, VALUE(4, 1, 0));
	expect(MACHINE_ARM64, list, 1, VALUE(8, 0, 30 * 8));
	expect(MACHINE_ARM64, list, 2, MEMORY(8, 0, 31 * 8, 0));
	expect(MACHINE_ARM64, list, 3, MEMORY(8, 1, 31 * 8, 60));
	expect(MACHINE_ARM64, list, 4, MEMORY(4, 0, 19 * 8, -16));
	expect(MACHINE_ARM64, list, 5, CONSTANT(4, 0, 5));
	expect(MACHINE_ARM64, list, 6, CONSTANT(4, 1, -7));
	expect(MACHINE_ARM64, list, 7, MEMORY(8, 0, 8, 8));
	expect(MACHINE_ARM64, list, 8, VALUE(8, 0, 31 * 8));
}
END_TEST

static const struct {
	enum register_machine machine;
	const char *list;
	uint32_t index;
	int result;
} refused[] = {
	{MACHINE_X86_64, "", 0, -ENOENT},
	{MACHINE_X86_64, "   ", 0, -ENOENT},
	{MACHINE_X86_64, "4@%eax", 1, -ENOENT},
	{MACHINE_X86_64, "4@%eax ", 1, -ENOENT},
	{MACHINE_X86_64, "%eax", 0, -EINVAL},
	{MACHINE_X86_64, "4@", 0, -EINVAL},
	{MACHINE_X86_64, "4%eax", 0, -EINVAL},
	{MACHINE_X86_64, "4@%", 0, -EINVAL},
	{MACHINE_X86_64, "4@$", 0, -EINVAL},
	{MACHINE_X86_64, "4@$x", 0, -EINVAL},
	{MACHINE_X86_64, "4@-8(%rbp", 0, -EINVAL},
	{MACHINE_X86_64, "4@-8(rbp)", 0, -EINVAL},
	{MACHINE_X86_64, "4@-8(%rbp,%rax,3)", 0, -EINVAL},
	{MACHINE_X86_64, "4@-8(%rbp,%rax,16)", 0, -EINVAL},
	{MACHINE_X86_64, "4@-8(%rbp,%rax,0)", 0, -EINVAL},
	{MACHINE_X86_64, "4@-8(%rbp,%rax,-4)", 0, -EINVAL},
	{MACHINE_X86_64, "4@%eaxx", 0, -EOPNOTSUPP},
	{MACHINE_X86_64, "4@$5junk", 0, -EINVAL},
	{MACHINE_X86_64, "4@$99999999999999999999999", 0, -EINVAL},
	{MACHINE_X86_64, "3@%eax", 0, -EOPNOTSUPP},
	{MACHINE_X86_64, "16@%eax", 0, -EOPNOTSUPP},
	{MACHINE_X86_64, "-9223372036854775808@%eax", 0, -EOPNOTSUPP},
	{MACHINE_X86_64, "8f@%xmm0", 0, -EOPNOTSUPP},
	{MACHINE_X86_64, "8@%xmm0", 0, -EOPNOTSUPP},
	{MACHINE_X86_64, "8@%ah", 0, -EOPNOTSUPP},
	{MACHINE_X86_64, "8@counter(%rip)", 0, -EOPNOTSUPP},
	{MACHINE_X86_64, "8@8(%rip)", 0, -EOPNOTSUPP},
	{MACHINE_X86_64, "8@8+counter(%rip)", 0, -EOPNOTSUPP},
	{MACHINE_X86_64, "8@%fs:16", 0, -EOPNOTSUPP},
	{MACHINE_ARM64, "4@[sp", 0, -EINVAL},
	{MACHINE_ARM64, "4@[sp, ]", 0, -EINVAL},
	{MACHINE_ARM64, "4@[sp, x1]", 0, -EOPNOTSUPP},
	{MACHINE_ARM64, "4@[q0]", 0, -EINVAL},
	{MACHINE_ARM64, "4@d0", 0, -EOPNOTSUPP},
	{MACHINE_ARM64, "4@x31", 0, -EOPNOTSUPP},
	{MACHINE_ARM64, "4@[sp, 8] 4@[sp, 16]", 2, -ENOENT},
};

START_TEST(refuses_what_cannot_be_read)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct register_argument argument;
		int r = usdt_argument_parse(
			refused[i].machine, refused[i].list, refused[i].index, &argument);

		ck_assert_msg(r == refused[i].result, "\"%s\": %d instead of %d", refused[i].list,
			r, refused[i].result);
	}
}
END_TEST

START_TEST(knows_registers)
{
	ck_assert_int_eq(X86("r15"), 0);
	ck_assert_int_eq(X86("rip"), 128);
	ck_assert_int_eq(X86("ss"), 160);
	ck_assert_int_eq(X86("x0"), -ENOENT);
	ck_assert_int_eq(X86(""), -ENOENT);
	ck_assert_int_eq(ARM("x0"), 0);
	ck_assert_int_eq(ARM("lr"), 240);
	ck_assert_int_eq(ARM("pc"), 256);
	ck_assert_int_eq(ARM("rax"), -ENOENT);
	ck_assert_int_eq(register_of_argument(MACHINE_X86_64, 0), X86("rdi"));
	ck_assert_int_eq(register_of_argument(MACHINE_X86_64, 5), X86("r9"));
	ck_assert_int_eq(register_of_argument(MACHINE_X86_64, 6), -ENOENT);
	ck_assert_int_eq(register_of_argument(MACHINE_ARM64, 7), 56);
	ck_assert_int_eq(register_of_argument(MACHINE_ARM64, 8), -ENOENT);
	ck_assert_int_eq(register_of_call_argument(MACHINE_X86_64, 2), X86("rdx"));
	ck_assert_int_eq(register_of_call_argument(MACHINE_X86_64, 3), X86("r10"));
	ck_assert_int_eq(register_of_call_argument(MACHINE_X86_64, 6), -ENOENT);
	ck_assert_int_eq(register_of_call_argument(MACHINE_ARM64, 5), 40);
	ck_assert_int_eq(register_of_call_argument(MACHINE_ARM64, 6), -ENOENT);
}
END_TEST

RUN_SUITE("usdt", finds_arguments_of_x86_64, finds_arguments_of_arm64, refuses_what_cannot_be_read,
	knows_registers)
