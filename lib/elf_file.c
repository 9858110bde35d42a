/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_DATA ELFDATA2LSB
#else
#define NATIVE_DATA ELFDATA2MSB
#endif

#define SECTION_NAMES_MAX ((size_t)4 << 20)
#define NOTES_MAX	  ((size_t)1 << 20)

struct elf_file {
	int fd;
	uint64_t size;
	uint16_t machine;
	Elf64_Phdr *segments;
	size_t segment_count;
	Elf64_Shdr *sections;
	size_t section_count;
	char *section_names;
	size_t section_names_length;
};

/* All of it or nothing; a NUL after it. */
static int read_at(const struct elf_file *file, uint64_t offset, uint64_t length, size_t limit,
	char **ret_data)
{
	_cleanup_free_ char *data = NULL;
	size_t done = 0;

	if (offset > file->size || length > file->size - offset)
		return -ENOEXEC;
	if (length > limit)
		return -EFBIG;
	data = malloc((size_t)length + 1);
	if (!data)
		return -ENOMEM;
	while (done < length) {
		ssize_t n =
			pread(file->fd, data + done, (size_t)length - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) /* it was shortened meanwhile */
			return -ENOEXEC;
		done += (size_t)n;
	}
	data[length] = '\0';
	*ret_data = TAKE_PTR(data);
	return 0;
}

static int read_segments(struct elf_file *file, const Elf64_Ehdr *header)
{
	char *data;
	int r;

	if (!header->e_phnum)
		return 0;
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return -ENOEXEC;
	if (header->e_phnum > ELF_SEGMENTS_MAX)
		return -EFBIG;
	r = read_at(file, header->e_phoff, header->e_phnum * sizeof(Elf64_Phdr),
		ELF_SEGMENTS_MAX * sizeof(Elf64_Phdr), &data);
	if (r < 0)
		return r;
	file->segments = (Elf64_Phdr *)(void *)data;
	file->segment_count = header->e_phnum;
	return 0;
}

/* Stripped of them a file is as good for running. */
static int read_sections(struct elf_file *file, const Elf64_Ehdr *header)
{
	const Elf64_Shdr *names;
	char *data;
	int r;

	if (!header->e_shoff || !header->e_shnum)
		return 0;
	if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shstrndx >= header->e_shnum)
		return -ENOEXEC;
	r = read_at(file, header->e_shoff, header->e_shnum * sizeof(Elf64_Shdr),
		ELF_SECTIONS_MAX * sizeof(Elf64_Shdr), &data);
	if (r < 0)
		return r;
	file->sections = (Elf64_Shdr *)(void *)data;
	file->section_count = header->e_shnum;
	names = &file->sections[header->e_shstrndx];
	r = read_at(
		file, names->sh_offset, names->sh_size, SECTION_NAMES_MAX, &file->section_names);
	if (r < 0)
		return r;
	file->section_names_length = names->sh_size;
	return 0;
}

static int read_headers(struct elf_file *file)
{
	_cleanup_free_ char *data = NULL;
	Elf64_Ehdr header;
	int r = read_at(file, 0, sizeof(header), sizeof(header), &data);

	if (r < 0)
		return r;
	memcpy(&header, data, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
		header.e_ident[EI_DATA] != NATIVE_DATA)
		return -ENOEXEC;
	file->machine = header.e_machine;
	r = read_segments(file, &header);
	return r < 0 ? r : read_sections(file, &header);
}

int elf_file_open(int fd, struct elf_file **ret_file, struct error *error)
{
	struct elf_file *file;
	struct stat status;
	int r;

	if (fstat(fd, &status) < 0)
		return error_set(error, -errno, "%s", strerror(errno));
	if (status.st_size < 0 || !S_ISREG(status.st_mode))
		return error_set(error, -ENOEXEC, "is no regular file");
	file = calloc(1, sizeof(*file));
	if (!file)
		return error_set(error, -ENOMEM, "out of memory");
	file->fd = fd;
	file->size = (uint64_t)status.st_size;
	r = read_headers(file);
	if (r < 0) {
		elf_file_close(file);
		return error_set(error, r, "%s",
			r == -ENOEXEC ? "is no ELF file of 64 bits"
			: r == -EFBIG ? "has more segments or sections than a program has"
				      : strerror(-r));
	}
	*ret_file = file;
	return 0;
}

struct elf_file *elf_file_close(struct elf_file *file)
{
	if (!file)
		return NULL;
	free(file->segments);
	free(file->sections);
	free(file->section_names);
	free(file);
	return NULL;
}

bool elf_file_is_for_this_machine(const struct elf_file *file)
{
#if defined(__x86_64__)
	return file->machine == EM_X86_64;
#elif defined(__aarch64__)
	return file->machine == EM_AARCH64;
#else
	return true;
#endif
}

int elf_file_offset(const struct elf_file *file, uint64_t address, uint64_t *ret_offset)
{
	for (size_t i = 0; i < file->segment_count; i++) {
		const Elf64_Phdr *segment = &file->segments[i];

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
			address - segment->p_vaddr >= segment->p_filesz)
			continue;
		*ret_offset = address - segment->p_vaddr + segment->p_offset;
		return 0;
	}
	return -ENOENT;
}

int elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *ret_address)
{
	for (size_t i = 0; i < file->segment_count; i++) {
		const Elf64_Phdr *segment = &file->segments[i];

		if (segment->p_type != PT_LOAD || offset < segment->p_offset ||
			offset - segment->p_offset >= segment->p_filesz)
			continue;
		*ret_address = offset - segment->p_offset + segment->p_vaddr;
		return 0;
	}
	return -ENOENT;
}

static const Elf64_Shdr *find_section(const struct elf_file *file, const char *name)
{
	size_t length = strlen(name) + 1;

	for (size_t i = 0; i < file->section_count; i++) {
		uint64_t at = file->sections[i].sh_name;

		if (at < file->section_names_length &&
			length <= file->section_names_length + 1 - at &&
			!memcmp(file->section_names + at, name, length))
			return &file->sections[i];
	}
	return NULL;
}

int elf_file_section(const struct elf_file *file, const char *name, size_t limit,
	struct elf_section *ret_section)
{
	const Elf64_Shdr *section = find_section(file, name);
	struct elf_section result = {};
	int r;

	if (!section)
		return -ENOENT;
	result.address = section->sh_addr;
	if (section->sh_type != SHT_NOBITS) {
		r = read_at(file, section->sh_offset, section->sh_size, limit, &result.data);
		if (r < 0)
			return r;
		result.length = section->sh_size;
	}
	*ret_section = result;
	return 0;
}

static int build_id_of_notes(
	const char *notes, size_t length, uint8_t ret_id[ELF_BUILD_ID_MAX], size_t *ret_length)
{
	size_t at = 0;

	while (length - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		uint64_t name, description, next;

		memcpy(&note, notes + at, sizeof(note));
		name = at + sizeof(note);
		description = name + ((note.n_namesz + 3ULL) & ~3ULL);
		next = description + ((note.n_descsz + 3ULL) & ~3ULL);
		if (description > length || note.n_descsz > length - description)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
			!memcmp(notes + name, "GNU", sizeof("GNU")) && note.n_descsz &&
			note.n_descsz <= ELF_BUILD_ID_MAX) {
			memcpy(ret_id, notes + description, note.n_descsz);
			*ret_length = note.n_descsz;
			return 0;
		}
		if (next > length)
			break;
		at = next;
	}
	return -ENOENT;
}

int elf_file_build_id(
	const struct elf_file *file, uint8_t ret_id[ELF_BUILD_ID_MAX], size_t *ret_length)
{
	for (size_t i = 0; i < file->segment_count; i++) {
		_cleanup_free_ char *notes = NULL;

		if (file->segments[i].p_type == PT_NOTE &&
			read_at(file, file->segments[i].p_offset, file->segments[i].p_filesz,
				NOTES_MAX, &notes) == 0 &&
			build_id_of_notes(notes, file->segments[i].p_filesz, ret_id, ret_length) ==
				0)
			return 0;
	}
	return -ENOENT;
}

/* ---- symbols ---- */

/* Assemblers leave the type of what they were not told. */
static bool is_code(const struct elf_file *file, const Elf64_Sym *symbol)
{
	uint8_t type = ELF64_ST_TYPE(symbol->st_info);

	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return false;
	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx < file->section_count &&
	       file->sections[symbol->st_shndx].sh_flags & SHF_EXECINSTR;
}

static int compare_symbols(const void *left, const void *right)
{
	const struct elf_symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (int)b->global - (int)a->global;
}

void elf_symbols_sort(struct elf_symbols *symbols)
{
	qsort(symbols->items, symbols->count, sizeof(*symbols->items), compare_symbols);
}

static void take_symbols(const struct elf_file *file, const char *table, size_t count, char *names,
	size_t names_length, struct elf_symbols *symbols)
{
	for (size_t i = 0; i < count; i++) {
		struct elf_symbol *result = &symbols->items[symbols->count];
		Elf64_Sym symbol;

		memcpy(&symbol, table + i * sizeof(symbol), sizeof(symbol));
		if (symbol.st_name >= names_length || !names[symbol.st_name] ||
			names[symbol.st_name] == '@' || !is_code(file, &symbol))
			continue;
		result->address = symbol.st_value;
		result->size = symbol.st_size;
		result->name = names + symbol.st_name;
		result->indirect = ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC;
		result->global = ELF64_ST_BIND(symbol.st_info) != STB_LOCAL;
		symbols->count++;
	}
	/* "read@@GLIBC_2.2.5" */
	for (size_t i = 0; i < names_length; i++)
		if (names[i] == '@')
			names[i] = '\0';
	elf_symbols_sort(symbols);
}

static int symbols_of(const struct elf_file *file, const Elf64_Shdr *section, size_t limit,
	struct elf_symbols *ret_symbols)
{
	_cleanup_free_ char *table = NULL, *names = NULL;
	const Elf64_Shdr *strings;
	struct elf_symbols symbols = {};
	size_t count = section->sh_size / sizeof(Elf64_Sym);
	struct elf_symbol *shrunk;
	int r;

	if (!count || section->sh_type == SHT_NOBITS)
		return -ENOENT;
	if (section->sh_link >= file->section_count)
		return -ENOEXEC;
	strings = &file->sections[section->sh_link];
	r = read_at(file, section->sh_offset, section->sh_size, limit, &table);
	if (r >= 0)
		r = read_at(file, strings->sh_offset, strings->sh_size,
			limit - (size_t)section->sh_size, &names);
	if (r < 0)
		return r;
	symbols.items = calloc(count, sizeof(*symbols.items));
	if (!symbols.items)
		return -ENOMEM;
	take_symbols(file, table, count, names, strings->sh_size, &symbols);
	if (!symbols.count) {
		free(symbols.items);
		return -ENOENT;
	}
	shrunk = reallocarray(symbols.items, symbols.count, sizeof(*symbols.items));
	if (shrunk)
		symbols.items = shrunk;
	symbols.names = TAKE_PTR(names);
	symbols.bytes = symbols.count * sizeof(*symbols.items) + strings->sh_size;
	*ret_symbols = symbols;
	return 0;
}

int elf_file_symbols(const struct elf_file *file, size_t limit, struct elf_symbols *ret_symbols)
{
	static const uint32_t types[] = {SHT_SYMTAB, SHT_DYNSYM};
	int result = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (size_t j = 0; j < file->section_count; j++) {
			int r;

			if (file->sections[j].sh_type != types[i])
				continue;
			r = symbols_of(file, &file->sections[j], limit, ret_symbols);
			if (r != -ENOENT && r != -EFBIG)
				return r;
			if (r == -EFBIG) /* the dynamic ones are fewer */
				result = r;
		}
	return result;
}

void elf_symbols_done(struct elf_symbols *symbols)
{
	free(symbols->items);
	free(symbols->names);
	memset(symbols, 0, sizeof(*symbols));
}

const struct elf_symbol *elf_symbols_at(const struct elf_symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (symbols->items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* The first of those that begin at one address is the global one. One without a size goes
	 * as far as the next. */
	while (low && low > 1 && symbols->items[low - 2].address == symbols->items[low - 1].address)
		low--;
	if (!low)
		return NULL;
	for (size_t i = low - 1;
		i < symbols->count && symbols->items[i].address == symbols->items[low - 1].address;
		i++) {
		const struct elf_symbol *symbol = &symbols->items[i];

		if (!symbol->size || address - symbol->address < symbol->size)
			return symbol;
	}
	return NULL;
}

int elf_symbols_find(
	const struct elf_symbols *symbols, const char *name, const struct elf_symbol **ret_symbol)
{
	const struct elf_symbol *found = NULL;
	bool several = false;

	for (size_t i = 0; i < symbols->count; i++) {
		const struct elf_symbol *symbol = &symbols->items[i];

		if (strcmp(symbol->name, name))
			continue;
		if (symbol->global) {
			*ret_symbol = symbol;
			return 0;
		}
		several |= found && found->address != symbol->address;
		found = symbol;
	}
	if (!found)
		return -ENOENT;
	if (several)
		return -ENOTUNIQ;
	*ret_symbol = found;
	return 0;
}
