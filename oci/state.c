/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/state.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

#define PID_MAX_LIMIT 4194304 /* the kernel's, on 64 bits */

static const char *const status_names[] = {
	[OCI_STATUS_CREATING] = "creating",
	[OCI_STATUS_CREATED] = "created",
	[OCI_STATUS_RUNNING] = "running",
	[OCI_STATUS_STOPPED] = "stopped",
};

const char *oci_status_name(enum oci_status status)
{
	return status_names[status];
}

bool oci_id_valid(const char *id)
{
	size_t length = strlen(id);

	if (!length || length >= CONTAINER_ID_MAX || !strcmp(id, ".") || !strcmp(id, ".."))
		return false;
	return strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-") ==
	       length;
}

/* The text of `key`: -ENODATA when there is none, -EINVAL for anything but a string without NUL. */
static int text_member(const struct json_value *object, const char *key, const char **ret_text,
	struct error *error)
{
	const struct json_value *value = json_get(object, key);
	const char *text = json_text(value);

	if (!value)
		return error_set(error, -ENODATA, "state has no \"%s\"", key);
	if (!text)
		return error_set(error, -EINVAL, "\"%s\" of the state is not a string", key);
	*ret_text = text;
	return 0;
}

static int copy_text(const char *text, char **ret_copy, struct error *error)
{
	char *copy = strdup(text);

	if (!copy)
		return error_set(error, -ENOMEM, "no memory");
	*ret_copy = copy;
	return 0;
}

static int read_id(const struct json_value *value, struct oci_state *state, struct error *error)
{
	const char *id;
	int r;

	r = text_member(value, "id", &id, error);
	if (r < 0)
		return r;
	if (!oci_id_valid(id))
		return error_set(error, -EINVAL, "\"id\" of the state is not a container id");
	memcpy(state->id, id, strlen(id) + 1);
	return 0;
}

static int read_status(const struct json_value *value, struct oci_state *state, struct error *error)
{
	const char *status;
	int r;

	r = text_member(value, "status", &status, error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(status_names); i++) {
		if (strcmp(status, status_names[i]))
			continue;
		state->status = (enum oci_status)i;
		return 0;
	}
	return error_set(error, -EINVAL, "\"status\" of the state is none of the specification's");
}

static int read_pid(const struct json_value *value, struct oci_state *state, struct error *error)
{
	const struct json_value *pid = json_get(value, "pid");
	int64_t number;

	if (!pid) { /* only a stopped container may be without */
		if (state->status == OCI_STATUS_STOPPED)
			return 0;
		return error_set(error, -ENODATA, "state has no \"pid\"");
	}
	/* json_i64() takes numbers in strings too, which no runtime writes here. */
	if (json_type(pid) != JSON_NUMBER || json_i64(pid, &number) < 0 || number < 0 ||
		number > PID_MAX_LIMIT)
		return error_set(error, -EINVAL, "\"pid\" of the state is not a process id");
	state->pid = (pid_t)number;
	return 0;
}

static int read_paths(const struct json_value *value, struct oci_state *state, struct error *error)
{
	const char *text;
	int r;

	r = text_member(value, "ociVersion", &text, error);
	if (r < 0)
		return r;
	r = copy_text(text, &state->version, error);
	if (r < 0)
		return r;
	r = text_member(value, "bundle", &text, error);
	if (r < 0)
		return r;
	if (text[0] != '/' || strlen(text) >= OCI_STATE_PATH_MAX)
		return error_set(error, -EINVAL, "\"bundle\" of the state is not an absolute path");
	return copy_text(text, &state->bundle, error);
}

static int compare_annotations(const void *a, const void *b)
{
	return strcmp(
		((const struct oci_annotation *)a)->key, ((const struct oci_annotation *)b)->key);
}

static int read_annotations(
	const struct json_value *value, struct oci_state *state, struct error *error)
{
	const struct json_value *annotations = json_get(value, "annotations");
	size_t count = json_count(annotations);
	int r;

	if (!annotations || json_type(annotations) == JSON_NULL)
		return 0;
	if (json_type(annotations) != JSON_OBJECT)
		return error_set(error, -EINVAL, "\"annotations\" of the state is not an object");
	if (count > OCI_STATE_ANNOTATIONS_MAX)
		return error_set(error, -E2BIG, "the state has more than %d annotations",
			OCI_STATE_ANNOTATIONS_MAX);
	if (!count)
		return 0;
	state->annotations = calloc(count, sizeof(*state->annotations));
	if (!state->annotations)
		return error_set(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < count; i++) {
		struct oci_annotation *annotation = &state->annotations[state->annotation_count];
		const char *key, *text;
		size_t key_length;

		text = json_text(json_member(annotations, i, &key, &key_length));
		if (!text || strlen(key) != key_length)
			return error_set(
				error, -EINVAL, "an annotation of the state is not a string");
		state->annotation_count++; /* now oci_state_free() sees it */
		r = copy_text(key, &annotation->key, error);
		if (r < 0)
			return r;
		r = copy_text(text, &annotation->value, error);
		if (r < 0)
			return r;
	}
	qsort(state->annotations, state->annotation_count, sizeof(*state->annotations),
		compare_annotations);
	return 0;
}

int oci_state_from_json(
	const struct json_value *value, struct oci_state **ret_state, struct error *error)
{
	_cleanup_oci_state_ struct oci_state *state = NULL;
	int r;

	if (json_type(value) != JSON_OBJECT)
		return error_set(error, -EINVAL, "the state is not a JSON object");
	state = calloc(1, sizeof(*state));
	if (!state)
		return error_set(error, -ENOMEM, "no memory");
	r = read_id(value, state, error);
	if (r < 0)
		return r;
	r = read_status(value, state, error);
	if (r < 0)
		return r;
	r = read_pid(value, state, error);
	if (r < 0)
		return r;
	r = read_paths(value, state, error);
	if (r < 0)
		return r;
	r = read_annotations(value, state, error);
	if (r < 0)
		return r;
	*ret_state = TAKE_PTR(state);
	return 0;
}

int oci_state_parse(
	const char *text, size_t length, struct oci_state **ret_state, struct error *error)
{
	static const struct json_limits limits = {
		.bytes = OCI_STATE_BYTES_MAX,
		.depth = OCI_STATE_DEPTH_MAX,
		.values = OCI_STATE_ANNOTATIONS_MAX * 4,
	};
	_cleanup_json_ struct json_document *document = NULL;
	int r;

	r = json_parse(text, length, &limits, &document, error);
	if (r < 0)
		return r;
	return oci_state_from_json(json_root(document), ret_state, error);
}

struct oci_state *oci_state_free(struct oci_state *state)
{
	if (!state)
		return NULL;
	for (size_t i = 0; i < state->annotation_count; i++) {
		free(state->annotations[i].key);
		free(state->annotations[i].value);
	}
	free(state->annotations);
	free(state->version);
	free(state->bundle);
	free(state);
	return NULL;
}

const char *oci_state_annotation(const struct oci_state *state, const char *key)
{
	const struct oci_annotation wanted = {.key = (char *)key};
	const struct oci_annotation *found;

	if (!state->annotation_count)
		return NULL;
	found = bsearch(&wanted, state->annotations, state->annotation_count,
		sizeof(*state->annotations), compare_annotations);
	return found ? found->value : NULL;
}
