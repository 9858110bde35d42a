/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a client of the control socket: as one stream they are cut into calls at each NUL. */
#include "tests/fuzz/fuzz.h"

#include "daemon/api/varlink.h"

static const char *const known[] = {"container", "all", NULL};

static void answer(const char *text, size_t length)
{
	_cleanup_buf_ struct buf reply = {0};
	struct varlink_call call;
	struct error error = {0};
	const char *container = NULL, *unknown;
	bool all = false;

	if (varlink_call_parse(text, length, &call, &error))
		return;
	unknown = varlink_parameter_unknown(&call, known);
	varlink_parameter_bool(&call, "all", &all);
	varlink_parameter_string(&call, "container", &container);
	/* What it said comes back in errors: that must be one well-formed message too. */
	varlink_error(&reply, call.method, unknown ? "parameter" : NULL, unknown, container);
	if (!reply.failed) {
		_cleanup_json_ struct json_document *document = NULL;

		FUZZ_ASSERT(
			memchr(reply.data, '\0', reply.length) == reply.data + reply.length - 1);
		FUZZ_ASSERT(!json_parse(reply.data, reply.length - 1, NULL, &document, &error));
	}
	varlink_call_done(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	while (size) {
		const char *end = memchr(text, '\0', size);
		size_t length = end ? (size_t)(end - text) : size;
		/* a copy of its own, so that reading past its end is seen */
		char *copy = malloc(length ? length : 1);

		if (!copy)
			return 0;
		memcpy(copy, text, length);
		answer(copy, length);
		free(copy);
		if (!end)
			break;
		text += length + 1;
		size -= length + 1;
	}
	return 0;
}
