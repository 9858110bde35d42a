/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/metadata_task.h"

#include <errno.h>
#include <string.h>

#include "lib/json.h"
#include "oci/state.h"

static const struct json_limits state_limits = {
	.bytes = METADATA_STATE_MAX, .depth = 16, .values = 20000};

void metadata_result_free(struct metadata_result *result)
{
	if (!result)
		return;
	container_metadata_done(&result->metadata);
	free(result);
}

struct metadata_task *metadata_task_free(struct metadata_task *task)
{
	if (!task)
		return NULL;
	free(task->id);
	free(task->bundle);
	free(task->state);
	free(task->conmon);
	free(task->runtime);
	metadata_result_free(task->result);
	free(task);
	return NULL;
}

/* With a NUL at the end that is not counted. */
static int copy_bytes(const char *data, size_t length, char **ret_copy)
{
	char *copy;

	if (!data)
		return 0;
	copy = malloc(length + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, length);
	copy[length] = '\0';
	*ret_copy = copy;
	return 0;
}

static int copy_text(const char *text, char **ret_copy)
{
	return copy_bytes(text, text ? strlen(text) : 0, ret_copy);
}

static int copy_job(const struct metadata_job *job, struct metadata_task *task)
{
	int r = copy_text(job->id, &task->id);

	if (r == 0)
		r = copy_text(job->bundle, &task->bundle);
	if (r == 0)
		r = copy_text(job->runtime, &task->runtime);
	if (r == 0 && job->state_length <= METADATA_STATE_MAX) {
		r = copy_bytes(job->state, job->state_length, &task->state);
		task->state_length = job->state ? job->state_length : 0;
	}
	if (r == 0) {
		r = copy_bytes(job->conmon, job->conmon_length, &task->conmon);
		task->conmon_length = job->conmon ? job->conmon_length : 0;
	}
	return r;
}

int metadata_task_new(const struct metadata_job *job, struct metadata_task **ret_task)
{
	_cleanup_(metadata_task_free_p) struct metadata_task *task = NULL;
	int r;

	if (!job->id || !oci_id_valid(job->id))
		return -EINVAL;
	if (job->conmon_length > METADATA_CONMON_MAX)
		return -E2BIG;
	task = calloc(1, sizeof(*task));
	if (!task)
		return -ENOMEM;
	task->container_id = job->container_id;
	task->generation = job->generation;
	task->owner = job->owner;
	task->engine = job->engine;
	r = copy_job(job, task);
	if (r < 0)
		return r;
	task->result = calloc(1, sizeof(*task->result));
	if (!task->result)
		return -ENOMEM;
	task->bytes = sizeof(*task) + sizeof(*task->result) + task->state_length +
		      task->conmon_length + (job->bundle ? strlen(job->bundle) : 0);
	task->result->container_id = job->container_id;
	task->result->generation = job->generation;
	*ret_task = TAKE_PTR(task);
	return 0;
}

static size_t split_arguments(
	const char *data, size_t length, const char **ret_arguments, size_t limit)
{
	size_t count = 0, offset = 0;

	while (offset < length && count < limit) {
		ret_arguments[count++] = data + offset;
		offset += strlen(data + offset) + 1;
	}
	return count;
}

int metadata_task_read(const struct metadata_task *task, const char *const *event_files,
	size_t event_file_count, uint64_t deadline_ns, struct container_metadata *ret_metadata,
	enum metadata_completeness *ret_completeness, struct error *error)
{
	const char *arguments[METADATA_CONMON_ARGUMENTS_MAX];
	_cleanup_json_ struct json_document *state = NULL;
	struct metadata_request request = {
		.id = task->id,
		.bundle = task->bundle,
		.conmon_arguments = arguments,
		.owner = task->owner,
		.engine = task->engine,
		.runtime = task->runtime,
		.event_files = event_files,
		.event_file_count = event_file_count,
		.deadline_ns = deadline_ns,
	};

	/* A state that is no JSON was refused before it came here; without one, config.json says
	 * the same. */
	if (task->state &&
		json_parse(task->state, task->state_length, &state_limits, &state, NULL) == 0)
		request.annotations = json_get(json_root(state), "annotations");
	request.conmon_argument_count = split_arguments(
		task->conmon, task->conmon_length, arguments, METADATA_CONMON_ARGUMENTS_MAX);
	return engine_metadata_read(&request, ret_metadata, ret_completeness, error);
}

unsigned metadata_quality(const struct container_metadata *metadata)
{
	unsigned quality = 0;

	if (metadata->source != LABELS_SOURCE_NONE)
		quality = (LABELS_SOURCE_MAX - metadata->source) << 4;
	return quality + !!metadata->name + !!metadata->image_digest + !!metadata->pod_name +
	       !!metadata->pod_label_count;
}
