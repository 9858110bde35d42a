/* SPDX-License-Identifier: Apache-2.0 */
/* This program's own file, and what is left of it when somebody has been at it. */
#include "lib/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fd.h"
#include "tests/unit/unit.h"

__attribute__((noinline)) int known_function(int number);

__attribute__((noinline)) int known_function(int number)
{
	__asm__ volatile("" : "+r"(number));
	return number + 1;
}

static int own_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* How far from where the file says the program is. */
static int first_base(struct dl_phdr_info *info, size_t size, void *base)
{
	*(uintptr_t *)base = info->dlpi_addr;
	return 1;
}

START_TEST(finds_a_function_by_name_and_address)
{
	_cleanup_close_ int fd = own_file();
	_cleanup_elf_file_ struct elf_file *file = NULL;
	_cleanup_(elf_symbols_done) struct elf_symbols symbols = {};
	const struct elf_symbol *symbol;
	uint64_t offset, address;
	unsigned char code[8];
	uintptr_t base = 0;

	ck_assert_int_eq(elf_file_open(fd, &file, NULL), 0);
	ck_assert(elf_file_is_for_this_machine(file));
	ck_assert_int_eq(elf_file_symbols(file, ELF_TABLES_MAX, &symbols), 0);
	ck_assert_int_eq(elf_symbols_find(&symbols, "known_function", &symbol), 0);
	ck_assert(symbol->global);
	dl_iterate_phdr(first_base, &base);
	ck_assert_uint_eq(symbol->address + base, (uintptr_t)known_function);
	ck_assert_int_eq(elf_file_offset(file, symbol->address, &offset), 0);
	ck_assert_int_eq(pread(fd, code, sizeof(code), (off_t)offset), sizeof(code));
	ck_assert_mem_eq(code, (const void *)(uintptr_t)known_function, sizeof(code));
	ck_assert_int_eq(elf_file_address(file, offset, &address), 0);
	ck_assert_uint_eq(address, symbol->address);
	ck_assert_ptr_eq(elf_symbols_at(&symbols, address), symbol);
	ck_assert_ptr_eq(elf_symbols_at(&symbols, address + symbol->size - 1), symbol);
	ck_assert_ptr_ne(elf_symbols_at(&symbols, address + symbol->size), symbol);
	ck_assert_ptr_null(elf_symbols_at(&symbols, 0));
	ck_assert_int_eq(elf_symbols_find(&symbols, "no_such_function", &symbol), -ENOENT);
	ck_assert_int_eq(elf_file_offset(file, UINT64_MAX, &offset), -ENOENT);
	ck_assert_int_eq(elf_file_address(file, UINT64_MAX, &offset), -ENOENT);
}
END_TEST

START_TEST(reads_sections_up_to_a_limit)
{
	_cleanup_close_ int fd = own_file();
	_cleanup_elf_file_ struct elf_file *file = NULL;
	_cleanup_(elf_symbols_done) struct elf_symbols symbols = {};
	struct elf_section section = {};

	ck_assert_int_eq(elf_file_open(fd, &file, NULL), 0);
	ck_assert_int_eq(elf_file_section(file, ".interp", 4096, &section), 0);
	ck_assert(strstr(section.data, "ld-linux"));
	free(section.data);
	ck_assert_int_eq(elf_file_section(file, ".text", 16, &section), -EFBIG);
	ck_assert_int_eq(elf_file_section(file, ".nowhere", 4096, &section), -ENOENT);
	ck_assert_int_eq(elf_file_section(file, "", 4096, &section), 0); /* the first, empty */
	free(section.data);
	ck_assert_int_eq(elf_file_symbols(file, 64, &symbols), -EFBIG);
}
END_TEST

START_TEST(prefers_the_global_function)
{
	struct elf_symbol items[] = {{.address = 16, .size = 16, .name = "twice"},
		{.address = 32, .size = 16, .name = "same", .global = true},
		{.address = 32, .size = 8, .name = "same"},
		{.address = 48, .size = 0, .name = "open"},
		{.address = 64, .size = 16, .name = "twice"}};
	struct elf_symbols symbols = {.items = items, .count = ARRAY_SIZE(items)};
	const struct elf_symbol *symbol;

	ck_assert_int_eq(elf_symbols_find(&symbols, "twice", &symbol), -ENOTUNIQ);
	ck_assert_int_eq(elf_symbols_find(&symbols, "same", &symbol), 0);
	ck_assert(symbol->global);
	ck_assert_ptr_eq(elf_symbols_at(&symbols, 32), &items[1]);
	ck_assert_ptr_eq(elf_symbols_at(&symbols, 47), &items[1]);
	/* one without a size goes as far as the next */
	ck_assert_ptr_eq(elf_symbols_at(&symbols, 63), &items[3]);
	ck_assert_ptr_eq(elf_symbols_at(&symbols, 79), &items[4]);
	ck_assert_ptr_null(elf_symbols_at(&symbols, 80));
	ck_assert_ptr_null(elf_symbols_at(&symbols, 15));
}
END_TEST

static void look_at_all(int fd)
{
	_cleanup_elf_file_ struct elf_file *file = NULL;
	struct elf_symbols symbols = {};
	struct elf_section section = {};
	uint8_t id[ELF_BUILD_ID_MAX];
	struct error error = {};
	size_t length = 0;

	if (elf_file_open(fd, &file, &error) < 0) {
		ck_assert(error.message[0]);
		return;
	}
	if (elf_file_build_id(file, id, &length) == 0)
		ck_assert(length && length <= ELF_BUILD_ID_MAX);
	if (elf_file_section(file, ".note.stapsdt", 4096, &section) == 0)
		free(section.data);
	if (elf_file_symbols(file, 1 << 20, &symbols) == 0) {
		elf_symbols_at(&symbols, 4096);
		elf_symbols_done(&symbols);
	}
}

/* Each byte of the headers in turn, and the file cut short anywhere. */
START_TEST(outlives_broken_files)
{
	_cleanup_close_ int own = own_file();
	_cleanup_close_ int fd = memfd_create("broken", MFD_CLOEXEC);
	_cleanup_(buf_done) struct buf bytes = {};
	Elf64_Ehdr header;
	size_t tables[2];

	ck_assert_int_eq(read_fd_limited(own, 64 << 20, &bytes), 0);
	ck_assert_int_eq(write_all(fd, bytes.data, bytes.length), 0);
	memcpy(&header, bytes.data, sizeof(header));
	tables[0] = 0;
	tables[1] = header.e_shoff;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t at = tables[t]; at < tables[t] + 1024 && at < bytes.length; at++) {
			static const unsigned char values[] = {0, 1, 0x7f, 0xff};

			for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
				ck_assert_int_eq(pwrite(fd, &values[i], 1, (off_t)at), 1);
				look_at_all(fd);
			}
			ck_assert_int_eq(pwrite(fd, bytes.data + at, 1, (off_t)at), 1);
		}
	for (size_t length = bytes.length; length; length = length * 7 / 8) {
		ck_assert_int_eq(ftruncate(fd, (off_t)length), 0);
		look_at_all(fd);
	}
	/* one that is long, and holds nothing */
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	header.e_shoff = 1ULL << 40;
	header.e_shnum = UINT16_MAX;
	ck_assert_int_eq(pwrite(fd, &header, sizeof(header), 0), sizeof(header));
	ck_assert_int_eq(ftruncate(fd, 1LL << 41), 0);
	look_at_all(fd);
}
END_TEST

START_TEST(refuses_what_is_no_program)
{
	_cleanup_close_ int text = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int directory = open("/", O_RDONLY | O_CLOEXEC);
	struct elf_file *file = NULL;
	struct error error = {};

	ck_assert_int_eq(elf_file_open(text, &file, &error), -ENOEXEC);
	ck_assert_int_eq(elf_file_open(directory, &file, &error), -ENOEXEC);
	ck_assert_str_eq(error.message, "is no regular file");
	ck_assert_int_eq(elf_file_open(-1, &file, &error), -EBADF);
}
END_TEST

RUN_SUITE("elf-file", finds_a_function_by_name_and_address, reads_sections_up_to_a_limit,
	prefers_the_global_function, outlives_broken_files, refuses_what_is_no_program)
