/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of the control socket: its buffers, what call is in progress, and the turns it
 * takes on the event loop. What the calls mean is in methods.c and policy_methods.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/api/control.h"
#include "daemon/api/varlink.h"

/* Replies of one client that wait to be read; its calls are not looked at beyond. */
#define CLIENT_OUTPUT_MAX ((size_t)2 << 20)
/* A list's reply of this size is one piece; the next is made when that one is on its way. */
#define CLIENT_PIECE ((size_t)64 << 10)
/* Calls answered before the loop has its turn again. */
#define CLIENT_CALLS_PER_TURN 8

_Static_assert(CLIENT_OUTPUT_MAX >= SUBSCRIBER_QUEUE_MAX + CLIENT_PIECE, "room for replies too");

struct client;

enum client_list {
	CLIENT_LIST_NONE,
	CLIENT_LIST_CONTAINERS,
	CLIENT_LIST_PROCESSES,
	CLIENT_LIST_POLICIES
};

struct client_owner { /* what a client needs of the server */
	void *data;
	const struct control_handlers *handlers;
	struct subscribers *subscribers;
	const char *stream;
	uint64_t *requests, *uses; /* uses: a clock that every use advances */
	/* the client is to be freed; called from its own event handler only, last of all */
	void (*closed)(void *data, struct client *client);
};

struct client {
	struct client *next;
	const struct client_owner *owner;
	sd_event_source *source;
	int fd;
	uint32_t events; /* what `source` waits for */
	uid_t uid;
	uint64_t id;   /* never used again */
	uint64_t used; /* order of last use, for the server to choose by */
	struct buf in, out;
	size_t out_sent; /* of `out` */
	bool eof;	 /* the client will send no more; it may still read */
	bool broken;	 /* nothing can be sent or understood any more: close */
	bool pending;	 /* another whole call may be in `in` */
	/* the call in progress */
	bool waiting; /* for the policy thread */
	enum policy_verb waiting_for;
	struct subscriber *subscriber;
	struct {
		enum client_list kind;
		char *container;
		bool all, more;
		uint64_t cursor;
		struct buf items; /* of policies: a newline after each */
	} list;
};

/* Takes over `fd` (non-blocking) unless it fails. */
int client_new(sd_event *loop, int fd, uid_t uid, const struct client_owner *owner,
	struct client **ret_client);
/* Accepts NULL. */
struct client *client_free(struct client *client);
/* Bytes of `out` that are not sent yet. */
size_t client_queued(const struct client *client);
/* Whether this client may change something: root, and the daemon's own user. */
bool client_may_change(const struct client *client);
/* Whether no call is in progress and nothing waits to be sent. */
bool client_idle(const struct client *client);
/* Send what the socket takes now; never closes. */
void client_send(struct client *client);
/* There is something to send: be called when the socket takes it. */
void client_wake(struct client *client);

/* Answer one call: append to client->out, or begin a list or a subscription. (methods.c) */
void client_answer(struct client *client, const struct varlink_call *call);
/* Append the next piece of the list in progress. */
void client_continue_list(struct client *client);

/* The parts of methods.c and policy_methods.c. */
#define CLIENT_INTERFACE "io.tallyman"
void client_invalid_parameter(struct client *client, const char *name, const char *message);
void client_begin_list(struct client *client, enum client_list kind, bool more);
void client_add_policy(struct client *client, const struct varlink_call *call);
void client_delete_policy(struct client *client, const struct varlink_call *call);
void client_enable_policy(struct client *client, const struct varlink_call *call);
void client_disable_policy(struct client *client, const struct varlink_call *call);
void client_set_policy_mode(struct client *client, const struct varlink_call *call);
void client_list_policies(struct client *client, const struct varlink_call *call);
/* What client->waiting is about has come. */
void client_policy_reply(struct client *client, struct policy_notice *notice);
