/* SPDX-License-Identifier: Apache-2.0 */
/* Paths in the first line, an event's text in the rest: what was JSON stays JSON, with no member
 * that was not there. */
#include "daemon/filter/field_mask.h"

#include "lib/json.h"
#include "tests/fuzz/fuzz.h"

static struct json_document *parse(const struct buf *json)
{
	struct json_document *document = NULL;
	struct buf whole = {};

	buf_append(&whole, json->data, json->length);
	buf_append_char(&whole, '}');
	(void)json_parse(whole.data, whole.length, NULL, &document, NULL);
	buf_done(&whole);
	return document;
}

static void check_part(const struct json_value *before, const struct json_value *after)
{
	FUZZ_ASSERT(json_type(before) == json_type(after));
	if (json_type(after) == JSON_ARRAY)
		FUZZ_ASSERT(json_count(before) == json_count(after));
	for (size_t i = 0; json_type(after) == JSON_ARRAY && i < json_count(after); i++)
		check_part(json_at(before, i), json_at(after, i));
	for (size_t i = 0; json_type(after) == JSON_OBJECT && i < json_count(after); i++) {
		const struct json_value *member;
		const char *key;

		member = json_member(after, i, &key, NULL);
		if (json_get(before, key))
			check_part(json_get(before, key), member);
	}
}

static void apply(const char *paths, size_t length, const char *event, enum field_mask_mode mode)
{
	struct json_document *before, *after;
	struct field_mask *mask = field_mask_new();
	struct error error = {};
	struct buf json = {};

	FUZZ_ASSERT(mask);
	buf_append_string(&json, event);
	before = parse(&json);
	if (field_mask_add_paths(mask, paths, length, mode == FIELD_MASK_EXCLUDE, &error) == 0 &&
		field_mask_apply(mask, mode, &json) == 0) {
		FUZZ_ASSERT(json.length <= strlen(event));
		after = parse(&json);
		if (before) {
			FUZZ_ASSERT(after);
			check_part(json_root(before), json_root(after));
		}
		json_document_free(after);
	}
	json_document_free(before);
	field_mask_free(mask);
	buf_done(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), *newline = strchr(text, '\n');

	if (newline) {
		size_t length = (size_t)(newline - text);

		apply(text, length, newline + 1, FIELD_MASK_INCLUDE);
		apply(text, length, newline + 1, FIELD_MASK_INCLUDE_PROCESSES);
		apply(text, length, newline + 1, FIELD_MASK_EXCLUDE);
	}
	free(text);
	return 0;
}
