/* SPDX-License-Identifier: Apache-2.0 */
/* Closing a descriptor that a stranger sent. close(2) of a file on FUSE asks its server and waits
 * for the answer, for ever if the sender so wishes: such a close gets a thread of its own. */
#pragma once

#include <stdbool.h>

#define DESCRIPTOR_DISPOSALS_MAX 16 /* closes under way at once */

/* A pidfd is the one kind that is closed at once, since the kernel alone stands behind it. */
bool descriptor_is_pidfd(int fd);
/* Takes `fd` over. Left open, and counted as under way, when no thread can be had. */
void descriptor_dispose(int fd);
/* False when DESCRIPTOR_DISPOSALS_MAX are under way: then no more should be received. */
bool descriptor_disposal_has_room(void);
