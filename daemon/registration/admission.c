/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/admission.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/registration/cgroup_processes.h"
#include "daemon/registration/container_map.h"
#include "lib/clock.h"
#include "oci/hook_message.h"

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

/* READY, ENDED, UPDATED. When there is no memory even for that, the main thread learns of the end
 * by itself, and goes without the metadata. */
static void tell(struct registration *registration, enum registration_message_kind kind,
	const struct known_container *container, struct container_metadata *metadata)
{
	struct registration_message *message = calloc(1, sizeof(*message));

	if (!message) {
		log_error("no memory to pass on what is known of container %s",
			container->record->id);
		return;
	}
	message->kind = kind;
	message->container_id = container->record->cgroup_id;
	message->generation = container->record->generation;
	if (metadata) {
		message->metadata = *metadata;
		*metadata = (struct container_metadata){};
	}
	message_queue_push(&registration->messages, message);
}

static void tell_ready(struct registration *registration, struct known_container *container)
{
	if (container->ready)
		return;
	container->ready = true;
	tell(registration, REGISTRATION_READY, container, NULL);
}

void admission_ended(struct registration *registration, const struct known_container *container)
{
	tell(registration, REGISTRATION_ENDED, container, NULL);
}

static int copy_text(const char *text, char **ret_copy)
{
	if (!text)
		return 0;
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : -ENOMEM;
}

/* A second record with the same facts and without metadata. */
static struct container *copy_facts(const struct container *facts)
{
	_cleanup_(container_free_p) struct container *copy = container_new();

	if (!copy)
		return NULL;
	*copy = *facts;
	copy->metadata = (struct container_metadata){};
	copy->cgroup_path = copy->scope = copy->bundle = NULL;
	if (copy_text(facts->cgroup_path, &copy->cgroup_path) < 0 ||
		copy_text(facts->scope, &copy->scope) < 0 ||
		copy_text(facts->bundle, &copy->bundle) < 0)
		return NULL;
	return TAKE_PTR(copy);
}

static struct container *new_record(
	struct registration *registration, const struct admission *admission)
{
	_cleanup_(container_free_p) struct container *record = container_new();
	const struct verified_init *init = admission->init;

	if (!record)
		return NULL;
	/* Time makes generations grow over restarts of the daemon, too. */
	registration->last_generation =
		MAX(registration->last_generation + 1, clock_ns(CLOCK_BOOTTIME));
	record->cgroup_id = init->container_id;
	record->generation = registration->last_generation;
	memcpy(record->id, admission->id, strlen(admission->id) + 1);
	record->source = admission->source;
	record->verified = admission->verified;
	record->has_cgroup = init->has_cgroup;
	record->init_pid = init->pid;
	record->init_start = ticks_to_ns(init->start_ticks);
	record->auid = init->auid;
	record->session = init->session;
	record->registered_ns = clock_ns(CLOCK_REALTIME);
	if (init->has_cgroup && copy_text(init->cgroup_path, &record->cgroup_path) < 0)
		return NULL;
	if (copy_text(admission->bundle, &record->bundle) < 0)
		return NULL;
	if (admission->owner &&
		asprintf(&record->scope, "user:%u", (unsigned)admission->owner) < 0) {
		record->scope = NULL;
		return NULL;
	}
	return TAKE_PTR(record);
}

static int write_maps(struct registration *registration, const struct container *record, int pidfd,
	struct error *error)
{
	const struct registration_maps *maps = &registration->maps;
	int r;

	r = container_map_add(maps, record->cgroup_id, record->generation, record->init_pid);
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
		message->container = copy_facts(record);
	if (!message || !message->container)
		return error_set(error, -ENOMEM, "no memory");
	if (write) {
		r = write_maps(registration, record, pidfd, error);
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

static void ask_for_metadata(struct registration *registration, struct known_container *container,
	const struct admission *admission)
{
	_cleanup_buf_ struct buf state = {.limit = OCI_STATE_BYTES_MAX};
	struct metadata_job job = {
		.container_id = container->record->cgroup_id,
		.generation = container->record->generation,
		.id = container->record->id,
		.bundle = admission->bundle,
		.conmon = admission->conmon,
		.conmon_length = admission->conmon_length,
		.owner = container->owner,
		.engine = container->engine,
		.deadline_ms = admission->deadline_ms,
	};
	int r;

	if (admission->state) {
		oci_state_write(admission->state, SIZE_MAX, &state);
		if (!state.failed) {
			job.state = state.data;
			job.state_length = state.length;
		}
	}
	r = metadata_worker_submit(registration->worker, &job);
	if (r < 0) {
		registration_count(registration, metadata_failed);
		tell_ready(registration, container); /* no result will come */
	}
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
	admission_ended(registration, container);
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
			ask_for_metadata(registration, container, admission);
		*ret_container = container;
		return 0;
	}
	if (container)
		replace(registration, container);
	r = check_limits(registration, admission, error);
	if (r < 0)
		return r;
	record = new_record(registration, admission);
	if (!record)
		return error_set(error, -ENOMEM, "no memory");
	r = make_known(registration, record, &none, admission->pidfd, true, admission->existing,
		&container, error);
	if (r < 0)
		return r;
	container->engine = admission->init->engine;
	container->owner = admission->owner;
	ask_for_metadata(registration, container, admission);
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
	ask_for_metadata(registration, container, &admission);
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
	tell_ready(registration, container);
	if (!alive) {
		admission_ended(registration, container);
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

static bool has_metadata(const struct container_metadata *metadata)
{
	return metadata->source != LABELS_SOURCE_NONE || metadata->name || metadata->image_name ||
	       metadata->runtime;
}

static void use_metadata(struct registration *registration, struct known_container *container,
	struct metadata_result *result)
{
	if (result->outcome == METADATA_FOUND)
		container->metadata_found = true;
	if (!result->update && result->outcome == METADATA_TIMED_OUT)
		registration_count(registration, metadata_late);
	if (!result->update && result->outcome == METADATA_NOT_FOUND)
		registration_count(registration, metadata_failed);
	if (!has_metadata(&result->metadata))
		return;
	(void)kept_state_write(&registration->kept, container->record, &result->metadata);
	tell(registration, REGISTRATION_UPDATED, container, &result->metadata);
}

void admission_take_metadata(
	struct registration *registration, void (*ready)(struct registration *registration,
						   uint64_t container_id, uint64_t generation))
{
	struct metadata_result *result;

	while ((result = metadata_worker_take(registration->worker))) {
		struct known_container *container =
			known_get(&registration->known, result->container_id);

		if (container && container->record->generation == result->generation) {
			use_metadata(registration, container, result);
			tell_ready(registration, container);
		}
		ready(registration, result->container_id, result->generation);
		metadata_result_free(result);
	}
}
