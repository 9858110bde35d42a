/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's own directories below the runtime directory. */
#pragma once

#include <dirent.h>

#include "lib/error.h"

/* Open a directory, made with mode 0700 if it is missing. -EPERM unless it belongs to root or the
 * daemon's user and nobody else may look into it. */
int private_directory_open(const char *path, struct error *error);
/* Read it from the beginning; closedir() leaves `directory_fd` open. NULL and errno on failure. */
DIR *private_directory_stream(int directory_fd);
