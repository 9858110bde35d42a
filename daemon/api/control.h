/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: a varlink server (io.tallyman.varlink) on the main thread's event loop. Every
 * verb reads; none changes anything. Clients are non-blocking and bounded. */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "daemon/export/subscribers.h"
#include "lib/buf.h"
#include "lib/error.h"

/* What the server asks of the daemon; each appends JSON values to `buf`. */
struct control_handlers {
	void *data;
	/* {…}: the whole status */
	void (*status)(void *data, struct buf *ret_json);
	/* call `emit(emit_data, json, length)` for each container; `all`: ended ones too */
	void (*containers)(void *data, bool all,
		void (*emit)(void *emit_data, const char *json, size_t length), void *emit_data);
	/* the same for each process of `container` (name or id; NULL: every one, host too) */
	void (*processes)(void *data, const char *container, bool all,
		void (*emit)(void *emit_data, const char *json, size_t length), void *emit_data);
};

struct control;
int control_start(sd_event *loop, const struct config *config, const struct control_handlers *handlers,
	const char *stream, struct control **ret_control, struct error *error);
struct subscribers *control_subscribers(struct control *control);
struct control *control_stop(struct control *control);
