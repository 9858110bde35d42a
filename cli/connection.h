/* SPDX-License-Identifier: Apache-2.0 */
/* The client's end of the control socket. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "lib/buf.h"
#include "lib/error.h"
#include "lib/json.h"

/* Longest reply: more than the daemon keeps for a client. */
#define CONNECTION_REPLY_MAX ((size_t)16 << 20)

struct connection {
	int fd;
	struct buf in;
	size_t start; /* of what was not returned yet */
};

/* `error` says in one line what to do when nobody answers. */
int connection_open(struct connection *connection, const char *runtime_dir, struct error *error);
void connection_done(struct connection *connection);
/* `parameters`: a JSON object, or NULL. */
int connection_call(struct connection *connection, const char *method, const char *parameters,
	bool more, struct error *error);
/* The next message, without its NUL, valid until the next call; waits for it. -EPIPE when the
 * daemon has closed the connection. */
int connection_receive(struct connection *connection, const char **ret_text, size_t *ret_length,
	struct error *error);
/* Whether a whole message is there already. */
bool connection_has_message(const struct connection *connection);
/* A reply's `parameters`; -EREMOTEIO, the error in words and its parameters for an error reply. */
int connection_parse(const char *text, size_t length, struct json_document **ret_document,
	const struct json_value **ret_parameters, bool *ret_continues, struct error *error);

/* One call with one reply or many, each given to `reply`; a failure of `reply` ends it. */
int connection_query(const struct cli *cli, const char *method, const char *parameters, bool more,
	int (*reply)(void *data, const struct json_value *parameters), void *data,
	struct error *error);
