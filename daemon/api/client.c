/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api/client.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/util.h"

#define READ_SIZE	 ((size_t)16 << 10)
#define BUFFER_KEEP	 ((size_t)64 << 10) /* memory an idle client may keep */
#define SEND_BUFFER_SIZE (512 << 10)

size_t client_queued(const struct client *client)
{
	return client->out.length - client->out_sent;
}

static bool call_in_progress(const struct client *client)
{
	return client->subscriber || client->waiting || client->list.kind != CLIENT_LIST_NONE;
}

bool client_may_change(const struct client *client)
{
	return client->uid == 0 || client->uid == geteuid();
}

bool client_idle(const struct client *client)
{
	return !call_in_progress(client) && !client_queued(client);
}

static void compact_output(struct client *client)
{
	size_t left = client_queued(client);

	if (!left) {
		buf_clear(&client->out);
		if (client->out.capacity > BUFFER_KEEP)
			buf_done(&client->out);
	} else if (client->out_sent < client->out.length / 2) {
		return;
	} else {
		memmove(client->out.data, client->out.data + client->out_sent, left);
		client->out.length = left;
	}
	client->out_sent = 0;
}

void client_send(struct client *client)
{
	while (!client->broken && client_queued(client)) {
		ssize_t sent = send(client->fd, client->out.data + client->out_sent,
			client_queued(client), MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno != EAGAIN)
			client->broken = true;
		if (sent <= 0)
			break;
		client->out_sent += (size_t)sent;
	}
	compact_output(client);
}

static void receive(struct client *client)
{
	size_t room = client->in.limit - client->in.length;
	ssize_t received;

	room = MIN(room, READ_SIZE);
	if (!room)
		return;
	if (!buf_reserve(&client->in, room)) {
		client->broken = true;
		return;
	}
	received = recv(client->fd, client->in.data + client->in.length, room, MSG_DONTWAIT);
	if (received == 0)
		client->eof = true;
	else if (received > 0)
		client->in.length += (size_t)received;
	else if (errno != EAGAIN && errno != EINTR)
		client->broken = true;
	client->pending = true;
}

/* Take one call off the front of `in` and answer it. False: there is no whole one. */
static bool answer_one(struct client *client)
{
	struct varlink_call call;
	char *end = client->in.length ? memchr(client->in.data, '\0', client->in.length) : NULL;
	size_t length;

	if (!end) {
		/* More than any call can be, or an end within one. */
		if (client->in.length >= client->in.limit || (client->eof && client->in.length))
			client->broken = true;
		return false;
	}
	length = (size_t)(end - client->in.data);
	if (varlink_call_parse(client->in.data, length, &call, NULL)) {
		client->broken = true;
		return false;
	}
	client->in.length -= length + 1;
	memmove(client->in.data, end + 1, client->in.length);
	client->used = ++*client->owner->uses;
	(*client->owner->requests)++;
	/* Nothing is changed by a call that does not want to know how it went. */
	if (!call.oneway)
		client_answer(client, &call);
	varlink_call_done(&call);
	if (client->out.failed)
		client->broken = true;
	return true;
}

static void answer_calls(struct client *client)
{
	for (int i = 0; i < CLIENT_CALLS_PER_TURN; i++) {
		if (client->broken || call_in_progress(client) ||
			client_queued(client) >= CLIENT_PIECE)
			return;
		client->pending = answer_one(client);
		if (!client->pending)
			break;
	}
	if (!client->in.length && client->in.capacity > BUFFER_KEEP / 4)
		buf_done(&client->in);
}

static bool finished(const struct client *client)
{
	return client->broken || (client->eof && !client->pending && client_idle(client));
}

static void update_events(struct client *client)
{
	uint32_t events = 0;

	if (!client->eof && !call_in_progress(client) && !client->pending &&
		client->in.length < client->in.limit)
		events |= EPOLLIN;
	/* A call that waits for its turn and a list that waits to go on are told by the socket's
	 * taking more. */
	if (client_queued(client) || client->list.kind != CLIENT_LIST_NONE ||
		(client->pending && !client->subscriber && !client->waiting))
		events |= EPOLLOUT;
	if (events == client->events)
		return;
	client->events = events;
	if (sd_event_source_set_io_events(client->source, events) < 0)
		client->broken = true;
}

void client_wake(struct client *client)
{
	update_events(client);
}

static int on_event(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct client *client = data;

	if (revents & EPOLLERR)
		client->broken = true;
	if (!client->broken && revents & EPOLLIN)
		receive(client);
	else if (revents & EPOLLHUP) /* nobody is left who could read an answer */
		client->broken = true;
	client_send(client);
	if (client->subscriber && client_queued(client) < SUBSCRIBER_QUEUE_MAX / 2)
		subscriber_drained(client->subscriber);
	if (client->list.kind != CLIENT_LIST_NONE && client_queued(client) < CLIENT_PIECE)
		client_continue_list(client);
	answer_calls(client);
	client_send(client);
	if (!finished(client))
		update_events(client);
	if (finished(client))
		client->owner->closed(client->owner->data, client);
	return 0;
}

int client_new(sd_event *loop, int fd, uid_t uid, const struct client_owner *owner,
	struct client **ret_client)
{
	struct client *client = calloc(1, sizeof(*client));
	int size = SEND_BUFFER_SIZE, rc;

	if (!client)
		return -ENOMEM;
	client->owner = owner;
	client->fd = -1;
	client->uid = uid;
	client->in.limit =
		client_may_change(client) ? VARLINK_REQUEST_MAX_ROOT : VARLINK_REQUEST_MAX;
	client->out.limit = CLIENT_OUTPUT_MAX + SUBSCRIBER_QUEUE_MAX; /* what is sent counts too */
	client->events = EPOLLIN;
	rc = sd_event_add_io(loop, &client->source, fd, EPOLLIN, on_event, client);
	if (rc < 0) {
		client_free(client);
		return rc;
	}
	/* A reader that is a little late should not lose events for it. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	client->fd = fd;
	*ret_client = client;
	return 0;
}

struct client *client_free(struct client *client)
{
	if (!client)
		return NULL;
	subscriber_remove(client->subscriber);
	sd_event_source_disable_unref(client->source);
	if (client->fd >= 0)
		close(client->fd);
	free(client->list.container);
	buf_done(&client->list.items);
	buf_done(&client->in);
	buf_done(&client->out);
	free(client);
	return NULL;
}
