/* SPDX-License-Identifier: Apache-2.0 */
/* struct event -> one JSON object, in Tetragon's names and shapes. */
#pragma once

#include "daemon/event.h"
#include "lib/buf.h"

struct json_event_options { /* from the configuration, fixed at start */
	const char *node_name, *cluster_name;
	bool process_credentials, process_namespaces, ancestors, environment_variables;
	uint32_t host_namespaces[10]; /* inode numbers of the host's, in struct namespaces' order */
};

/* Append `{"process_exec":{…},"node_name":…,"time":…` to `buf`, WITHOUT the closing brace: each
 * sink ends the line with its own sequence and stream (json_event_finish). buf->failed when it did
 * not fit. */
void json_event_format(
	const struct json_event_options *options, const struct event *event, struct buf *buf);
/* Append `,"sequence":"N","stream":"S"}` and a newline. */
void json_event_finish(struct buf *buf, uint64_t sequence, const char *stream);
