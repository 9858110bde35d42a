/* SPDX-License-Identifier: Apache-2.0 */
/* What the main thread asks of the registration thread. Pushing never waits: a stack that the
 * registration thread takes as a whole. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/cgroup_path.h"

/* Unregistered containers waiting to be looked at; more are passed over (they are events already).
 */
#define COMMAND_DISCOVER_MAX 256

enum command_kind {
	COMMAND_FORGET,
	COMMAND_DISCOVER,
	COMMAND_STOP
};

struct command {
	struct command *next;
	enum command_kind kind;
	uint64_t container_id, generation; /* DISCOVER: cgroup id */
	char *cgroup_path;		   /* DISCOVER */
};

struct command_queue {
	struct command *stack;
	uint32_t discover_count;
	int event_fd;
};

int command_queue_init(struct command_queue *queue);
void command_queue_done(struct command_queue *queue);
/* 0, -ENOMEM or, for DISCOVER, -ENOBUFS. `cgroup_path` is copied, may be NULL. */
int command_queue_push(struct command_queue *queue, enum command_kind kind, uint64_t container_id,
	uint64_t generation, const char *cgroup_path);
/* All that wait, oldest first; the caller frees each with command_free(). Clears the event. */
struct command *command_queue_take_all(struct command_queue *queue);
void command_free(struct command *command);
