/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers of a policy's arguments against this kernel: each is given something made here, and
 * what it says of it is compared. Writes TAP.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bpf/arguments-harness.h"

#define INSTRUCTIONS_MAX 200000 /* the verifier takes a million */

static void test_integers(void)
{
	static const struct {
		const char *name;
		uint64_t raw, expected;
		uint8_t size;
		bool is_signed;
	} cases[] = {
		{"int8 of a dirty register", 0xabcdef80, (uint64_t)-128, 1, true},
		{"uint8 of a dirty register", 0xabcdef80, 0x80, 1, false},
		{"int16", 0xffff8000, (uint64_t)-32768, 2, true},
		{"uint16", 0xffff8000, 0x8000, 2, false},
		{"int32", 0xdead0000ffffffff, (uint64_t)-1, 4, true},
		{"uint32", 0xdead0000ffffffff, 0xffffffff, 4, false},
		{"int64", (uint64_t)-5, (uint64_t)-5, 8, true},
		{"uint64", UINT64_MAX, UINT64_MAX, 8, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct reading reading = {0};
		const struct hit_argument *argument = &reading.slot.record.arguments[0];

		reading.arguments[0] = (struct hook_argument){
			.reader = ARGUMENT_INTEGER,
			.size = cases[i].size,
			.is_signed = cases[i].is_signed,
		};
		reading.raw[0] = cases[i].raw;
		read_given(&reading);
		ok(argument->status == ARGUMENT_READ && argument->integer == cases[i].expected,
			"%s is %lld", cases[i].name, (long long)argument->integer);
	}
}

static void test_strings(void)
{
	static char longest[HIT_ARGUMENT_MAX + 100];
	struct reading reading = {.arguments[0].reader = ARGUMENT_STRING};
	const struct hit_argument *argument = &reading.slot.record.arguments[0];
	char *absent;

	reading.raw[0] = (uintptr_t) "/etc/passwd";
	read_given(&reading);
	ok(is_text(&reading, 0, "/etc/passwd"), "a string");

	reading.raw[0] = (uintptr_t) "";
	read_given(&reading);
	ok(is_text(&reading, 0, ""), "an empty string");

	memset(longest, 'x', sizeof(longest) - 1);
	reading.raw[0] = (uintptr_t)longest;
	read_given(&reading);
	ok(argument->status == ARGUMENT_CUT && argument->length == HIT_ARGUMENT_MAX - 1 &&
			argument->size == argument->length &&
			!memcmp(argument_bytes(&reading, 0), longest, HIT_ARGUMENT_MAX - 1),
		"a string too long is cut, and says so");

	longest[HIT_ARGUMENT_MAX - 1] = 0;
	read_given(&reading);
	ok(is_text(&reading, 0, longest), "the longest string is whole");

	reading.raw[0] = 0;
	read_given(&reading);
	ok(argument->status == ARGUMENT_UNREADABLE && !reading.slot.incomplete,
		"NULL is unreadable, and not awaited");

	absent = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reading.raw[0] = (uintptr_t)absent;
	read_given(&reading);
	ok(argument->status == ARGUMENT_UNREADABLE && reading.slot.incomplete,
		"a page that is not there is unreadable, and awaited");
}

static void test_buffers(void)
{
	static char bytes[3 * HIT_ARGUMENT_MAX];
	struct reading reading = {.count = 6};
	const struct hit_argument *arguments = reading.slot.record.arguments;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	for (size_t i = 0; i < 6; i++)
		reading.arguments[i] = (struct hook_argument){
			.reader = ARGUMENT_CHAR_BUF,
			.raw = 0,
			.size_raw = i + 1,
		};
	reading.raw[0] = (uintptr_t)bytes;
	reading.raw[1] = 13;
	reading.raw[2] = 0;
	reading.raw[3] = sizeof(bytes);
	reading.raw[4] = (uint64_t)-EFAULT;
	reading.raw[5] = 7;
	reading.raw[6] = HIT_ARGUMENT_MAX;
	read_given(&reading);
	ok(is_bytes(&reading, 0, bytes, 13), "13 bytes");
	ok(is_bytes(&reading, 1, bytes, 0), "no bytes");
	ok(arguments[2].status == ARGUMENT_CUT && arguments[2].length == HIT_ARGUMENT_MAX &&
			arguments[2].size == sizeof(bytes) &&
			!memcmp(argument_bytes(&reading, 2), bytes, HIT_ARGUMENT_MAX),
		"a large buffer is cut, and says how large it was");
	ok(is_bytes(&reading, 3, bytes, 0), "an error for a size: no bytes");
	ok(is_bytes(&reading, 4, bytes, 7), "7 bytes after it");
	ok(is_bytes(&reading, 5, bytes, HIT_ARGUMENT_MAX), "as many as there can be");
}

static void test_room(void)
{
	static char bytes[HIT_ARGUMENT_MAX];
	struct reading reading = {.count = HOOK_ARGUMENTS_ALL};
	const struct hit_argument *arguments = reading.slot.record.arguments;
	size_t total = 0;
	bool cut = true;

	for (size_t i = 0; i < HOOK_ARGUMENTS_ALL; i++)
		reading.arguments[i] = (struct hook_argument){
			.reader = ARGUMENT_CHAR_BUF,
			.size_raw = 1,
		};
	memset(bytes, 'b', sizeof(bytes));
	reading.raw[0] = (uintptr_t)bytes;
	reading.raw[1] = sizeof(bytes) - 5;
	read_given(&reading);
	for (size_t i = 0; i < HOOK_ARGUMENTS_ALL; i++) {
		cut = cut && (arguments[i].length == sizeof(bytes) - 5 ||
				     arguments[i].status == ARGUMENT_CUT);
		total += arguments[i].length;
	}
	ok(cut && total <= HIT_DATA_MAX && total > HIT_DATA_MAX - 64 &&
			reading.slot.used <= HIT_DATA_MAX,
		"what has no room any more is cut");
}

static void test_resolve(void)
{
	struct inner {
		char name[16];
		int16_t number;
	} inner = {"Alice", -7};
	struct outer {
		uint64_t other;
		struct inner *inner;
	} outer = {1, &inner}, broken = {1, NULL};
	struct reading reading = {.count = 3};
	const struct hit_argument *arguments = reading.slot.record.arguments;

	reading.arguments[0] = (struct hook_argument){
		.reader = ARGUMENT_STRING,
		.flags = ARGUMENT_RESOLVED,
		.resolve_count = 1,
		.resolve = {RESOLVE_DEREFERENCE | offsetof(struct outer, inner)},
	};
	reading.arguments[1] = (struct hook_argument){
		.reader = ARGUMENT_INTEGER,
		.size = 2,
		.is_signed = true,
		.flags = ARGUMENT_RESOLVED,
		.resolve_count = 2,
		.resolve = {RESOLVE_DEREFERENCE | offsetof(struct outer, inner),
			offsetof(struct inner, number)},
	};
	reading.arguments[2] = reading.arguments[1];
	reading.arguments[2].raw = 1;
	reading.raw[0] = (uintptr_t)&outer;
	reading.raw[1] = (uintptr_t)&broken;
	read_given(&reading);
	ok(is_text(&reading, 0, "Alice"), "a string behind a pointer");
	ok(arguments[1].status == ARGUMENT_READ && (int64_t)arguments[1].integer == -7,
		"a number behind a pointer");
	ok(arguments[2].status == ARGUMENT_UNREADABLE, "a NULL pointer on the way");
}

/* Structures come whole or not at all. */
static void test_room_for_structures(void)
{
	static char bytes[HIT_ARGUMENT_MAX];
	struct reading *reading = new_reading(ARGUMENT_CHAR_BUF);

	reading->count = 5;
	for (size_t i = 0; i < 4; i++)
		reading->arguments[i].size_raw = 1;
	reading->arguments[4].reader = ARGUMENT_CRED;
	resolve_pointer(reading, 4, "task_struct", "cred");
	memset(bytes, 'b', sizeof(bytes));
	reading->raw[0] = (uintptr_t)bytes;
	reading->raw[1] = sizeof(bytes) - 8;
	read_given(reading);
	ok(is_status(reading, 4, ARGUMENT_UNREADABLE), "no half of a structure");
	free(reading);
}

/* All readers in one hook. */
static void test_verifier(const char *program)
{
	unsigned long instructions = instructions_of_all(program);

	ok(instructions && instructions < INSTRUCTIONS_MAX, "%s is verified with %lu instructions",
		program, instructions);
}

int main(void)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* before 5.11, and for the next */
	mlockall(MCL_CURRENT);		       /* what is to be read is there */
	test_integers();
	test_strings();
	test_buffers();
	test_room();
	test_room_for_structures();
	test_resolve();
	test_paths();
	diag("the same by helpers only");
	read_by_helpers = true;
	test_paths();
	test_sockets();
	test_verifier("read_given");
	test_verifier("verified_kprobe");
	read_by_helpers = false;
	test_sockets();
	test_addresses();
	test_packets();
	test_pieces();
	test_credentials();
	test_loading();
	test_verifier("read_given");
	test_verifier("verified_kprobe");
	return finish();
}
