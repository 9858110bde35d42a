/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/usdt.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#define NOTE_TYPE_STAPSDT 3

/* ---- notes ---- */

struct usdt_note {
	uint64_t address, base, semaphore;
	const char *provider, *name, *arguments;
};

/* Three addresses, three strings. */
static int parse_note(const char *description, size_t length, struct usdt_note *ret_note)
{
	uint64_t addresses[3];
	const char *strings[3], *next = description + sizeof(addresses), *end;

	end = description + length;
	if (length < sizeof(addresses))
		return -EINVAL;
	memcpy(addresses, description, sizeof(addresses));
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		const char *terminator = memchr(next, '\0', (size_t)(end - next));

		if (!terminator)
			return -EINVAL;
		strings[i] = next;
		next = terminator + 1;
	}
	*ret_note = (struct usdt_note){
		addresses[0], addresses[1], addresses[2], strings[0], strings[1], strings[2]};
	return 0;
}

/* The next note of stapsdt; 0 at the end. `at` is moved on. */
static int next_note(const struct elf_section *notes, size_t *at, struct usdt_note *ret_note)
{
	while (notes->length - *at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr header;
		uint64_t name, description, next;
		bool ours;

		memcpy(&header, notes->data + *at, sizeof(header));
		name = *at + sizeof(header);
		description = name + ((header.n_namesz + 3ULL) & ~3ULL);
		next = description + ((header.n_descsz + 3ULL) & ~3ULL);
		if (description > notes->length || header.n_descsz > notes->length - description)
			return 0;
		ours = header.n_type == NOTE_TYPE_STAPSDT && header.n_namesz == sizeof("stapsdt") &&
		       !memcmp(notes->data + name, "stapsdt", sizeof("stapsdt"));
		*at = MIN(next, (uint64_t)notes->length);
		if (ours && parse_note(notes->data + description, header.n_descsz, ret_note) == 0)
			return 1;
	}
	return 0;
}

/* The address was written before the file was prelinked: the section says by how much it moved. */
static int add_location(const struct elf_file *file, const struct usdt_note *note,
	uint64_t base_moved, struct usdt_locations *locations)
{
	struct usdt_location location = {}, *items;

	if (elf_file_offset(file, note->address + base_moved, &location.offset) < 0)
		return 0;
	if (note->semaphore &&
		elf_file_offset(file, note->semaphore + base_moved, &location.semaphore) < 0)
		return 0;
	if (locations->count == USDT_LOCATIONS_MAX)
		return -E2BIG;
	items = reallocarray(locations->items, locations->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	locations->items = items;
	location.arguments = strdup(note->arguments);
	if (!location.arguments)
		return -ENOMEM;
	items[locations->count++] = location;
	return 0;
}

void usdt_locations_done(struct usdt_locations *locations)
{
	for (size_t i = 0; i < locations->count; i++)
		free(locations->items[i].arguments);
	free(locations->items);
	*locations = (struct usdt_locations){};
}

static int find_locations(const struct elf_file *file, const struct elf_section *notes,
	const char *provider, const char *name, struct usdt_locations *locations)
{
	struct elf_section base = {};
	struct usdt_note note;
	size_t at = 0;
	bool has_base;
	int r = 0;

	has_base = elf_file_section(file, ".stapsdt.base", 4096, &base) == 0;
	free(base.data);
	while (r >= 0 && next_note(notes, &at, &note))
		if (!strcmp(note.provider, provider) && !strcmp(note.name, name))
			r = add_location(file, &note,
				has_base && note.base ? base.address - note.base : 0, locations);
	return r;
}

int usdt_locations_find(const struct elf_file *file, const char *provider, const char *name,
	struct usdt_locations *ret_locations, struct error *error)
{
	struct usdt_locations locations = {};
	struct elf_section notes = {};
	int r = elf_file_section(file, ".note.stapsdt", USDT_NOTES_MAX, &notes);

	if (r == -ENOENT)
		return error_set(error, -ENOENT, "has no USDT probes");
	if (r < 0)
		return error_set(error, r, "its notes cannot be read: %s", strerror(-r));
	if (notes.data)
		r = find_locations(file, &notes, provider, name, &locations);
	free(notes.data);
	if (r < 0) {
		usdt_locations_done(&locations);
		return error_set(error, r,
			r == -E2BIG ? "has the probe in more than %d places" : "out of memory",
			USDT_LOCATIONS_MAX);
	}
	if (!locations.count)
		return error_set(error, -ENOENT, "has no USDT probe %s:%s", provider, name);
	*ret_locations = locations;
	return 0;
}

/* ---- arguments ---- */

static bool parse_number(const char **text, long long *ret_number)
{
	char *end;

	if (!isdigit((unsigned char)**text) &&
		!((**text == '-' || **text == '+') && isdigit((unsigned char)(*text)[1])))
		return false;
	errno = 0;
	*ret_number = strtoll(*text, &end, 0);
	/* unsigned constants above the signed ones */
	if (errno == ERANGE && **text != '-') {
		errno = 0;
		*ret_number = (long long)strtoull(*text, &end, 0);
	}
	if (errno)
		return false;
	*text = end;
	return true;
}

static bool parse_register(enum register_machine machine, const char **text, uint16_t *ret_offset)
{
	char name[16];
	size_t length = 0;
	int offset;

	while (isalnum((unsigned char)(*text)[length]) || (*text)[length] == '_')
		length++;
	if (!length || length >= sizeof(name))
		return false;
	memcpy(name, *text, length);
	name[length] = '\0';
	offset = register_offset(machine, name);
	if (offset < 0)
		return false;
	*text += length;
	*ret_offset = (uint16_t)offset;
	return true;
}

/* The rest of "-8(%rbp)", "16(%rax,%rcx,4)", from the parenthesis on. */
static int parse_memory_x86_64(const char **text, struct register_argument *argument)
{
	long long scale = 1;

	argument->kind = REGISTER_MEMORY;
	if (*(*text)++ != '(' || *(*text)++ != '%')
		return -EINVAL;
	if (!strncmp(*text, "rip", 3)) /* with the name of a variable before it */
		return -EOPNOTSUPP;
	if (!parse_register(MACHINE_X86_64, text, &argument->base))
		return -EINVAL;
	if (**text == ',') {
		if (*++*text != '%')
			return -EINVAL;
		++*text;
		if (!parse_register(MACHINE_X86_64, text, &argument->index))
			return -EINVAL;
		if (**text == ',') {
			++*text;
			if (!parse_number(text, &scale))
				return -EINVAL;
		}
	}
	if (*(*text)++ != ')')
		return -EINVAL;
	while (scale > 1 && !(scale & 1)) {
		scale >>= 1;
		argument->scale++;
	}
	return scale == 1 && argument->scale <= 3 ? 0 : -EINVAL;
}

static int parse_operand_x86_64(const char **text, struct register_argument *argument)
{
	switch (**text) {
	case '$':
		++*text;
		argument->kind = REGISTER_CONSTANT;
		return parse_number(text, &argument->value) ? 0 : -EINVAL;
	case '%':
		++*text;
		if (parse_register(MACHINE_X86_64, text, &argument->base)) {
			argument->kind = REGISTER_VALUE;
			return 0;
		}
		/* a segment's, a vector's, or the second byte of one */
		return isalpha((unsigned char)**text) ? -EOPNOTSUPP : -EINVAL;
	default:
		if (**text != '(' && !parse_number(text, &argument->value))
			return isalpha((unsigned char)**text) || **text == '_' ? -EOPNOTSUPP
									       : -EINVAL;
		if (**text != '(')
			return -EOPNOTSUPP; /* an address: 0x601040, or 8+name(%rip) */
		return parse_memory_x86_64(text, argument);
	}
}

/* "x0", "[sp]", "[x1, 8]", "[sp, #16]", "5" */
static int parse_operand_arm64(const char **text, struct register_argument *argument)
{
	if (**text == '[') {
		++*text;
		argument->kind = REGISTER_MEMORY;
		if (!parse_register(MACHINE_ARM64, text, &argument->base))
			return -EINVAL;
		if (**text == ',') {
			*text += 1 + strspn(*text + 1, " ");
			if (**text == '#')
				++*text;
			if (!parse_number(text, &argument->value))
				return isalpha((unsigned char)**text) ? -EOPNOTSUPP : -EINVAL;
		}
		return *(*text)++ == ']' ? 0 : -EINVAL;
	}
	if (isalpha((unsigned char)**text)) {
		argument->kind = REGISTER_VALUE;
		return parse_register(MACHINE_ARM64, text, &argument->base) ? 0 : -EOPNOTSUPP;
	}
	if (**text == '#')
		++*text;
	argument->kind = REGISTER_CONSTANT;
	return parse_number(text, &argument->value) ? 0 : -EINVAL;
}

/* "-4@": how many bytes, a minus for signed ones; "8f@" is a floating point number. */
static int parse_size(const char **text, struct register_argument *argument)
{
	long long size;

	if (!parse_number(text, &size))
		return -EINVAL;
	if (size < -8 || size > 8)
		return -EOPNOTSUPP;
	argument->is_signed = size < 0;
	size = size < 0 ? -size : size;
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return -EOPNOTSUPP;
	argument->size = (uint8_t)size;
	if (**text == 'f')
		return -EOPNOTSUPP;
	return *(*text)++ == '@' ? 0 : -EINVAL;
}

static int parse_argument(
	enum register_machine machine, const char *text, struct register_argument *ret_argument)
{
	struct register_argument argument = {.index = REGISTER_NONE};
	int r = parse_size(&text, &argument);

	if (r >= 0)
		r = machine == MACHINE_ARM64 ? parse_operand_arm64(&text, &argument)
					     : parse_operand_x86_64(&text, &argument);
	if (r < 0)
		return r;
	if (*text && *text != ' ')
		return -EINVAL;
	*ret_argument = argument;
	return 0;
}

/* Arguments are divided by blanks, which are within brackets too. */
static const char *skip_argument(const char *text)
{
	bool within = false;

	for (; *text && (*text != ' ' || within); text++)
		within = *text == '[' || (within && *text != ']');
	return text + strspn(text, " ");
}

int usdt_argument_parse(enum register_machine machine, const char *arguments, uint32_t index,
	struct register_argument *ret_argument)
{
	arguments += strspn(arguments, " ");
	for (uint32_t i = 0; i < index && *arguments; i++)
		arguments = skip_argument(arguments);
	return *arguments ? parse_argument(machine, arguments, ret_argument) : -ENOENT;
}
