/* SPDX-License-Identifier: Apache-2.0 */
/* A process as JSON, in Tetragon's `Process` message's names and order. */
#pragma once

#include "daemon/export/json_event.h"

enum json_process_role {
	JSON_PROCESS_EXEC,   /* of process_exec: with argv, exe, credentials, environment */
	JSON_PROCESS_OTHER,  /* of other events */
	JSON_PROCESS_PARENT, /* parent and ancestors */
};

/* Append `{"exec_id":…}`. `tid`: the thread that the event is about; 0: the leader. */
void json_process_format(const struct json_event_options *options, const struct process *process,
	enum json_process_role role, uint32_t tid, bool setup, struct buf *buf);
