/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/admission.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/registration/awaited_metadata.h"
#include "daemon/registration/cgroup_processes.h"
#include "daemon/registration/container_map.h"
#include "daemon/registration/notice.h"
#include "daemon/registration/record.h"
#include "lib/cgroup_fs.h"
#include "lib/cleanup.h"
#include "lib/util.h"

DEFINE_CLEANUP(struct registration_message *, registration_message_free)

bool admission_is_alive(const struct registration *registration, const struct container *container)
{
	uint64_t id;

	if (!container->has_cgroup)
		return process_runs(container->init_pid, container->init_start);
	/* The same path may be another cgroup by now: its inode tells. */
	return !cgroup_id_of_path(registration->mount_point, container->cgroup_path, &id) &&
	       id == container->cgroup_id &&
	       cgroup_is_populated(registration->mount_point, container->cgroup_path);
}

static int write_maps(struct registration *registration, const struct container *record,
	const struct container_metadata *metadata, int pidfd, struct error *error)
{
	const struct registration_maps *maps = &registration->maps;
	int r;

	/* First: none of its processes may be known as its before policies look at them. */
	container_map_set_scopes(maps, record, metadata);
	r = container_map_add(maps, record->cgroup_id, record->generation, record->init_pid);
	if (r < 0)
		container_map_remove(maps, record->cgroup_id, record->generation);
	if (r == -ENOSPC) {
		registration_count(registration, map_full);
		return error_set(error, r, "the container map is full");
	}
	if (r < 0)
		return error_set(error, r, "cannot write the container map: %s", strerror(-r));
	if (record->has_cgroup)
		return 0;
	r = task_map_add(maps, pidfd, record->init_pid, record->cgroup_id, record->generation);
	if (r < 0) {
		container_map_remove(maps, record->cgroup_id, record->generation);
		return error_set(error, r,
			"it has no cgroup of its own, and attribution by descent fails: %s",
			strerror(-r));
	}
	return 0;
}

/* Maps, list, file and message; `record` (without metadata) is taken over. */
static int make_known(struct registration *registration, struct container *record,
	struct container_metadata *metadata, int pidfd, bool write, bool existing,
	struct known_container **ret_container, struct error *error)
{
	_cleanup_(registration_message_free_p) struct registration_message *message =
		calloc(1, sizeof(*message));
	_cleanup_(container_free_p) struct container *owned = record;
	struct known_container *container;
	int r;

	if (message)
		message->container = record_copy(record);
	if (!message || !message->container)
		return error_set(error, -ENOMEM, "no memory");
	if (write) {
		r = write_maps(registration, record,
			metadata->source == LABELS_SOURCE_NONE ? NULL : metadata, pidfd, error);
		if (r < 0)
			return r;
	}
	r = known_add(&registration->known, TAKE_PTR(owned), &container);
	if (r < 0) {
		container_map_remove(&registration->maps, message->container->cgroup_id,
			message->container->generation);
		return error_set(error, r, "no memory");
	}
	r = kept_state_write(&registration->kept, message->container, metadata);
	if (r < 0)
		log_warning("container %s will not be known to the next daemon: %s",
			container->record->id, strerror(-r));
	message->kind = REGISTRATION_ADDED;
	message->container_id = container->record->cgroup_id;
	message->generation = container->record->generation;
	message->existing = existing;
	message->container->metadata = *metadata;
	*metadata = (struct container_metadata){};
	message_queue_push(&registration->messages, TAKE_PTR(message));
	*ret_container = container;
	return 0;
}

/* Ended ones stay for some seconds, for their late events; they do not count. */
static size_t count_living(const struct registration *registration, uid_t owner)
{
	struct known_container *container, *next;
	size_t count = 0;

	HASH_ITER (hh, registration->known.by_container_id, container, next)
		count += container->owner == owner &&
			 admission_is_alive(registration, container->record);
	return count;
}

/* Queries go by id: no user may put his container's events under another's. */
static bool id_is_taken(const struct registration *registration, const struct admission *admission)
{
	struct known_container *container = NULL;

	while ((container = known_find_id(&registration->known, admission->id, container)))
		if (container->owner != admission->owner &&
			admission_is_alive(registration, container->record))
			return true;
	return false;
}

static int check_limits(
	struct registration *registration, const struct admission *admission, struct error *error)
{
	uint32_t limit = registration->config->user_container_limit;

	if (!message_queue_has_room(&registration->messages))
		return error_set(error, -EBUSY, "too many registrations wait to be processed");
	if (!admission->owner)
		return 0;
	if (id_is_taken(registration, admission))
		return error_set(error, -EEXIST, "the id is in use by another user's container");
	if (known_count_owner(&registration->known, admission->owner) < limit ||
		count_living(registration, admission->owner) < limit)
		return 0;
	registration_count(registration, quota_refused);
	return error_set(error, -EDQUOT, "uid %u has %u containers registered already",
		(unsigned)admission->owner, limit);
}

/* The cgroup of an earlier container whose removal failed or has not been noticed. */
static void replace(struct registration *registration, struct known_container *container)
{
	notice_send(registration, REGISTRATION_ENDED, container, NULL);
	admission_forget(registration, container->record->cgroup_id, container->record->generation);
}

int admission_admit(struct registration *registration, const struct admission *admission,
	struct known_container **ret_container, struct error *error)
{
	struct known_container *container = admission->init->known;
	struct container_metadata none = {};
	struct container *record;
	int r;

	if (container && process_runs(container->record->init_pid, container->record->init_start)) {
		/* Both prestart and createRuntime, or found by the scan first: what the hook knows
		 * may help where nothing was found. */
		if (container->ready && !container->metadata_found)
			awaited_metadata_ask(registration, container, admission);
		*ret_container = container;
		return 0;
	}
	if (container)
		replace(registration, container);
	r = check_limits(registration, admission, error);
	if (r < 0)
		return r;
	record = record_new(registration, admission);
	if (!record)
		return error_set(error, -ENOMEM, "no memory");
	r = make_known(registration, record, &none, admission->pidfd, true, admission->existing,
		&container, error);
	if (r < 0)
		return r;
	container->engine = admission->init->engine;
	container->owner = admission->owner;
	awaited_metadata_ask(registration, container, admission);
	*ret_container = container;
	return 0;
}

static uid_t owner_of_scope(const char *scope)
{
	unsigned uid = 0;

	if (scope)
		(void)sscanf(scope, "user:%u", &uid);
	return (uid_t)uid;
}

/* The daemon stopped before the metadata was there. */
static void ask_again(struct registration *registration, struct known_container *container)
{
	struct cgroup_container found = {};
	const struct admission admission = {
		.bundle = container->record->bundle,
		.deadline_ms = registration->config->metadata_deadline_ms,
	};

	if (container->record->has_cgroup &&
		cgroup_path_container(container->record->cgroup_path, &found))
		container->engine = found.engine;
	awaited_metadata_ask(registration, container, &admission);
}

int admission_restore(struct registration *registration, struct container *record, bool alive,
	struct error *error)
{
	struct container_metadata metadata = record->metadata;
	enum labels_source source = metadata.source;
	struct known_container *container;
	_cleanup_close_ int pidfd = -1;
	int r;

	record->metadata = (struct container_metadata){};
	registration->last_generation = MAX(registration->last_generation, record->generation);
	if (alive && !record->has_cgroup)
		pidfd = process_open(record->init_pid, record->init_start);
	r = make_known(registration, record, &metadata, pidfd, alive, true, &container, error);
	container_metadata_done(&metadata);
	if (r < 0)
		return r;
	container->owner = owner_of_scope(container->record->scope);
	container->metadata_found = source != LABELS_SOURCE_NONE && source != LABELS_SOURCE_CONMON;
	notice_ready(registration, container);
	if (!alive) {
		notice_send(registration, REGISTRATION_ENDED, container, NULL);
		kept_state_remove(&registration->kept, container->record->cgroup_id);
		known_remove(&registration->known, container);
	} else if (!container->metadata_found) {
		ask_again(registration, container);
	}
	return 0;
}

void admission_forget(struct registration *registration, uint64_t container_id, uint64_t generation)
{
	struct known_container *container = known_get(&registration->known, container_id);

	if (!container || container->record->generation != generation)
		return;
	container_map_remove(&registration->maps, container_id, generation);
	kept_state_remove(&registration->kept, container_id);
	metadata_worker_cancel(registration->worker, container_id, generation);
	known_remove(&registration->known, container);
}
