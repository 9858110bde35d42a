/* SPDX-License-Identifier: Apache-2.0 */
/* What the main thread is told of a container it has been given before. */
#pragma once

#include "daemon/registration/registration_internal.h"

/* `metadata`: of UPDATED, taken over; NULL for the other kinds. */
void notice_send(struct registration *registration, enum registration_message_kind kind,
	const struct known_container *container, struct container_metadata *metadata);
/* READY, once for each container. */
void notice_ready(struct registration *registration, struct known_container *container);
