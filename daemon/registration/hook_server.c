/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/hook_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/registration/hook_request.h"
#include "daemon/registration/hook_socket.h"
#include "daemon/registration/packet.h"
#include "daemon/registration/peer.h"
#include "lib/clock.h"

#define ACCEPT_PAUSE_MS 100 /* when descriptors have run out */

struct connection {
	struct event_source source; /* first: the event loop hands it back */
	struct connection *next, **link;
	int fd;
	uid_t uid;
	uint64_t expires_ns; /* CLOCK_MONOTONIC */
	bool waits;	     /* for the metadata of this container */
	uint64_t container_id, generation;
};

struct hook_server {
	struct event_source source;
	struct hook_socket socket;
	struct connection *connections;
	size_t count, user_count;
	bool paused;		  /* not accepting: full, or out of descriptors */
	uint64_t paused_until_ns; /* 0: until a connection is closed */
	struct packet_buffer packet;
};

static struct log_limit refused_limit, malformed_limit, timeout_limit, accept_limit;

static void set_accepting(struct registration *registration, bool accepting)
{
	struct hook_server *server = registration->server;
	struct epoll_event event = {.events = accepting ? EPOLLIN : 0, .data.ptr = &server->source};

	epoll_ctl(registration->epoll_fd, EPOLL_CTL_MOD, server->socket.fd, &event);
	server->paused = !accepting;
	server->paused_until_ns = 0;
}

static void connection_close(struct registration *registration, struct connection *connection)
{
	struct hook_server *server = registration->server;

	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	server->count--;
	server->user_count -= connection->uid != 0;
	/* close() alone takes it out only if no other process has inherited it by a fork. */
	epoll_ctl(registration->epoll_fd, EPOLL_CTL_DEL, connection->fd, NULL);
	close(connection->fd);
	free(connection);
	if (server->paused && !server->paused_until_ns)
		set_accepting(registration, true);
}

static void connection_answer(
	struct registration *registration, struct connection *connection, const char *reason)
{
	_cleanup_buf_ struct buf buf = {.limit = HOOK_ANSWER_MAX};

	hook_answer_write(&buf, reason);
	/* One that does not read its answer has lost it: the socket's buffer has room for one. */
	if (!buf.failed)
		(void)!send(connection->fd, buf.data, buf.length, MSG_DONTWAIT | MSG_NOSIGNAL);
	connection_close(registration, connection);
}

static void log_limited(struct log_limit *limit, uid_t uid, const char *what, const char *reason)
{
	uint64_t suppressed;

	if (log_limit_pass(limit, &suppressed))
		log_warning("hook socket: %s of uid %u: %s (%llu more since the last such message)",
			what, (unsigned)uid, reason, (unsigned long long)suppressed);
}

static void refuse(struct registration *registration, struct connection *connection, int failure,
	const struct error *error)
{
	if (failure == -EINVAL || failure == -EMSGSIZE || failure == -EBADMSG) {
		registration_count(registration, malformed);
		log_limited(&malformed_limit, connection->uid, "malformed message", error->message);
	} else {
		registration_count(registration, refused);
		log_limited(
			&refused_limit, connection->uid, "refused registration", error->message);
	}
	connection_answer(registration, connection, error->message);
}

static void connection_wait(struct registration *registration, struct connection *connection,
	const struct known_container *container)
{
	struct epoll_event event = {.events = 0, .data.ptr = &connection->source};

	/* Only a hang-up is still of interest. */
	epoll_ctl(registration->epoll_fd, EPOLL_CTL_MOD, connection->fd, &event);
	connection->waits = true;
	connection->container_id = container->record->cgroup_id;
	connection->generation = container->record->generation;
	connection->expires_ns =
		clock_ns(CLOCK_MONOTONIC) + HOOK_METADATA_TIMEOUT_MS * NSEC_PER_MSEC;
}

static void connection_receive(struct registration *registration, struct connection *connection)
{
	struct packet_buffer *packet = &registration->server->packet;
	struct known_container *container = NULL;
	_cleanup_close_ int pidfd = -1;
	struct error error = {};
	int r;

	r = packet_receive(connection->fd, packet, &pidfd, &error);
	if (r == -EAGAIN)
		return;
	if (r == -ENODATA || r == -ECONNRESET) {
		connection_close(registration, connection);
		return;
	}
	if (!r)
		r = hook_request_handle(registration, connection->fd, packet->data, packet->length,
			pidfd, &container, &error);
	if (r < 0) {
		refuse(registration, connection, r, &error);
		return;
	}
	registration_count(registration, accepted);
	if (container && !container->ready)
		connection_wait(registration, connection, container);
	else
		connection_answer(registration, connection, NULL);
}

static void connection_handle(
	struct registration *registration, struct event_source *source, uint32_t events)
{
	struct connection *connection = (struct connection *)source;

	if (connection->waits) /* nothing but a hang-up is asked for: the hook's budget is over */
		connection_close(registration, connection);
	else
		connection_receive(registration, connection);
}

static size_t count_uid(const struct hook_server *server, uid_t uid)
{
	size_t count = 0;

	for (const struct connection *connection = server->connections; connection;
		connection = connection->next)
		count += connection->uid == uid;
	return count;
}

/* Root's hooks must find room whatever other users do. */
static bool user_has_room(const struct hook_server *server, uid_t uid)
{
	return !uid || (server->user_count < HOOK_CONNECTIONS_USERS_MAX &&
			       count_uid(server, uid) < HOOK_CONNECTIONS_PER_UID_MAX);
}

static void connection_new(struct registration *registration, int fd)
{
	struct hook_server *server = registration->server;
	struct connection *connection = calloc(1, sizeof(*connection));
	struct epoll_event event = {.events = EPOLLIN};

	if (!connection) {
		close(fd);
		return;
	}
	connection->source.handle = connection_handle;
	connection->fd = fd;
	connection->uid = peer_uid(fd);
	connection->expires_ns =
		clock_ns(CLOCK_MONOTONIC) + HOOK_RECEIVE_TIMEOUT_MS * NSEC_PER_MSEC;
	event.data.ptr = &connection->source;
	if (!user_has_room(server, connection->uid) ||
		epoll_ctl(registration->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		registration_count(registration, refused);
		log_limited(&refused_limit, connection->uid, "connection", "too many at once");
		close(fd);
		free(connection);
		return;
	}
	connection->next = server->connections;
	connection->link = &server->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	server->connections = connection;
	server->count++;
	server->user_count += connection->uid != 0;
}

static void server_handle(
	struct registration *registration, struct event_source *source, uint32_t events)
{
	struct hook_server *server = (struct hook_server *)source;
	int fd = accept4(server->socket.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	uint64_t suppressed;

	if (fd >= 0) {
		connection_new(registration, fd);
		if (server->count >= HOOK_CONNECTIONS_MAX)
			set_accepting(registration, false);
		return;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	/* The connection stays in the backlog and would wake us at once. */
	if (log_limit_pass(&accept_limit, &suppressed))
		log_error("hook socket: cannot accept: %s", strerror(errno));
	set_accepting(registration, false);
	server->paused_until_ns = clock_ns(CLOCK_MONOTONIC) + ACCEPT_PAUSE_MS * NSEC_PER_MSEC;
}

int hook_server_new(struct registration *registration, int listen_fd,
	struct hook_server **ret_server, struct error *error)
{
	struct hook_server *server = calloc(1, sizeof(*server));
	struct epoll_event event = {.events = EPOLLIN};
	int r;

	if (!server)
		return error_set(error, -ENOMEM, "no memory");
	r = hook_socket_open(registration->config->runtime_dir, listen_fd, &server->socket, error);
	if (r < 0) {
		free(server);
		return r;
	}
	server->source.handle = server_handle;
	event.data.ptr = &server->source;
	if (epoll_ctl(registration->epoll_fd, EPOLL_CTL_ADD, server->socket.fd, &event) < 0) {
		r = error_set(
			error, -errno, "cannot wait for the hook socket: %s", strerror(errno));
		hook_server_free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

struct hook_server *hook_server_free(struct hook_server *server)
{
	if (!server)
		return NULL;
	while (server->connections) {
		struct connection *connection = server->connections;

		server->connections = connection->next;
		close(connection->fd);
		free(connection);
	}
	hook_socket_close(&server->socket);
	free(server);
	return NULL;
}

void hook_server_ready(
	struct registration *registration, uint64_t container_id, uint64_t generation)
{
	struct connection *connection, *next;

	for (connection = registration->server->connections; connection; connection = next) {
		next = connection->next;
		if (connection->waits && connection->container_id == container_id &&
			connection->generation == generation)
			connection_answer(registration, connection, NULL);
	}
}

static uint64_t next_expiry(const struct hook_server *server)
{
	uint64_t next = server->paused_until_ns ? server->paused_until_ns : UINT64_MAX;

	for (const struct connection *connection = server->connections; connection;
		connection = connection->next)
		next = MIN(next, connection->expires_ns);
	return next;
}

int hook_server_timeout_ms(const struct hook_server *server)
{
	uint64_t next = next_expiry(server), now = clock_ns(CLOCK_MONOTONIC);

	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)((next - now) / NSEC_PER_MSEC + 1);
}

void hook_server_close_expired(struct registration *registration)
{
	struct hook_server *server = registration->server;
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct connection *connection, *next;

	if (server->paused_until_ns && server->paused_until_ns <= now)
		set_accepting(registration, true);
	for (connection = server->connections; connection; connection = next) {
		next = connection->next;
		if (connection->expires_ns > now)
			continue;
		if (connection->waits) {
			connection_answer(registration, connection, NULL);
			continue;
		}
		registration_count(registration, timeouts);
		log_limited(&timeout_limit, connection->uid, "connection",
			"no message within a second");
		connection_close(registration, connection);
	}
}
