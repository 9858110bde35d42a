/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api/control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/api/client.h"
#include "daemon/log.h"
#include "lib/util.h"

#define CLIENTS_MAX	  64
#define CLIENTS_MAX_GROUP 48 /* of everybody but root, who is always let in */
#define ACCEPTS_PER_TURN  16
#define GROUP_TEXT_MAX	  4096

struct control {
	sd_event *loop;
	sd_event_source *source;
	int fd;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct stat status; /* of the socket we made */
	struct client_owner owner;
	struct json_event_options json;
	struct client *clients;
	uint64_t uses, last_client;
	struct control_counters counters;
	struct log_limit refused;
};

static void on_closed(void *data, struct client *client)
{
	struct control *control = data;
	struct client **link = &control->clients;

	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	control->counters.clients--;
	/* A broken connection that never made a call was none of ours. */
	if (client->in.length)
		control->counters.refused++;
	client_free(client);
}

/* Make room for a new client of `uid` by closing the one whose last call is longest ago. */
static bool make_room(struct control *control, uid_t uid)
{
	struct client *client, *oldest = NULL;
	uint32_t others = 0;

	for (client = control->clients; client; client = client->next) {
		others += client->uid != 0;
		if (client_idle(client) && (uid == 0 || client->uid != 0) &&
			(!oldest || client->used < oldest->used))
			oldest = client;
	}
	if (control->counters.clients < CLIENTS_MAX && (uid == 0 || others < CLIENTS_MAX_GROUP))
		return true;
	if (!oldest)
		return false;
	on_closed(control, oldest);
	return true;
}

static void accept_client(struct control *control, int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t length = sizeof(peer);
	struct client *client;
	uint64_t suppressed;

	control->counters.accepted++;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) ||
		!make_room(control, peer.uid) ||
		client_new(control->loop, fd, peer.uid, &control->owner, &client)) {
		control->counters.refused++;
		close(fd);
		if (log_limit_pass(&control->refused, &suppressed))
			log_warning("control socket: connection of uid %u refused: %u clients are "
				    "connected (%llu more refused lately)",
				(unsigned)peer.uid, control->counters.clients,
				(unsigned long long)suppressed);
		return;
	}
	client->used = ++control->uses;
	client->id = ++control->last_client;
	client->next = control->clients;
	control->clients = client;
	control->counters.clients++;
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (client < 0)
			break; /* EMFILE too: those that are served go on */
		accept_client(data, client);
	}
	return 0;
}

/* A socket file may be left from a daemon that was killed; one that answers is in use. */
static int remove_stale(const struct sockaddr_un *address, struct error *error)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat status;

	if (fd < 0)
		return error_set(error, -errno, "control socket: %s", strerror(errno));
	if (lstat(address->sun_path, &status))
		return errno == ENOENT ? 0
				       : error_set(error, -errno, "%s: %s", address->sun_path,
						 strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return error_set(
			error, -ENOTSOCK, "%s: is there and is not a socket", address->sun_path);
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) || errno == EAGAIN)
		return error_set(error, -EADDRINUSE,
			"%s: another tallymand answers there (--runtime-dir lets several run)",
			address->sun_path);
	if (unlink(address->sun_path) && errno != ENOENT)
		return error_set(error, -errno, "%s: %s", address->sun_path, strerror(errno));
	return 0;
}

/* Let the group in, if there is one. Before listen(): nobody can connect yet. */
static void set_access(const char *path, const char *group)
{
	struct group entry, *found = NULL;
	char text[GROUP_TEXT_MAX];

	if (!group || !*group)
		return;
	if (getgrnam_r(group, &entry, text, sizeof(text), &found) || !found) {
		log_info("control socket: no group %s: for the daemon's own user only", group);
		return;
	}
	/* fchownat: the one call for it that there is on every architecture, and that the unit lets
	 * through */
	if (fchownat(AT_FDCWD, path, (uid_t)-1, found->gr_gid, AT_SYMLINK_NOFOLLOW) ||
		chmod(path, 0660))
		log_warning("%s: cannot be given to group %s: %s", path, group, strerror(errno));
}

static int open_socket(struct control *control, const struct config *config, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(
		address.sun_path, sizeof(address.sun_path), "%s/control.sock", config->runtime_dir);
	int rc;

	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		return error_set(error, -ENAMETOOLONG,
			"%s/control.sock: longer than the %zu characters a socket may have",
			config->runtime_dir, sizeof(address.sun_path) - 1);
	rc = remove_stale(&address, error);
	if (rc)
		return rc;
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0)
		return error_set(error, -errno, "control socket: %s", strerror(errno));
	if (bind(control->fd, (const struct sockaddr *)&address, sizeof(address)))
		return error_set(error, -errno, "%s: %s", address.sun_path, strerror(errno));
	memcpy(control->path, address.sun_path, sizeof(control->path));
	if (chmod(control->path, 0600) || lstat(control->path, &control->status))
		return error_set(error, -errno, "%s: %s", control->path, strerror(errno));
	set_access(control->path, config->group);
	if (listen(control->fd, SOMAXCONN))
		return error_set(error, -errno, "%s: %s", control->path, strerror(errno));
	return 0;
}

static int start(struct control *control, const struct config *config, const char *stream,
	struct error *error)
{
	int rc;

	control->owner.subscribers = subscribers_new(&control->json, stream);
	if (!control->owner.subscribers)
		return error_set(error, -ENOMEM, "control socket: no memory");
	rc = open_socket(control, config, error);
	if (rc)
		return rc;
	rc = sd_event_add_io(
		control->loop, &control->source, control->fd, EPOLLIN, on_connect, control);
	if (rc < 0)
		return error_set(error, rc, "control socket: %s", strerror(-rc));
	return 0;
}

int control_start(sd_event *loop, const struct config *config,
	const struct control_handlers *handlers, const char *stream, struct control **ret_control,
	struct error *error)
{
	struct control *control = calloc(1, sizeof(*control));
	int rc;

	if (!control)
		return error_set(error, -ENOMEM, "control socket: no memory");
	control->fd = -1;
	control->loop = sd_event_ref(loop);
	control->json.node_name = config->node_name;
	control->json.cluster_name = config->cluster_name;
	control->owner = (struct client_owner){.data = control,
		.handlers = handlers,
		.stream = stream,
		.requests = &control->counters.requests,
		.uses = &control->uses,
		.closed = on_closed};
	rc = start(control, config, stream, error);
	if (rc) {
		control_stop(control);
		return rc;
	}
	*ret_control = control;
	return 0;
}

void control_policy_reply(struct control *control, struct policy_notice *notice)
{
	struct client *client = control->clients;

	while (client && client->id != notice->client)
		client = client->next;
	if (client && client->waiting)
		client_policy_reply(client, notice);
}

struct subscribers *control_subscribers(struct control *control)
{
	return control ? control->owner.subscribers : NULL;
}

void control_counters_get(const struct control *control, struct control_counters *ret)
{
	*ret = control->counters;
	ret->subscribers = subscribers_count(control->owner.subscribers);
	ret->lost = subscribers_lost(control->owner.subscribers);
}

struct control *control_stop(struct control *control)
{
	struct stat status;

	if (!control)
		return NULL;
	while (control->clients) {
		client_send(control->clients); /* what the socket takes at once: the last events */
		on_closed(control, control->clients);
	}
	subscribers_free(control->owner.subscribers);
	sd_event_source_disable_unref(control->source);
	/* Not the socket of a daemon that has been started meanwhile. */
	if (control->status.st_ino && !lstat(control->path, &status) &&
		status.st_ino == control->status.st_ino && status.st_dev == control->status.st_dev)
		unlink(control->path);
	if (control->fd >= 0)
		close(control->fd);
	sd_event_unref(control->loop);
	free(control);
	return NULL;
}
