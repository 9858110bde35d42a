/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: a varlink server (io.tallyman.varlink) on the main thread's event loop. What
 * changes something is for root and the daemon's own user alone. Clients are non-blocking and
 * bounded. */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "daemon/export/subscribers.h"
#include "daemon/policy/policy_queue.h"
#include "lib/buf.h"
#include "lib/error.h"

/* Takes one JSON object; false when the reply has enough: stop soon, a few more are taken. */
typedef bool (*control_emit)(void *data, const char *json, size_t length);

/* What the server asks of the daemon. The lists are asked for in pieces, so that 20,000 processes
 * neither stop the loop nor fill memory: *cursor is 0 at first, and what the call before left in it
 * later (a bucket of a hash, say; only the callee reads it). They return 1 while there is more, 0
 * when that was all, or -ENOENT when there is no such container. */
struct control_handlers {
	void *data;
	/* append {…}: the whole status */
	void (*status)(void *data, struct buf *ret_json);
	/* `all`: ended ones too */
	int (*containers)(
		void *data, bool all, uint64_t *cursor, control_emit emit, void *emit_data);
	/* of `container` (name or id; NULL: every process, the host's too) */
	int (*processes)(void *data, const char *container, bool all, uint64_t *cursor,
		control_emit emit, void *emit_data);
	/* Takes the request over, on failure too; the reply is control_policy_reply()'s. */
	int (*policy)(void *data, struct policy_request *request);
};

struct control_counters {
	uint32_t clients, subscribers;
	uint64_t accepted, refused; /* connections; refused: too many, or not understood */
	uint64_t requests, lost;    /* lost: events that subscribers did not read in time */
};

struct control;
/* Makes runtime_dir/control.sock: 0660 for root and config->group if there is such a group, else
 * 0600. -EADDRINUSE when another daemon answers there. `handlers` and `config` are borrowed. */
int control_start(sd_event *loop, const struct config *config,
	const struct control_handlers *handlers, const char *stream, struct control **ret_control,
	struct error *error);
/* The answer to a request; its client may have gone. The notice stays the caller's, its JSON may be
 * taken. */
void control_policy_reply(struct control *control, struct policy_notice *notice);
struct subscribers *control_subscribers(struct control *control);
void control_counters_get(const struct control *control, struct control_counters *ret);
/* Closes every connection and removes the socket. Accepts NULL. */
struct control *control_stop(struct control *control);
