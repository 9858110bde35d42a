/* SPDX-License-Identifier: Apache-2.0 */
/* A program's file: all that is read of it, and each argument of each of its probes. */
#include "lib/elf_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include "daemon/policy/place/usdt.h"
#include "lib/cleanup.h"
#include "lib/fd.h"
#include "tests/fuzz/fuzz.h"

#define TABLES_MAX ((size_t)1 << 20)

static void check_probes(const struct elf_file *file)
{
	struct usdt_locations locations;
	struct register_argument argument;

	if (usdt_locations_find(file, "p", "n", &locations, NULL) < 0)
		return;
	FUZZ_ASSERT(locations.count && locations.count <= USDT_LOCATIONS_MAX);
	for (size_t i = 0; i < locations.count; i++)
		for (uint32_t j = 0; j < USDT_ARGUMENTS_MAX; j++) {
			usdt_argument_parse(
				MACHINE_X86_64, locations.items[i].arguments, j, &argument);
			usdt_argument_parse(
				MACHINE_ARM64, locations.items[i].arguments, j, &argument);
		}
	usdt_locations_done(&locations);
}

static void check_symbols(const struct elf_file *file)
{
	struct elf_symbols symbols;
	const struct elf_symbol *symbol;

	if (elf_file_symbols(file, TABLES_MAX, &symbols) < 0)
		return;
	FUZZ_ASSERT(symbols.count);
	for (size_t i = 0; i < symbols.count; i++) {
		FUZZ_ASSERT(strlen(symbols.items[i].name));
		FUZZ_ASSERT(!i || symbols.items[i - 1].address <= symbols.items[i].address);
		symbol = elf_symbols_at(&symbols, symbols.items[i].address);
		FUZZ_ASSERT(!symbol || symbol->address == symbols.items[i].address);
	}
	elf_symbols_done(&symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
	_cleanup_elf_file_ struct elf_file *file = NULL;
	uint8_t id[ELF_BUILD_ID_MAX];
	struct register_argument argument;
	char text[256];
	size_t length;

	memcpy(text, data, size < sizeof(text) ? size : sizeof(text) - 1);
	text[size < sizeof(text) ? size : sizeof(text) - 1] = '\0';
	usdt_argument_parse(MACHINE_X86_64, text, size % 3, &argument);
	usdt_argument_parse(MACHINE_ARM64, text, size % 3, &argument);
	if (fd < 0 || write_all(fd, data, size) < 0 || elf_file_open(fd, &file, NULL) < 0)
		return 0;
	if (elf_file_build_id(file, id, &length) == 0)
		FUZZ_ASSERT(length && length <= ELF_BUILD_ID_MAX);
	check_symbols(file);
	check_probes(file);
	return 0;
}
