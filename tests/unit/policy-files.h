/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a directory, for tests that read policies. */
#pragma once

#include <stddef.h>

/* Calls `take` with the path of each file below `directory` whose name ends in ".yaml"; returns how
 * many, 0 if there is no such directory. */
size_t for_each_policy_file(const char *directory, void (*take)(const char *path));
/* `name` below the source tree. */
const char *source_path(const char *name, char path[4096]);
