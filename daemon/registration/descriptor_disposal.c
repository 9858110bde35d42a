/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/descriptor_disposal.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/thread.h"

#define DISPOSAL_STACK_BYTES (64 << 10)

static int under_way;

bool descriptor_is_pidfd(int fd)
{
	char link[64], target[32];
	ssize_t length;

	/* Reading the link does not touch the file's file system. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	return !strcmp(target, "anon_inode:[pidfd]") || !strncmp(target, "pidfd:[", 7);
}

static void *close_thread(void *argument)
{
	close((int)(intptr_t)argument);
	__atomic_fetch_sub(&under_way, 1, __ATOMIC_RELEASE);
	return NULL;
}

void descriptor_dispose(int fd)
{
	if (descriptor_is_pidfd(fd)) {
		close(fd);
		return;
	}
	__atomic_fetch_add(&under_way, 1, __ATOMIC_ACQUIRE);
	(void)thread_start_detached(NULL, DISPOSAL_STACK_BYTES, close_thread, (void *)(intptr_t)fd);
}

bool descriptor_disposal_has_room(void)
{
	/* One packet can bring four. */
	return __atomic_load_n(&under_way, __ATOMIC_RELAXED) <= DESCRIPTOR_DISPOSALS_MAX - 4;
}
