/* SPDX-License-Identifier: Apache-2.0 */
/* conmon, the monitor of podman and CRI-O, is an ancestor of the hook while the container is being
 * created, and its command line has the container's name, which the state has not. */
#pragma once

#include "lib/buf.h"

#define CONMON_ANCESTORS_MAX 16

/* Append its command line, a NUL after each argument, at most HOOK_CONMON_MAX bytes of whole
 * arguments. -ENOENT when there is no such ancestor. */
int conmon_command_line(struct buf *buf);
