/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the administrator wants this container not to start when it cannot be registered. */
#pragma once

#include "hook/hook_config.h"
#include "oci/state.h"

/* The first rule that applies to the container, or NULL. `state` NULL: it could not be read, and
 * every rule that would have to look into it applies: a container must not get out of a rule by a
 * state that is too long. */
const struct hook_rule *require_rule(
	const struct hook_config *config, const struct oci_state *state, uid_t uid);
