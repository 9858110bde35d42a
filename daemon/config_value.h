/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration values: text to field and back. */
#pragma once

#include <stdio.h>

#include "daemon/config_keys.h"
#include "lib/buf.h"
#include "lib/error.h"

/* -EINVAL with `section.key: what is wrong, allowed: …`; the field is then as it was. */
int config_value_set(struct config *config, const struct config_key *key, const char *value,
	struct error *error);
/* As a file would have it; JSON keeps its lines, all but the first indented. */
void config_value_format(
	const struct config *config, const struct config_key *key, struct buf *buf);
/* -EINVAL: `section.key: "value" is not valid, allowed: …`. */
int config_value_wrong(
	const struct config_key *key, const char *value, const char *allowed, struct error *error);
void config_value_free(struct config *config, const struct config_key *key);
