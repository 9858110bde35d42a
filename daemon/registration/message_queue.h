/* SPDX-License-Identifier: Apache-2.0 */
/* The queue from the registration thread to the main thread. Its lock is held for a few
 * instructions only, never over a system call that can wait. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/registration/registration.h"

/* New containers are refused beyond this many waiting messages, so that a main thread that does not
 * take them bounds the memory. What follows a container already in there is always let in. */
#define MESSAGE_QUEUE_ADDED_MAX (2 * CONTAINERS_MAX)

struct message_queue {
	pthread_mutex_t lock;
	struct registration_message *first, **tail;
	size_t length; /* read without the lock by message_queue_pending() */
	int event_fd;  /* readable while length is not 0 */
};

int message_queue_init(struct message_queue *queue);
/* Frees what still waits. */
void message_queue_done(struct message_queue *queue);
bool message_queue_has_room(const struct message_queue *queue);
/* Takes the message over. */
void message_queue_push(struct message_queue *queue, struct registration_message *message);
struct registration_message *message_queue_take(struct message_queue *queue);
bool message_queue_pending(const struct message_queue *queue);
