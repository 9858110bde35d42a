/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bpf/arguments-harness.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
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

static struct arguments_bpf *load(const struct reading *reading, const char *name)
{
	struct arguments_bpf *object = arguments_bpf__open();
	struct bpf_program *program;

	if (!object)
		exit(1);
	bpf_object__for_each_program(program, object->obj)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
	object->rodata->arguments_count = reading->count ? reading->count : 1;
	memcpy((void *)object->rodata->hook_arguments, reading->arguments,
		sizeof(reading->arguments));
	for (size_t i = 0; i < object->rodata->arguments_count; i++)
		object->rodata->hook_readers |= 1ULL << reading->arguments[i].reader;
	if (arguments_bpf__load(object)) {
		printf("Bail out! the kernel refuses %s\n", name);
		exit(1);
	}
	return object;
}

static bool take(struct arguments_bpf *object, struct reading *reading)
{
	uint32_t zero = 0;

	memset(&reading->slot, 0, sizeof(reading->slot));
	_Static_assert(sizeof(reading->slot) == sizeof(struct hit_slot_seen), "whole slot");
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
