/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/registration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "daemon/log.h"
#include "daemon/registration/admission.h"
#include "daemon/registration/awaited_metadata.h"
#include "daemon/registration/hook_server.h"
#include "daemon/registration/private_directory.h"
#include "daemon/registration/registration_internal.h"
#include "daemon/registration/scan.h"
#include "daemon/registration/spool_replay.h"
#include "lib/cgroup_fs.h"
#include "lib/fd.h"
#include "lib/thread.h"

#define INOTIFY_BUFFER 4096
/* metadata, known list and directory walks; musl's and some systems' defaults differ */
#define THREAD_STACK_BYTES (512u << 10)

static void handle_commands(
	struct registration *registration, struct event_source *source, uint32_t events)
{
	struct conmon_table conmons = {};
	struct command *command, *next;

	for (command = command_queue_take_all(&registration->commands); command; command = next) {
		next = command->next;
		switch (command->kind) {
		case COMMAND_FORGET:
			admission_forget(registration, command->container_id, command->generation);
			break;
		case COMMAND_DISCOVER:
			scan_one(registration, command->container_id, command->cgroup_path,
				&conmons);
			break;
		case COMMAND_STOP:
			registration->stop = true;
			break;
		}
		command_free(command);
	}
	conmon_table_done(&conmons);
}

static void handle_metadata(
	struct registration *registration, struct event_source *source, uint32_t events)
{
	awaited_metadata_take(registration, hook_server_ready);
}

/* A hook whose budget ended before this daemon answered, or before it listened. */
static void handle_spool(
	struct registration *registration, struct event_source *source, uint32_t events)
{
	char buffer[INOTIFY_BUFFER] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(registration->inotify_fd, buffer, sizeof(buffer)) > 0)
		;
	spool_replay(registration);
}

static void *registration_thread(void *data)
{
	struct registration *registration = data;

	while (!registration->stop) {
		struct epoll_event event;
		/* One at a time: handling one may free what another would point to. */
		int n = epoll_wait(registration->epoll_fd, &event, 1,
			hook_server_timeout_ms(registration->server));

		if (n > 0) {
			struct event_source *source = event.data.ptr;

			source->handle(registration, source, event.events);
		} else if (n < 0 && errno != EINTR) {
			log_error("the registration thread cannot wait: %s", strerror(errno));
			break;
		}
		hook_server_close_expired(registration);
	}
	return NULL;
}

static int watch(struct registration *registration, int fd, struct event_source *source,
	void (*handle)(struct registration *, struct event_source *, uint32_t), struct error *error)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	source->handle = handle;
	if (epoll_ctl(registration->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_set(error, -errno, "cannot set up the registration thread: %s",
			strerror(errno));
	return 0;
}

static int open_directories(struct registration *registration, struct error *error)
{
	const char *runtime_dir = registration->config->runtime_dir;
	char path[4096];
	int r;

	r = make_directory(runtime_dir, 0755);
	if (r < 0)
		return error_set(error, r, "cannot make %s: %s", runtime_dir, strerror(-r));
	if (snprintf(path, sizeof(path), "%s/containers", runtime_dir) >= (int)sizeof(path))
		return error_set(error, -ENAMETOOLONG, "%s: too long", runtime_dir);
	r = kept_state_open(path, &registration->kept, error);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/spool", runtime_dir);
	registration->spool_fd = private_directory_open(path, error);
	if (registration->spool_fd < 0)
		return registration->spool_fd;
	registration->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (registration->inotify_fd < 0 ||
		inotify_add_watch(registration->inotify_fd, path, IN_MOVED_TO | IN_ONLYDIR) < 0)
		return error_set(error, -errno, "cannot watch %s: %s", path, strerror(errno));
	return 0;
}

static int open_queues(struct registration *registration, struct error *error)
{
	const struct string_list *files = &registration->config->podman_event_files;
	int r;

	r = message_queue_init(&registration->messages);
	if (!r)
		r = command_queue_init(&registration->commands);
	if (r < 0)
		return error_set(error, r, "cannot make the registration queues: %s", strerror(-r));
	return metadata_worker_start(
		(const char *const *)files->items, files->count, &registration->worker, error);
}

static int open_event_loop(struct registration *registration, int listen_fd, struct error *error)
{
	int r;

	registration->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (registration->epoll_fd < 0)
		return error_set(error, -errno, "cannot make an epoll: %s", strerror(errno));
	r = watch(registration, registration->commands.event_fd, &registration->command_source,
		handle_commands, error);
	if (!r)
		r = watch(registration, metadata_worker_fd(registration->worker),
			&registration->worker_source, handle_metadata, error);
	if (!r)
		r = watch(registration, registration->inotify_fd, &registration->spool_source,
			handle_spool, error);
	if (!r)
		r = hook_server_new(registration, listen_fd, &registration->server, error);
	return r;
}

static void restore(void *data, struct container *container)
{
	struct registration *registration = data;
	bool alive = admission_is_alive(registration, container);
	struct error error = {};
	char id[CONTAINER_ID_MAX];

	memcpy(id, container->id, sizeof(id));
	if (admission_restore(registration, container, alive, &error) < 0)
		log_warning("container %s is not known any more: %s", id, error.message);
}

static int start_thread(struct registration *registration, struct error *error)
{
	int r = thread_start(&registration->thread, "registration", THREAD_STACK_BYTES,
		registration_thread, registration);

	if (r < 0)
		return error_set(
			error, r, "cannot start the registration thread: %s", strerror(-r));
	registration->thread_runs = true;
	return 0;
}

static struct registration *registration_new(
	const struct config *config, const struct registration_maps *maps)
{
	struct registration *registration = calloc(1, sizeof(*registration));

	if (!registration)
		return NULL;
	registration->config = config;
	registration->maps = *maps;
	registration->kept.directory_fd = registration->spool_fd = -1;
	registration->epoll_fd = registration->inotify_fd = -1;
	registration->messages.event_fd = registration->commands.event_fd = -1;
	if (cgroup2_mount_point(registration->mount_point, sizeof(registration->mount_point)) < 0) {
		registration->mount_point[0] = '\0';
		log_notice("no cgroup v2 on this host: containers are followed by descent from "
			   "their init");
	}
	return registration;
}

static void registration_stop_p(struct registration **registration)
{
	registration_stop(*registration);
}

int registration_start(const struct config *config, const struct registration_maps *maps,
	int listen_fd, struct registration **ret_registration, struct error *error)
{
	_cleanup_(registration_stop_p) struct registration *registration =
		registration_new(config, maps);
	int r;

	if (!registration)
		return error_set(error, -ENOMEM, "no memory");
	r = open_directories(registration, error);
	if (r < 0)
		return r;
	r = open_queues(registration, error);
	if (r < 0)
		return r;
	/* Listening comes first: a hook that connects now is answered a little later, instead of
	 * spooling what has just been read. */
	r = open_event_loop(registration, listen_fd, error);
	if (r < 0)
		return r;
	r = kept_state_read_all(&registration->kept, restore, registration, error);
	if (r < 0)
		return r;
	spool_replay(registration);
	scan_all(registration);
	r = start_thread(registration, error);
	if (r < 0)
		return r;
	*ret_registration = TAKE_PTR(registration);
	return 0;
}

int registration_fd(const struct registration *registration)
{
	return registration->messages.event_fd;
}

bool registration_pending(const struct registration *registration)
{
	return message_queue_pending(&registration->messages);
}

struct registration_message *registration_take(struct registration *registration)
{
	return message_queue_take(&registration->messages);
}

void registration_forget(struct registration *registration, uint64_t container_id,
	uint64_t generation, const char *id)
{
	/* Without memory the entry stays until the next start finds the container gone. */
	if (command_queue_push(
		    &registration->commands, COMMAND_FORGET, container_id, generation, NULL) < 0)
		log_error("container %s cannot be forgotten: no memory", id);
}

void registration_discover(
	struct registration *registration, uint64_t cgroup_id, const char *cgroup_path)
{
	(void)command_queue_push(
		&registration->commands, COMMAND_DISCOVER, cgroup_id, 0, cgroup_path);
}

void registration_counters_get(
	const struct registration *registration, struct registration_counters *ret)
{
	const uint64_t *from = (const uint64_t *)&registration->counters;
	uint64_t *to = (uint64_t *)ret;

	for (size_t i = 0; i < sizeof(*ret) / sizeof(uint64_t); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

struct registration *registration_stop(struct registration *registration)
{
	if (!registration)
		return NULL;
	if (registration->thread_runs) {
		while (command_queue_push(&registration->commands, COMMAND_STOP, 0, 0, NULL) < 0)
			sched_yield(); /* no memory for 40 bytes: somebody will give some back */
		pthread_join(registration->thread, NULL);
	}
	hook_server_free(registration->server);
	metadata_worker_stop(registration->worker);
	if (registration->epoll_fd >= 0)
		close(registration->epoll_fd);
	if (registration->inotify_fd >= 0)
		close(registration->inotify_fd);
	if (registration->spool_fd >= 0)
		close(registration->spool_fd);
	kept_state_close(&registration->kept);
	known_done(&registration->known);
	command_queue_done(&registration->commands);
	message_queue_done(&registration->messages);
	free(registration);
	return NULL;
}
