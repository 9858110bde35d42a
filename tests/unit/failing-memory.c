/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/failing-memory.h"

#include <limits.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *data, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *data, size_t size);

static bool failing, refused;
static unsigned left;

void memory_fail_after(unsigned count)
{
	failing = true;
	refused = false;
	left = count;
}

bool memory_restore(void)
{
	failing = false;
	return refused;
}

static bool may_allocate(void)
{
	if (!failing)
		return true;
	if (left) {
		left--;
		return true;
	}
	refused = true;
	return false;
}

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *data, size_t size)
{
	return may_allocate() ? __real_realloc(data, size) : NULL;
}
