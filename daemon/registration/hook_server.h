/* SPDX-License-Identifier: Apache-2.0 */
/* The hook socket: anybody may connect, so everything about a connection is bounded. */
#pragma once

#include <stdint.h>

#include "daemon/registration/registration_internal.h"

#define HOOK_CONNECTIONS_MAX	     128  /* beyond, they wait in the socket's backlog */
#define HOOK_CONNECTIONS_USERS_MAX   32	  /* of other users than root together; more are closed */
#define HOOK_CONNECTIONS_PER_UID_MAX 8	  /* of one other user; more are closed */
#define HOOK_RECEIVE_TIMEOUT_MS	     1000 /* to send the message; then closed and counted */
#define HOOK_METADATA_TIMEOUT_MS     5000 /* the worker answers by its deadline; should it ever not */

/* `listen_fd`: from systemd, or -1 to make RUNTIME_DIR/hook.sock. It is listening at once; nothing
 * is accepted before the event loop runs. */
int hook_server_new(struct registration *registration, int listen_fd,
	struct hook_server **ret_server, struct error *error);
/* Removes the socket's file if it was made here. Accepts NULL. */
struct hook_server *hook_server_free(struct hook_server *server);

/* Answer the hooks that wait for this container. */
void hook_server_ready(
	struct registration *registration, uint64_t container_id, uint64_t generation);
/* For epoll_wait(): until the next connection times out, -1 when there is none. */
int hook_server_timeout_ms(const struct hook_server *server);
void hook_server_close_expired(struct registration *registration);
