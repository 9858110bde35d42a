/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the directories that engines keep their stores in. */
#pragma once

#include <sys/types.h>

/* Open a directory (O_PATH) by an absolute path. `owner` 0: links on the way are followed first,
 * since /var/run, /var/lib/containers and the like may be links on an honest host; what is opened
 * below must still belong to root. Another owner: no component may be a link, and the directory
 * itself must belong to that uid, so that nobody can claim what stands in another's store. Returns
 * the fd or a negative errno. */
int store_directory_open(const char *path, uid_t owner);
