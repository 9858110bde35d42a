/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata of known containers: asked of the worker threads, passed on and kept when it comes. */
#pragma once

#include "daemon/registration/admission.h"

/* The container gets READY with the first result, or at once when there will be none. */
void awaited_metadata_ask(struct registration *registration, struct known_container *container,
	const struct admission *admission);
/* Take what the workers have found. `ready` is called for each container whose waiting hook can be
 * answered now. */
void awaited_metadata_take(
	struct registration *registration, void (*ready)(struct registration *registration,
						   uint64_t container_id, uint64_t generation));
