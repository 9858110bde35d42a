/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/api/varlink.h"

#include <errno.h>
#include <string.h>

#include "lib/json_writer.h"

static int optional_bool(const struct json_value *object, const char *key, bool *ret)
{
	const struct json_value *value = json_get(object, key);

	if (!value || json_type(value) == JSON_NULL)
		return 0;
	if (json_type(value) != JSON_BOOLEAN)
		return -EINVAL;
	*ret = json_is_true(value);
	return 0;
}

int varlink_call_parse(
	const char *text, size_t length, struct varlink_call *ret_call, struct error *error)
{
	const struct json_limits limits = {.bytes = VARLINK_REQUEST_MAX_ROOT,
		.depth = VARLINK_REQUEST_DEPTH,
		.values = VARLINK_REQUEST_NODES};
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *root, *parameters;
	struct varlink_call call = {0};
	int rc;

	rc = json_parse(text, length, &limits, &document, error);
	if (rc)
		return rc;
	root = json_root(document);
	call.method = json_text(json_get(root, "method"));
	if (!call.method)
		return error_set(error, -EINVAL, "a call without a method");
	parameters = json_get(root, "parameters");
	if (parameters && json_type(parameters) == JSON_OBJECT)
		call.parameters = parameters;
	else if (parameters && json_type(parameters) != JSON_NULL)
		return error_set(error, -EINVAL, "parameters are not an object");
	if (optional_bool(root, "more", &call.more) || optional_bool(root, "oneway", &call.oneway))
		return error_set(error, -EINVAL, "more and oneway are true or false");
	call.document = TAKE_PTR(document);
	*ret_call = call;
	return 0;
}

void varlink_call_done(struct varlink_call *call)
{
	json_document_free(call->document);
	*call = (struct varlink_call){0};
}

int varlink_parameter_bool(const struct varlink_call *call, const char *name, bool *ret)
{
	return optional_bool(call->parameters, name, ret);
}

int varlink_parameter_string(const struct varlink_call *call, const char *name, const char **ret)
{
	const struct json_value *value = json_get(call->parameters, name);

	if (!value || json_type(value) == JSON_NULL)
		return 0;
	if (!json_text(value))
		return -EINVAL;
	*ret = json_text(value);
	return 0;
}

const char *varlink_parameter_unknown(const struct varlink_call *call, const char *const *known)
{
	for (size_t i = 0; i < json_count(call->parameters); i++) {
		const char *const *name = known;
		const char *key = NULL;

		json_member(call->parameters, i, &key, NULL);
		while (*name && strcmp(*name, key))
			name++;
		if (!*name)
			return key;
	}
	return NULL;
}

/* The buffer holds messages that wait to be sent, so a reply begins after anything: the JSON
 * writer's commas depend on what stands before and cannot be used for its first byte. */
void varlink_reply_open(struct buf *buf)
{
	buf_append_literal(buf, "{\"parameters\":");
}

void varlink_reply_close(struct buf *buf, bool continues)
{
	if (continues)
		buf_append_literal(buf, ",\"continues\":true");
	buf_append(buf, "}", 2); /* and the NUL */
}

void varlink_error(
	struct buf *buf, const char *error, const char *key, const char *value, const char *message)
{
	buf_append_literal(buf, "{\"error\":");
	json_string(buf, error);
	buf_append_literal(buf, ",\"parameters\":{");
	if (key) {
		json_key_n(buf, key, strlen(key));
		json_string(buf, value);
	}
	if (message)
		json_key_string(buf, "message", message);
	buf_append(buf, "}}", 3);
}
