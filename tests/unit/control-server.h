/* SPDX-License-Identifier: Apache-2.0 */
/* A control socket with made-up handlers, and clients to it, all in one thread: pump() lets the
 * server's event loop run until it has nothing left to do. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/api/control.h"
#include "lib/buf.h"
#include "lib/json.h"

struct server {
	char directory[64];
	struct config config;
	struct control_handlers handlers;
	struct control *control;
	sd_event *loop;
	uint64_t processes; /* how many the process list has */
	uint64_t walks;	    /* how often it was asked for a piece */
	uint64_t turns;	    /* of the loop, in all pumps */
};

extern struct server server;

void server_start(void);
void server_stop(void);
void pump(void);

struct test_client {
	int fd;
	bool closed; /* by the server */
	struct buf in;
	size_t start;
	struct json_document *document; /* of the last reply */
};

int client_connect(void);
struct test_client client_open(void);
void client_close(struct test_client *client);
/* Send bytes as they are, as far as the socket takes them; how many. */
size_t client_write(struct test_client *client, const void *data, size_t length);
/* Send a message and its NUL. */
void client_call(struct test_client *client, const char *json);
/* Run the server and read; false when there is no whole message. */
bool client_read(struct test_client *client, const char **ret_text, size_t *ret_length);
/* The next reply, which must be there, parsed. */
const struct json_value *client_reply(struct test_client *client);
/* Run the server until it has closed this connection; false if it does not. */
bool client_is_closed(struct test_client *client);
/* call and reply in one; the error's name, or NULL. */
const char *client_error(struct test_client *client, const char *json);

/* An event of this kind, with `payload` bytes of padding. */
void publish(int kind, size_t payload);
