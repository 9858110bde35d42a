/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of tallymand. */
#pragma once

#include <stdbool.h>

#include "daemon/config.h"

/* Read flags and the configuration they name. Returns 0 to go on, 1 when all is done (--help,
 * --check-config …), or a negative errno after saying why on stderr (-EINVAL: usage). */
int options_parse(int argc, char **argv, struct config **ret_config);
