/* SPDX-License-Identifier: Apache-2.0 */
/* malloc, calloc and realloc that fail on demand. The program is linked with
 * $(failing_memory_ldflags), which sends every call made in our own objects here; those inside
 * shared libraries stay as they are. */
#pragma once

#include <stdbool.h>

/* Let `count` allocations succeed and every later one fail. */
void memory_fail_after(unsigned count);
/* Back to normal; whether one was refused since memory_fail_after(). */
bool memory_restore(void);
