/* SPDX-License-Identifier: Apache-2.0 */
/* Places in programs' files: functions and offsets (uprobes), and the probes that programs were
 * built with (usdts). The file is the one that has the path now, seen from the host: the same path
 * in a container's image is another file. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "daemon/policy/place/binary_digest.h"
#include "daemon/policy/place/kernel_types.h"
#include "daemon/policy/place/place.h"
#include "daemon/policy/place/registers.h"
#include "daemon/policy/place/uprobe.h"
#include "daemon/policy/place/usdt.h"
#include "lib/cleanup.h"
#include "lib/elf_file.h"
#include "lib/util.h"
#include "policy/program_words.h"

/* Where Tetragon, which is in a container, has the host's files: policies for it say so. */
#define TETRAGON_HOST_ROOT "/procRoot/1/root/"

/* The file that a policy means, on this host. */
static const char *host_path(const char *path)
{
	size_t prefix = strlen(TETRAGON_HOST_ROOT);

	return strncmp(path, TETRAGON_HOST_ROOT, prefix) ? path : path + prefix - 1;
}

/* Links in the path are the administrator's; a device or FIFO is not even opened. */
static int open_program(const char *path, int *ret_fd, struct error *error)
{
	_cleanup_close_ int place = open(path, O_PATH | O_CLOEXEC);
	char own[UPROBE_PATH_MAX];
	struct stat status;
	int fd;

	if (place < 0 || fstat(place, &status) < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(error, -EINVAL, "%s: is no regular file", path);
	uprobe_path(place, own);
	fd = open(own, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	*ret_fd = fd;
	return 0;
}

static void choose_mechanism(struct hook_place *place)
{
	struct uprobe_abilities abilities;

	uprobe_abilities_probe(&abilities);
	place->has_cookies = abilities.cookies;
	place->mechanism = abilities.multi ? MECHANISM_UPROBE_MULTI : MECHANISM_UPROBE;
}

/* ---- uprobes ---- */

static struct hook_target *last_target(struct hook_place *place)
{
	return &place->targets[place->target_count - 1];
}

/* One place: a function of the file, or FUNCTION+OFFSET inside of one. */
static int add_symbol(const struct policy_text *text, const struct elf_symbols *symbols,
	const struct elf_file *file, struct hook_place *place, struct error *error)
{
	_cleanup_free_ char *name = NULL;
	const struct elf_symbol *symbol;
	uint64_t offset;
	size_t length;
	int r = program_symbol_parse(text, &length, &offset);

	if (r < 0)
		return error_set(error, r, "%s names no place", text->data);
	name = strndup(text->data, length);
	if (!name)
		return -ENOMEM;
	r = elf_symbols_find(symbols, name, &symbol);
	if (r == -ENOTUNIQ)
		return error_set(error, r, "has several functions %s: give an offset", name);
	if (r < 0)
		return error_set(error, r, "has no function %s", name);
	if (symbol->indirect)
		return error_set(error, -EINVAL,
			"%s is not called: it chooses the function that is, once when a program "
			"starts (IFUNC)",
			name);
	if (symbol->size && offset >= symbol->size)
		return error_set(error, -EINVAL,
			"%s is outside of the function: it has %" PRIu64 " bytes", text->data,
			symbol->size);
	r = hook_place_add_target(place, text->data, 0, error);
	if (r < 0)
		return r;
	if (elf_file_offset(file, symbol->address + offset, &last_target(place)->offset) < 0)
		return error_set(error, -ENOEXEC, "%s is outside of the file", text->data);
	return 0;
}

static int add_symbols(const struct policy_hook *hook, const struct elf_file *file,
	struct hook_place *place, struct error *error)
{
	_cleanup_(elf_symbols_done) struct elf_symbols symbols = {};
	int r;

	if (!hook->symbols.count)
		return 0;
	r = elf_file_symbols(file, ELF_TABLES_MAX, &symbols);
	if (r < 0)
		return error_set(error, r,
			r == -ENOENT ? "has no symbols: give offsets"
				     : "its symbols cannot be read");
	for (size_t i = 0; i < hook->symbols.count && r >= 0; i++)
		r = add_symbol(&hook->symbols.items[i], &symbols, file, place, error);
	return r;
}

static int add_offset(
	struct hook_place *place, uint64_t offset, uint64_t written, struct error *error)
{
	char name[HOOK_TARGET_MAX];
	int r;

	snprintf(name, sizeof(name), "%#" PRIx64, written);
	r = hook_place_add_target(place, name, 0, error);
	if (r >= 0)
		last_target(place)->offset = offset;
	return r;
}

static int add_offsets(const struct policy_hook *hook, const struct elf_file *file,
	struct hook_place *place, struct error *error)
{
	int r = 0;

	for (size_t i = 0; i < hook->offsets.count && r >= 0; i++) {
		uint64_t offset = (uint64_t)hook->offsets.items[i], address;

		if (elf_file_address(file, offset, &address) < 0)
			return error_set(error, -EINVAL,
				"offset %#" PRIx64 " is in no segment of the file", offset);
		r = add_offset(place, offset, offset, error);
	}
	for (size_t i = 0; i < hook->addrs.count && r >= 0; i++) {
		uint64_t address = (uint64_t)hook->addrs.items[i], offset;

		if (elf_file_offset(file, address, &offset) < 0)
			return error_set(error, -EINVAL,
				"address %#" PRIx64 " is in no segment of the file", address);
		r = add_offset(place, offset, offset, error);
	}
	for (size_t i = 0; i < hook->ref_ctr_offsets.count && r >= 0; i++)
		place->targets[i].reference_counter_offset =
			(uint64_t)hook->ref_ctr_offsets.items[i];
	return r;
}

/* ---- arguments: each has a raw[] of its own ---- */

struct program_arguments {
	const struct policy_hook *hook;
	struct hook_place *place;
	const struct usdt_locations *locations; /* of usdts, one for each target */
	struct kernel_types *types;		/* the kernel's */
	struct kernel_types own_types;		/* the program's: btfPath */
};

static int take_raw(struct hook_place *place, struct error *error)
{
	if (place->raw_count == HOOK_RAW_RETURN)
		return error_set(error, -E2BIG, "more than %d values are used", HOOK_RAW_RETURN);
	return (int)place->raw_count++;
}

static int put_register(struct hook_place *place, int raw, int offset)
{
	for (size_t i = 0; i < place->target_count; i++)
		place->targets[i].registers[raw] = (struct register_argument){
			.kind = REGISTER_VALUE, .size = 8, .base = (uint16_t)offset};
	return 0;
}

/* A probe's argument can be in another place at each of its locations. */
static int put_probe_argument(
	const struct program_arguments *arguments, int raw, int64_t index, struct error *error)
{
	struct hook_place *place = arguments->place;

	for (size_t i = 0; i < place->target_count; i++) {
		const char *list = arguments->locations->items[i].arguments;
		int r = usdt_argument_parse(
			MACHINE_NATIVE, list, (uint32_t)index, &place->targets[i].registers[raw]);

		if (r == -ENOENT)
			return error_set(error, -EINVAL,
				"index %lld: the probe has fewer arguments: \"%.200s\"",
				(long long)index, list);
		if (r < 0)
			return error_set(error, r, "index %lld: %s: \"%.200s\"", (long long)index,
				r == -EOPNOTSUPP ? "where the argument is cannot be read"
						 : "the argument's place is not understood",
				list);
	}
	return 0;
}

/* raw[] for argument `index` of the function or probe. */
static int put_value(const struct program_arguments *arguments, int64_t index, struct error *error)
{
	int raw = take_raw(arguments->place, error), offset, r;

	if (raw < 0)
		return raw;
	if (arguments->hook->kind == POLICY_USDT) {
		r = put_probe_argument(arguments, raw, index, error);
	} else {
		offset = register_of_argument(MACHINE_NATIVE, (uint32_t)index);
		if (offset < 0)
			return error_set(error, -EINVAL,
				"index %lld: only arguments in registers can be read: on this "
				"machine the first %d",
				(long long)index, MACHINE_NATIVE == MACHINE_ARM64 ? 8 : 6);
		r = put_register(arguments->place, raw, offset);
	}
	return r < 0 ? r : raw;
}

static int put_named_register(const struct program_arguments *arguments,
	const struct policy_argument *argument, struct error *error)
{
	int raw = take_raw(arguments->place, error), offset;

	if (raw < 0)
		return raw;
	offset = register_offset(MACHINE_NATIVE, argument->resolve.data);
	if (offset < 0)
		return error_set(error, -EINVAL, "resolve: this machine has no register %s",
			argument->resolve.data);
	put_register(arguments->place, raw, offset);
	return raw;
}

/* What a probe's `auto` is. */
static enum policy_argument_type type_of(const struct register_argument *argument)
{
	switch (argument->size) {
	case 1:
		return argument->is_signed ? POLICY_TYPE_INT8 : POLICY_TYPE_UINT8;
	case 2:
		return argument->is_signed ? POLICY_TYPE_INT16 : POLICY_TYPE_UINT16;
	case 4:
		return argument->is_signed ? POLICY_TYPE_INT32 : POLICY_TYPE_UINT32;
	default:
		return argument->is_signed ? POLICY_TYPE_INT64 : POLICY_TYPE_UINT64;
	}
}

/* Of `resolve`, unless it begins at the kernel's task: the program's own types. */
static int types_of(struct program_arguments *arguments, const struct policy_argument *argument,
	struct kernel_types **ret_types, struct error *error)
{
	const char *path =
		arguments->hook->btf_path.length ? host_path(arguments->hook->btf_path.data) : NULL;

	*ret_types = arguments->types;
	if (!argument->resolve.length || argument->value_source != POLICY_SOURCE_CALL)
		return 0;
	if (!arguments->hook->btf_path.length)
		return error_set(error, -EINVAL,
			"resolve: a program's types are needed: btfPath says where they are");
	if (!arguments->own_types.btf) {
		arguments->own_types.of_program = true;
		arguments->own_types.btf = btf__parse(path, NULL);
		if (!arguments->own_types.btf)
			return error_set(error, -errno, "btfPath %s: %s", path, strerror(errno));
	}
	*ret_types = &arguments->own_types;
	return 0;
}

static int put_argument(struct program_arguments *arguments, uint32_t index,
	const struct policy_argument *argument, struct error *error)
{
	struct hook_place *place = arguments->place;
	struct policy_argument copy = *argument;
	struct kernel_types *types;
	int raw = HOOK_RAW_RETURN, r;

	r = types_of(arguments, argument, &types, error);
	if (r < 0)
		return r;
	if (argument->value_source == POLICY_SOURCE_PT_REGS)
		raw = put_named_register(arguments, argument, error);
	else if (argument->value_source == POLICY_SOURCE_CALL && index != HOOK_RETURN_ARGUMENT)
		raw = put_value(arguments, argument->index, error);
	if (raw < 0)
		return raw;
	if (arguments->hook->kind == POLICY_USDT && copy.type == POLICY_TYPE_AUTO &&
		argument->value_source == POLICY_SOURCE_CALL && place->target_count)
		copy.type = (int)type_of(&place->targets->registers[raw]);
	place->arguments[index].raw = (uint8_t)raw;
	r = hook_place_argument(place, index, &copy, types, 0, error);
	if (r < 0 || argument->size_arg_index <= 0)
		return r;
	raw = put_value(arguments, argument->size_arg_index - 1, error);
	if (raw < 0)
		return raw;
	place->arguments[index].size_raw = (uint8_t)raw;
	return 0;
}

static int put_arguments(struct program_arguments *arguments, struct error *error)
{
	const struct policy_hook *hook = arguments->hook;
	const struct policy_argument *argument;
	int r = 0;

	for (uint32_t i = 0; r >= 0 && (argument = hook_argument_at(hook, i)); i++)
		r = put_argument(arguments, i, argument, error);
	if (r >= 0 && hook->return_arg.source)
		r = put_argument(arguments, HOOK_RETURN_ARGUMENT, &hook->return_arg, error);
	btf__free(arguments->own_types.btf);
	return r;
}

/* One program for all targets must find its arguments in the same place at each, and needs to be
 * told where it is. */
static bool targets_differ(const struct hook_place *place)
{
	for (size_t i = 1; i < place->target_count; i++)
		if (memcmp(place->targets[i].registers, place->targets[0].registers,
			    sizeof(place->targets[0].registers)))
			return true;
	return false;
}

static int find_in_file(const struct policy_hook *hook, struct kernel_types *types,
	const struct elf_file *file, struct hook_place *place, struct error *error)
{
	_cleanup_(usdt_locations_done) struct usdt_locations locations = {};
	struct program_arguments arguments = {
		.hook = hook, .place = place, .locations = &locations, .types = types};
	int r = 0;

	if (!elf_file_is_for_this_machine(file))
		return error_set(error, -ENOEXEC, "is a program of another machine");
	if (hook->kind == POLICY_UPROBE) {
		r = add_symbols(hook, file, place, error);
		if (r >= 0)
			r = add_offsets(hook, file, place, error);
	} else {
		r = usdt_locations_find(
			file, hook->provider.data, hook->name.data, &locations, error);
		for (size_t i = 0; i < locations.count && r >= 0; i++) {
			r = add_offset(
				place, locations.items[i].offset, locations.items[i].offset, error);
			if (r >= 0)
				last_target(place)->reference_counter_offset =
					locations.items[i].semaphore;
		}
	}
	return r < 0 ? r : put_arguments(&arguments, error);
}

int hook_place_program(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, struct error *error)
{
	_cleanup_elf_file_ struct elf_file *file = NULL;
	int r = open_program(host_path(hook->path.data), &place->file, error);

	if (r < 0)
		return r;
	place->has_file = true;
	choose_mechanism(place);
	r = elf_file_open(place->file, &file, error);
	if (r >= 0)
		r = binary_digests_check(hook, place->file, file, error);
	if (r >= 0)
		r = find_in_file(hook, types, file, place, error);
	if (r == -EKEYREJECTED && hook->ignore_digest_verification_failure)
		return 0; /* a hook that is nowhere */
	if (r < 0)
		return error_wrap(error, "%s", hook->path.data);
	place->is_single =
		targets_differ(place) || (!place->has_cookies && place->target_count > 1);
	return 0;
}
