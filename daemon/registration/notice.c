/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/notice.h"

#include <stdlib.h>

#include "daemon/log.h"

/* READY, ENDED, UPDATED. When there is no memory even for that, the main thread learns of the end
 * by itself, and goes without the metadata. */
void notice_send(struct registration *registration, enum registration_message_kind kind,
	const struct known_container *container, struct container_metadata *metadata)
{
	struct registration_message *message = calloc(1, sizeof(*message));

	if (!message) {
		log_error("no memory to pass on what is known of container %s",
			container->record->id);
		return;
	}
	message->kind = kind;
	message->container_id = container->record->cgroup_id;
	message->generation = container->record->generation;
	if (metadata) {
		message->metadata = *metadata;
		*metadata = (struct container_metadata){};
	}
	message_queue_push(&registration->messages, message);
}

void notice_ready(struct registration *registration, struct known_container *container)
{
	if (container->ready)
		return;
	container->ready = true;
	notice_send(registration, REGISTRATION_READY, container, NULL);
}
