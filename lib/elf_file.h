/* SPDX-License-Identifier: Apache-2.0 */
/* What probes and stack traces need of an ELF file: segments, sections, symbols, the build id. The
 * file is anybody's: nothing in it is believed, it is read and never mapped (who shortens a mapped
 * file kills its readers), and what is read is bounded. 64 bit, of this machine's byte order. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

struct elf_file;

#define ELF_SEGMENTS_MAX 256
#define ELF_SECTIONS_MAX 65536 /* of C++ objects built with a section for each function */
#define ELF_BUILD_ID_MAX 64
/* Symbols and their names, where there is no reason for less. */
#define ELF_TABLES_MAX ((size_t)256 << 20)

/* The descriptor is borrowed. -ENOEXEC: no such file; -EFBIG beyond a limit; `error` says which. */
int elf_file_open(int fd, struct elf_file **ret_file, struct error *error);
struct elf_file *elf_file_close(struct elf_file *file);
static inline void elf_file_close_p(struct elf_file **file)
{
	elf_file_close(*file);
}
#define _cleanup_elf_file_ _cleanup_(elf_file_close_p)

bool elf_file_is_for_this_machine(const struct elf_file *file);

/* Between addresses as the file has them and places in the file. -ENOENT. */
int elf_file_offset(const struct elf_file *file, uint64_t address, uint64_t *ret_offset);
int elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *ret_address);

struct elf_section {
	uint64_t address;
	char *data; /* a NUL after it; free() */
	size_t length;
};
/* -ENOENT, -EFBIG, -ENOEXEC. A section without bytes (.bss) has no data. */
int elf_file_section(const struct elf_file *file, const char *name, size_t limit,
	struct elf_section *ret_section);

/* -ENOENT: it has none. */
int elf_file_build_id(
	const struct elf_file *file, uint8_t ret_id[ELF_BUILD_ID_MAX], size_t *ret_length);

struct elf_symbol {
	uint64_t address, size;
	const char *name; /* a version (name@VERSION) left out */
	bool global;
	bool indirect; /* not the function itself, but what chooses it when a program starts */
};
/* Symbols of code, by address. */
struct elf_symbols {
	struct elf_symbol *items;
	size_t count;
	size_t bytes; /* of memory */
	char *names;
};

/* .symtab, else .dynsym, else none (-ENOENT). */
int elf_file_symbols(const struct elf_file *file, size_t limit, struct elf_symbols *ret_symbols);
void elf_symbols_done(struct elf_symbols *symbols);
/* By address again, after addresses were changed. */
void elf_symbols_sort(struct elf_symbols *symbols);
/* The symbol that the address is in; NULL. */
const struct elf_symbol *elf_symbols_at(const struct elf_symbols *symbols, uint64_t address);
/* By name, a global one before local ones. -ENOENT; -ENOTUNIQ: several local ones. */
int elf_symbols_find(
	const struct elf_symbols *symbols, const char *name, const struct elf_symbol **ret_symbol);
