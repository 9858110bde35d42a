/* SPDX-License-Identifier: Apache-2.0 */
/* Names of kernel addresses: taken apart, and asked of the kernel where it lets us. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/policy/hit/kernel_symbols.h"
#include "tests/unit/unit.h"

static void expect(
	const char *text, bool is_symbol, const char *symbol, uint64_t offset, const char *module)
{
	struct stack_frame frame = {};
	char copy[SYMBOL_TEXT_MAX];

	snprintf(copy, sizeof(copy), "%s", text);
	ck_assert_int_eq(kernel_symbol_parse(copy, &frame), is_symbol);
	ck_assert_pstr_eq(frame.symbol, symbol);
	ck_assert_uint_eq(frame.offset, offset);
	ck_assert_pstr_eq(frame.module, module);
}

START_TEST(parts)
{
	expect("do_sys_openat2+0x10/0x2b0", true, "do_sys_openat2", 16, NULL);
	expect("xfs_file_open+0x4/0x80 [xfs]", true, "xfs_file_open", 4, "xfs");
	expect("bpf_prog_ad2f1c3a_x+0x1/0x2 [bpf]", true, "bpf_prog_ad2f1c3a_x", 1, "bpf");
	expect("f+0x4/0x80 [cut", true, "f", 4, NULL);
	expect("0xffffffff81000000", false, NULL, 0, NULL);
	expect("+0x1/0x2", false, NULL, 0, NULL);
	expect("", false, NULL, 0, NULL);
}
END_TEST

/* An address of kallsyms, where it shows them. */
static uint64_t address_of(const char *wanted)
{
	char line[512], name[256], type;
	unsigned long long address, found = 0;
	FILE *file = fopen("/proc/kallsyms", "r");

	while (file && !found && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %c %255s", &address, &type, name) == 3 &&
			strcmp(name, wanted) == 0)
			found = address;
	if (file)
		fclose(file);
	return found;
}

START_TEST(from_the_kernel)
{
	struct kernel_symbols *symbols = kernel_symbols_new();
	struct stack_frame frames[STACK_DEPTH_MAX] = {
		{.address = address_of("do_exit") + 5}, {.address = 4096}};

	ck_assert_ptr_nonnull(symbols);
	kernel_symbols_resolve(symbols, frames, 0);
	kernel_symbols_resolve(symbols, frames, STACK_DEPTH_MAX);
	ck_assert_ptr_null(frames[1].symbol);
	/* only root may load the program, and see the addresses */
	if (frames[0].symbol) {
		ck_assert_str_eq(frames[0].symbol, "do_exit");
		ck_assert_uint_eq(frames[0].offset, 5);
		ck_assert_ptr_null(frames[0].module);
	} else {
		ck_assert(geteuid() != 0 || frames[0].address == 5);
	}
	kernel_symbols_free(symbols);
}
END_TEST

RUN_SUITE("kernel-symbols", parts, from_the_kernel)
