/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/awaited_metadata.h"

#include "daemon/registration/container_map.h"
#include "daemon/registration/notice.h"
#include "oci/hook_message.h"

void awaited_metadata_ask(struct registration *registration, struct known_container *container,
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
	const struct container_metadata none = {};
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
		container_map_set_scopes(&registration->maps, container->record, &none);
		notice_ready(registration, container); /* no result will come */
	}
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
	/* Before its hook is answered. Finding nothing later takes nothing away. */
	if (!container->ready || has_metadata(&result->metadata))
		container_map_set_scopes(&registration->maps, container->record, &result->metadata);
	if (!has_metadata(&result->metadata))
		return;
	(void)kept_state_write(&registration->kept, container->record, &result->metadata);
	notice_send(registration, REGISTRATION_UPDATED, container, &result->metadata);
}

void awaited_metadata_take(
	struct registration *registration, void (*ready)(struct registration *registration,
						   uint64_t container_id, uint64_t generation))
{
	struct metadata_result *result;

	while ((result = metadata_worker_take(registration->worker))) {
		struct known_container *container =
			known_get(&registration->known, result->container_id);

		if (container && container->record->generation == result->generation) {
			use_metadata(registration, container, result);
			notice_ready(registration, container);
		}
		ready(registration, result->container_id, result->generation);
		metadata_result_free(result);
	}
}
