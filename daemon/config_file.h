/* SPDX-License-Identifier: Apache-2.0 */
/* One configuration file. */
#pragma once

#include <stddef.h>

#include "daemon/config.h"
#include "lib/error.h"

#define CONFIG_FILE_MAX (1u << 20) /* bytes */
#define CONFIG_LINE_MAX 65536

/* Set what the file sets. `error` begins with file:line. -ENOENT when there is no such file. */
int config_file_read(struct config *config, const char *path, struct error *error);
/* The same for text that was read already; `path` is only for messages. */
int config_file_parse(struct config *config, const char *path, const char *text, size_t length,
	struct error *error);
