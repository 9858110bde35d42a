/* SPDX-License-Identifier: Apache-2.0 */
/* CRI-O runs no hook for a pod's sandbox. Its cgroup stands beside its containers', and each of
 * them names it. */
#pragma once

#include "daemon/registration/registration_internal.h"
#include "oci/state.h"

/* Register the sandbox of `container` if it is CRI-O's, has one, and that is not known yet. Nothing
 * is lost but the sandbox's name when it cannot be found: many pods have no process in it. */
void sandbox_register(struct registration *registration, const struct oci_state *state,
	const struct known_container *container);
/* The bundle of the sandbox of the container with `bundle`: a sibling. -EINVAL for another layout.
 */
int sandbox_bundle(const char *bundle, const char *sandbox_id, char **ret_bundle);
