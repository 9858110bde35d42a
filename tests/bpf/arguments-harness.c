/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bpf/arguments-harness.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "tests/bpf/arguments.skel.h"

static unsigned int count, failed;

void diag(const char *format, ...)
{
	va_list arguments;

	printf("# ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

void ok(bool good, const char *format, ...)
{
	va_list arguments;

	failed += !good;
	printf("%s %u - ", good ? "ok" : "not ok", ++count);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

int finish(void)
{
	printf("1..%u\n", count);
	return failed != 0;
}

static const struct btf *kernel_types(void)
{
	static struct btf *types;

	if (!types)
		types = btf__load_vmlinux_btf();
	if (!types) {
		printf("Bail out! no BTF\n");
		exit(1);
	}
	return types;
}

/* Set by what the test does on top of it: everything is read both ways. */
bool read_by_helpers;

static bool have_rdonly_cast(void)
{
	return !read_by_helpers &&
	       btf__find_by_name_kind(kernel_types(), "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
}

/* Maps of the headers that nothing here uses; not every kernel has all of their types. */
static void leave_out_others(struct arguments_bpf *object)
{
	bpf_map__set_autocreate(object->maps.tasks, false);
	bpf_map__set_autocreate(object->maps.tasks_by_tid, false);
	bpf_map__set_autocreate(object->maps.containers, false);
}

static struct arguments_bpf *load(const struct reading *reading, const char *name)
{
	struct arguments_bpf *object = arguments_bpf__open();
	struct bpf_program *program;

	if (!object)
		exit(1);
	bpf_object__for_each_program(program, object->obj)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
	leave_out_others(object);
	object->rodata->arguments_count = reading->count ? reading->count : 1;
	memcpy((void *)object->rodata->hook_arguments, reading->arguments,
		sizeof(reading->arguments));
	for (size_t i = 0; i < object->rodata->arguments_count; i++)
		object->rodata->hook_readers |= 1ULL << reading->arguments[i].reader;
	object->rodata->have_rdonly_cast = have_rdonly_cast();
	for (size_t i = 0; i < HOOK_ARGUMENTS_ALL; i++)
		object->rodata->hook_has_max_data |=
			!!(reading->arguments[i].flags & ARGUMENT_MAX_DATA);
	object->rodata->only_pid = reading->only_pid;
	object->rodata->memory_raws = reading->memory_raws;
	object->rodata->memory_words_count = reading->memory_words_count;
	memcpy((void *)object->rodata->memory_words, reading->memory_words,
		sizeof(reading->memory_words));
	if (arguments_bpf__load(object)) {
		printf("Bail out! the kernel refuses %s\n", name);
		exit(1);
	}
	if (bpf_map_update_elem(
		    bpf_map__fd(object->maps.memories), &(uint32_t){0}, reading->memory, BPF_ANY))
		exit(1);
	return object;
}

unsigned long instructions_of_all(const char *name)
{
	static char log[1 << 20];
	struct arguments_bpf *object = arguments_bpf__open();
	struct bpf_program *program;
	unsigned long sum = 0;
	char *at;

	if (!object)
		return 0;
	bpf_object__for_each_program(program, object->obj)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
	program = bpf_object__find_program_by_name(object->obj, name);
	bpf_program__set_log_level(program, 4); /* only the count */
	bpf_program__set_log_buf(program, log, sizeof(log));
	leave_out_others(object);
	object->rodata->arguments_count = HOOK_ARGUMENTS_ALL;
	object->rodata->have_rdonly_cast = have_rdonly_cast();
	object->rodata->hook_readers = ~0ULL;
	object->rodata->hook_has_max_data = true;
	at = arguments_bpf__load(object) ? NULL : strstr(log, "processed ");
	if (!at && *log)
		diag("%s", log);
	arguments_bpf__destroy(object);
	/* "4830+192+2273": since 7.0 one number for each function */
	for (at = at ? at + strlen("processed ") : NULL; at; at = *at == '+' ? at + 1 : NULL)
		sum += strtoul(at, &at, 10);
	return sum;
}

static int take_piece(void *context, void *data, size_t size)
{
	const struct hit_data_record *piece = data;
	struct reading *reading = context;

	if (size < sizeof(*piece) || piece->header.kind != RECORD_HIT_DATA || piece->argument)
		return 0;
	if (!reading->pieces_end)
		reading->pieces_begin = reading->pieces_end = piece->offset;
	if (piece->offset != reading->pieces_end ||
		piece->offset + piece->length > sizeof(reading->pieces)) {
		diag("a piece at %u after %u", piece->offset, reading->pieces_end);
		return 0;
	}
	memcpy(reading->pieces + piece->offset, piece + 1, piece->length);
	reading->pieces_end += piece->length;
	return 0;
}

static void take_pieces(struct arguments_bpf *object, struct reading *reading)
{
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(object->maps.ring), take_piece, reading, NULL);

	reading->pieces_begin = reading->pieces_end = 0;
	if (!ring)
		exit(1);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
}

static bool take(struct arguments_bpf *object, struct reading *reading)
{
	uint32_t zero = 0;

	memset(&reading->slot, 0, sizeof(reading->slot));
	take_pieces(object, reading);
	return object->bss->seen &&
	       !bpf_map_lookup_elem(bpf_map__fd(object->maps.slots_seen), &zero, &reading->slot);
}

void read_given(struct reading *reading)
{
	struct arguments_bpf *object = load(reading, "read_given");
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = reading->raw,
		.ctx_size_in = sizeof(reading->raw));

	if (bpf_prog_test_run_opts(bpf_program__fd(object->progs.read_given), &options) ||
		!take(object, reading)) {
		printf("Bail out! cannot run a program: %s\n", strerror(errno));
		exit(1);
	}
	arguments_bpf__destroy(object);
}

bool read_in_tracepoint(
	struct reading *reading, const char *name, void (*act)(void *context), void *context)
{
	struct arguments_bpf *object = load(reading, name);
	struct bpf_program *program = bpf_object__find_program_by_name(object->obj, name);
	struct bpf_link *link = bpf_program__attach(program);
	bool seen;

	if (!link) {
		printf("Bail out! cannot attach %s: %s\n", name, strerror(errno));
		exit(1);
	}
	act(context);
	seen = take(object, reading);
	bpf_link__destroy(link);
	arguments_bpf__destroy(object);
	return seen;
}

const char *argument_bytes(const struct reading *reading, size_t index)
{
	return &reading->slot.data[reading->slot.record.arguments[index].offset];
}

bool is_bytes(const struct reading *reading, size_t index, const void *bytes, size_t length)
{
	const struct hit_argument *argument = &reading->slot.record.arguments[index];

	if (argument->status == ARGUMENT_READ && argument->length == length &&
		argument->offset % 8 == 0 && !memcmp(argument_bytes(reading, index), bytes, length))
		return true;
	diag("status %u, length %u instead of %zu: %.*s", argument->status, argument->length,
		length, (int)argument->length, argument_bytes(reading, index));
	return false;
}

bool is_text(const struct reading *reading, size_t index, const char *text)
{
	return is_bytes(reading, index, text, strlen(text));
}

bool is_status(const struct reading *reading, size_t index, enum argument_status status)
{
	if (reading->slot.record.arguments[index].status == status)
		return true;
	diag("status %u", reading->slot.record.arguments[index].status);
	return false;
}

struct reading *new_reading(enum argument_reader reader)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (!reading)
		exit(1);
	for (size_t i = 0; i < HOOK_ARGUMENTS_ALL; i++)
		reading->arguments[i] = (struct hook_argument){
			.reader = reader,
			.size_raw = HOOK_NO_SIZE,
		};
	return reading;
}

/* Members of unions and structures without a name are their surroundings' too. -1: not there. */
static long member_bits(const struct btf_type *type, const char *member)
{
	const struct btf *types = kernel_types();
	const struct btf_member *members = btf_members(type);

	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		const char *name = btf__name_by_offset(types, members[i].name_off);
		const struct btf_type *inner = btf__type_by_id(types, members[i].type);
		long bits;

		if (!strcmp(name, member))
			return btf_member_bit_offset(type, i);
		while (btf_is_mod(inner))
			inner = btf__type_by_id(types, inner->type);
		if (*name || !btf_is_composite(inner))
			continue;
		bits = member_bits(inner, member);
		if (bits >= 0)
			return btf_member_bit_offset(type, i) + bits;
	}
	return -1;
}

bool have_type(const char *type)
{
	return btf__find_by_name_kind(kernel_types(), type, BTF_KIND_STRUCT) > 0;
}

static long find_member(const char *type, const char *member)
{
	int id = btf__find_by_name_kind(kernel_types(), type, BTF_KIND_STRUCT);

	return id < 0 ? -1 : member_bits(btf__type_by_id(kernel_types(), id), member);
}

bool has_member(const char *type, const char *member)
{
	return find_member(type, member) >= 0;
}

uint32_t member_offset(const char *type, const char *member)
{
	long bits = find_member(type, member);

	if (bits < 0) {
		printf("Bail out! no %s in struct %s\n", member, type);
		exit(1);
	}
	return bits / 8;
}

static void resolve_step(struct reading *reading, size_t index, uint32_t step)
{
	struct hook_argument *argument = &reading->arguments[index];

	if (!argument->resolve_count)
		argument->source = ARGUMENT_CURRENT_TASK;
	argument->flags |= ARGUMENT_RESOLVED;
	argument->resolve[argument->resolve_count++] = step;
}

void resolve_pointer(struct reading *reading, size_t index, const char *type, const char *member)
{
	resolve_step(reading, index, RESOLVE_DEREFERENCE | member_offset(type, member));
}

void resolve_member(struct reading *reading, size_t index, const char *type, const char *member)
{
	resolve_step(reading, index, member_offset(type, member));
}

void resolve_file(struct reading *reading, size_t index, int fd)
{
	resolve_pointer(reading, index, "task_struct", "files");
	resolve_pointer(reading, index, "files_struct", "fdt");
	resolve_pointer(reading, index, "fdtable", "fd");
	resolve_step(reading, index, RESOLVE_DEREFERENCE | (uint32_t)fd * sizeof(void *));
}

void resolve_private_data(struct reading *reading, size_t index, int fd)
{
	resolve_file(reading, index, fd);
	resolve_pointer(reading, index, "file", "private_data");
}
