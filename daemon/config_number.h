/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration values that are numbers: counts, sizes, times, access modes. */
#pragma once

#include "daemon/config_keys.h"
#include "lib/buf.h"
#include "lib/error.h"

int config_number_set(struct config *config, const struct config_key *key, const char *value,
	struct error *error);
/* In the largest unit that divides it. */
void config_number_format(
	const struct config *config, const struct config_key *key, struct buf *buf);
