/* SPDX-License-Identifier: Apache-2.0 */
/* The registration thread's whole state. Everything in here but the two queues and the counters is
 * touched by that thread alone, and before it runs by registration_start(). */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/registration/command_queue.h"
#include "daemon/registration/kept_state.h"
#include "daemon/registration/known.h"
#include "daemon/registration/message_queue.h"
#include "daemon/registration/metadata_worker.h"
#include "daemon/registration/registration.h"
#include "daemon/registration/verify.h"

struct hook_server;

/* What stands behind a descriptor of the event loop. */
struct event_source {
	void (*handle)(
		struct registration *registration, struct event_source *source, uint32_t events);
};

struct registration {
	const struct config *config;
	struct registration_maps maps;
	char mount_point[256]; /* of cgroup v2, "" when there is none */
	struct known_containers known;
	struct kept_state kept;
	int spool_fd;
	uint64_t last_generation;
	struct metadata_worker *worker;
	struct hook_server *server;

	struct message_queue messages;
	struct command_queue commands;
	struct registration_counters counters; /* by registration_count() */

	int epoll_fd, inotify_fd;
	struct event_source command_source, worker_source, spool_source;
	pthread_t thread;
	bool thread_runs, stop;
};

/* registration_count(registration, accepted): others read while this thread writes */
#define registration_count(registration, name)                                                     \
	__atomic_fetch_add(&(registration)->counters.name, 1, __ATOMIC_RELAXED)

static inline struct verify_environment registration_environment(
	const struct registration *registration)
{
	return (struct verify_environment){
		.known = &registration->known,
		.maps = &registration->maps,
		.mount_point = registration->mount_point,
	};
}
