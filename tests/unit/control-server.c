/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/control-server.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/json_writer.h"

struct server server;

static void status(void *data, struct buf *ret_json)
{
	json_open_object(ret_json);
	json_key_string(ret_json, "name", "status");
	json_close_object(ret_json);
}

static int containers(void *data, bool all, uint64_t *cursor, control_emit emit, void *emit_data)
{
	static const char one[] = "{\"name\":\"web\"}", two[] = "{\"name\":\"old\"}";

	emit(emit_data, one, strlen(one));
	if (all)
		emit(emit_data, two, strlen(two));
	return 0;
}

/* As the daemon's: stops soon after emit() has enough. */
static int processes(void *data, const char *container, bool all, uint64_t *cursor,
	control_emit emit, void *emit_data)
{
	char json[256];

	server.walks++;
	if (container && strcmp(container, "web"))
		return -ENOENT;
	while (*cursor < server.processes) {
		int length = snprintf(json, sizeof(json),
			"{\"pid\":%llu,\"binary\":\"/usr/bin/%0100d\"}",
			(unsigned long long)*cursor, 0);

		(*cursor)++;
		if (!emit(emit_data, json, (size_t)length))
			return *cursor < server.processes;
	}
	return 0;
}

void server_start(void)
{
	struct error error = {0};

	memset(&server, 0, sizeof(server));
	snprintf(server.directory, sizeof(server.directory), "/tmp/tallyman-control-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(server.directory));
	server.config.runtime_dir = server.directory;
	server.config.node_name = (char *)"node";
	server.handlers = (struct control_handlers){
		.status = status, .containers = containers, .processes = processes};
	ck_assert_int_ge(sd_event_new(&server.loop), 0);
	ck_assert_msg(!control_start(server.loop, &server.config, &server.handlers, "S",
			      &server.control, &error),
		"%s", error.message);
}

void server_stop(void)
{
	char command[128];

	server.control = control_stop(server.control);
	server.loop = sd_event_unref(server.loop);
	snprintf(command, sizeof(command), "rm -rf %s", server.directory);
	ck_assert_int_eq(system(command), 0);
}

void pump(void)
{
	int rc;

	while ((rc = sd_event_run(server.loop, 0)) > 0)
		ck_assert_uint_lt(++server.turns, 10000000); /* it never spins */
	ck_assert_int_eq(rc, 0);
}

int client_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", server.directory);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -errno;
	}
	return fd;
}

struct test_client client_open(void)
{
	struct test_client client = {.fd = client_connect()};

	ck_assert_int_ge(client.fd, 0);
	pump();
	return client;
}

void client_close(struct test_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	buf_done(&client->in);
	client->document = json_document_free(client->document);
	pump();
}

size_t client_write(struct test_client *client, const void *data, size_t length)
{
	ssize_t sent = send(client->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && errno != EAGAIN)
		client->closed = true;
	return sent > 0 ? (size_t)sent : 0;
}

void client_call(struct test_client *client, const char *json)
{
	ck_assert_uint_eq(client_write(client, json, strlen(json) + 1), strlen(json) + 1);
}

bool client_read(struct test_client *client, const char **ret_text, size_t *ret_length)
{
	for (;;) {
		struct buf *in = &client->in;
		size_t left = in->length - client->start;
		char *end = left ? memchr(in->data + client->start, '\0', left) : NULL;
		ssize_t got;

		if (end) {
			*ret_text = in->data + client->start;
			*ret_length = (size_t)(end - *ret_text);
			client->start += *ret_length + 1;
			return true;
		}
		if (left)
			memmove(in->data, in->data + client->start, left);
		in->length = left;
		client->start = 0;
		ck_assert(buf_reserve(in, 65536));
		pump();
		got = recv(client->fd, in->data + in->length, 65536, MSG_DONTWAIT);
		if (got <= 0) {
			client->closed |= got == 0 || errno != EAGAIN;
			return false;
		}
		in->length += (size_t)got;
	}
}

const struct json_value *client_reply(struct test_client *client)
{
	struct error error = {0};
	const char *text;
	size_t length;

	json_document_free(client->document);
	client->document = NULL;
	ck_assert_msg(client_read(client, &text, &length), "no reply");
	ck_assert_msg(!json_parse(text, length, NULL, &client->document, &error), "%s: %s",
		error.message, text);
	return json_root(client->document);
}

bool client_is_closed(struct test_client *client)
{
	const char *text;
	size_t length;

	while (!client->closed && client_read(client, &text, &length))
		;
	return client->closed;
}

const char *client_error(struct test_client *client, const char *json)
{
	client_call(client, json);
	return json_text(json_get(client_reply(client), "error"));
}

void publish(int kind, size_t payload)
{
	struct subscribers *subscribers = control_subscribers(server.control);
	struct event event = {.kind = kind};
	_cleanup_buf_ struct buf json = {0};

	if (!subscribers_any(subscribers))
		return;
	buf_printf(&json, "{\"%s\":{\"padding\":\"%0*d\"}", event_kind_name(kind), (int)payload, 0);
	subscribers_publish(subscribers, &event, &json);
}
