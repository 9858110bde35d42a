/* SPDX-License-Identifier: Apache-2.0 */
/* Filters are parsed where they are configured, so that a mistake is told with its place in the
 * file. */
#pragma once

#include "daemon/config_keys.h"
#include "lib/error.h"

/* `text` of a key of type CONFIG_JSON. Messages begin with LINE:COLUMN in `text`. */
int config_filters_check(const struct config_key *key, const char *text, struct error *error);
