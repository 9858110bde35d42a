/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/fd.h"
#include "lib/json_writer.h"

#define READ_SIZE ((size_t)64 << 10)

static int connect_error(const char *path, int code, struct error *error)
{
	switch (code) {
	case EACCES:
	case EPERM:
		return error_set(error, -code,
			"%s: permission denied: only root and the daemon's group may ask", path);
	case ENOENT:
	case ECONNREFUSED:
		return error_set(
			error, -code, "%s: tallymand does not answer: is it running?", path);
	default:
		return error_set(error, -code, "%s: %s", path, strerror(code));
	}
}

int connection_open(struct connection *connection, const char *runtime_dir, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int length = snprintf(
		address.sun_path, sizeof(address.sun_path), "%s/control.sock", runtime_dir);

	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		return error_set(error, -ENAMETOOLONG, "%s/control.sock: too long for a socket",
			runtime_dir);
	if (fd < 0)
		return error_set(error, -errno, "socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return connect_error(address.sun_path, errno, error);
	*connection = (struct connection){.fd = TAKE_FD(fd), .in = {.limit = CONNECTION_REPLY_MAX}};
	return 0;
}

void connection_done(struct connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
	buf_done(&connection->in);
}

int connection_call(struct connection *connection, const char *method, const char *parameters,
	bool more, struct error *error)
{
	_cleanup_buf_ struct buf call = {0};
	int rc;

	json_open_object(&call);
	json_key_string(&call, "method", method);
	if (parameters) {
		json_key(&call, "parameters");
		buf_append_string(&call, parameters);
	}
	if (more)
		json_key_bool(&call, "more", true);
	json_close_object(&call);
	buf_append_char(&call, '\0');
	if (call.failed)
		return error_set(error, -ENOMEM, "out of memory");
	rc = write_all(connection->fd, call.data, call.length);
	if (rc)
		return error_set(error, rc, "the daemon does not take the call: %s", strerror(-rc));
	return 0;
}

static const char *message_end(const struct connection *connection)
{
	size_t length = connection->in.length - connection->start;

	return length ? memchr(connection->in.data + connection->start, '\0', length) : NULL;
}

bool connection_has_message(const struct connection *connection)
{
	return message_end(connection) != NULL;
}

int connection_receive(struct connection *connection, const char **ret_text, size_t *ret_length,
	struct error *error)
{
	const char *end;

	while (!(end = message_end(connection))) {
		struct buf *in = &connection->in;
		ssize_t received;

		memmove(in->data ? in->data : (char *)"",
			in->data ? in->data + connection->start : "",
			in->length - connection->start);
		in->length -= connection->start;
		connection->start = 0;
		if (!buf_reserve(in, READ_SIZE))
			return error_set(error, -EMSGSIZE, "the daemon's answer is too long");
		received = recv(connection->fd, in->data + in->length, READ_SIZE, 0);
		if (received < 0 && errno == EINTR)
			continue;
		if (received < 0)
			return error_set(error, -errno, "control socket: %s", strerror(errno));
		if (!received)
			return error_set(error, -EPIPE, "the daemon has closed the connection");
		in->length += (size_t)received;
	}
	*ret_text = connection->in.data + connection->start;
	*ret_length = (size_t)(end - *ret_text);
	connection->start += *ret_length + 1;
	return 0;
}

static int remote_error(const struct json_value *root, const char *name, struct error *error)
{
	const struct json_value *parameters = json_get(root, "parameters");
	const char *message = json_text(json_get(parameters, "message"));
	const char *container = json_text(json_get(parameters, "container"));
	const char *parameter = json_text(json_get(parameters, "parameter"));

	if (!strcmp(name, "io.tallyman.NoSuchContainer") && container)
		return error_set(error, -EREMOTEIO, "there is no container `%s`", container);
	if (parameter && message)
		return error_set(error, -EREMOTEIO, "%s: %s", parameter, message);
	if (!strcmp(name, "org.varlink.service.MethodNotFound"))
		return error_set(error, -EREMOTEIO,
			"the daemon does not know this call: is it of another version?");
	if (message && (!strncmp(name, "io.tallyman.", strlen("io.tallyman.")) ||
			       !strcmp(name, "org.varlink.service.PermissionDenied")))
		return error_set(error, -EREMOTEIO, "%s", message);
	return error_set(error, -EREMOTEIO, "the daemon answers %s%s%s", name, message ? ": " : "",
		message ? message : "");
}

int connection_parse(const char *text, size_t length, struct json_document **ret_document,
	const struct json_value **ret_parameters, bool *ret_continues, struct error *error)
{
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *root;
	const char *name;
	int rc = json_parse(text, length, NULL, &document, error);

	if (rc)
		return error_wrap(error, "the daemon's answer is not understood");
	root = json_root(document);
	name = json_text(json_get(root, "error"));
	if (name)
		remote_error(root, name, error);
	*ret_parameters = json_get(root, "parameters");
	*ret_continues = json_is_true(json_get(root, "continues"));
	*ret_document = TAKE_PTR(document);
	return name ? -EREMOTEIO : 0;
}

static int query(struct connection *connection,
	int (*reply)(void *data, const struct json_value *parameters), void *data,
	struct error *error)
{
	bool continues = true;

	while (continues) {
		_cleanup_json_ struct json_document *document = NULL;
		const struct json_value *parameters;
		const char *text;
		size_t length;
		int rc = connection_receive(connection, &text, &length, error);

		if (!rc)
			rc = connection_parse(
				text, length, &document, &parameters, &continues, error);
		if (!rc)
			rc = reply(data, parameters);
		if (rc)
			return rc;
	}
	return 0;
}

int connection_query(const struct cli *cli, const char *method, const char *parameters, bool more,
	int (*reply)(void *data, const struct json_value *parameters), void *data,
	struct error *error)
{
	struct connection connection;
	int rc = connection_open(&connection, cli->runtime_dir, error);

	if (rc)
		return rc;
	rc = connection_call(&connection, method, parameters, more, error);
	if (!rc)
		rc = query(&connection, reply, data, error);
	connection_done(&connection);
	return rc;
}
