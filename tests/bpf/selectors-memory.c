/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/bpf/arguments-harness.h"
#include "tests/bpf/selectors-sample.h"

#define USER_BYTES (1u << 20)

static char *objects;
static uint64_t objects_address;
static size_t objects_bytes, objects_used;
static char *user; /* nothing is mapped after its end */
static size_t user_used;

void objects_use(char *memory, uint64_t address, size_t bytes)
{
	objects = memory;
	objects_address = address;
	objects_bytes = bytes;
	user = mmap(NULL, USER_BYTES + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	if (user == MAP_FAILED || munmap(user + USER_BYTES, 4096))
		exit(1);
	memset(user, 0xa5, USER_BYTES);
}

size_t object_new(size_t size)
{
	size_t at = objects_used;

	objects_used += (size + 15) & ~15ULL;
	if (objects_used > objects_bytes)
		abort();
	memset(objects + at, 0, size);
	return at;
}

void object_put(size_t object, const char *type, const char *member, const void *value, size_t size)
{
	memcpy(objects + object + member_offset(type, member), value, size);
}

uint64_t object_address(size_t object)
{
	return objects_address + object;
}

uint64_t in_object(const char *type, const char *member, uint64_t value, size_t size)
{
	size_t object = object_new(size);

	object_put(object, type, member, &value, sizeof(value));
	return object_address(object);
}

uint64_t place_bytes(const void *bytes, size_t size, bool user_only)
{
	size_t at = user_used;

	if (!user_only && one_in(3)) {
		at = object_new(size + 1);
		memcpy(objects + at, bytes, size);
		return objects_address + at;
	}
	user_used += size;
	if (user_used > USER_BYTES / 2)
		abort();
	if (user_used == size && one_in(2)) /* the first only: others would be on it */
		at = USER_BYTES - size;
	memcpy(user + at, bytes, size);
	return (uintptr_t)user + at;
}

uint64_t nowhere(void)
{
	return one_in(3) ? 0 : (uintptr_t)user + USER_BYTES + random_below(64);
}

void memory_reuse(void)
{
	objects_used = user_used = 0;
}
