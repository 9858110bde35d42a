/* SPDX-License-Identifier: Apache-2.0 */
/* json_parse: whatever is taken is written out again by the writer, parsed once more, and must be
 * the same document. */
#include "lib/json.h"

#include "lib/json_writer.h"
#include "lib/utf8.h"
#include "tests/fuzz/fuzz.h"

static void write_value(struct buf *buf, const struct json_value *value);

static void write_key(struct buf *buf, const char *key, size_t length)
{
	FUZZ_ASSERT(utf8_valid(key, length));
	/* as a string value, since a key of the writer's needs no escaping */
	json_string_n(buf, key, length);
	buf_append_char(buf, ':');
}

static void write_value(struct buf *buf, const struct json_value *value)
{
	size_t i, length = 0, count = json_count(value);
	unsigned line = 0, column = 0;
	const char *text, *key = NULL;
	int64_t i64;
	uint64_t u64;

	json_position(value, &line, &column);
	FUZZ_ASSERT(line >= 1 && column >= 1);
	switch (json_type(value)) {
	case JSON_NULL:
		json_raw(buf, "null", 4);
		break;
	case JSON_BOOLEAN:
		json_bool(buf, json_is_true(value));
		break;
	case JSON_NUMBER:
		if (!json_i64(value, &i64))
			json_number(buf, i64);
		else if (!json_u64(value, &u64))
			json_unsigned(buf, u64);
		else
			json_raw(buf, "0.5", 3);
		break;
	case JSON_STRING:
		text = json_text_n(value, &length);
		FUZZ_ASSERT(!json_string_n(buf, text, length));
		FUZZ_ASSERT(!json_text(value) || strlen(json_text(value)) == length);
		break;
	case JSON_ARRAY:
		json_open_array(buf);
		for (i = 0; i < count; i++)
			write_value(buf, json_at(value, i));
		json_close_array(buf);
		break;
	case JSON_OBJECT:
		json_open_object(buf);
		for (i = 0; i < count; i++) {
			const struct json_value *member = json_member(value, i, &key, &length);

			FUZZ_ASSERT(strlen(key) != length || json_get(value, key) == member);
			write_key(buf, key, length);
			write_value(buf, member);
		}
		json_close_object(buf);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_document *document = NULL, *again = NULL;
	_cleanup_buf_ struct buf once = {0}, twice = {0};
	const struct json_limits limits = {.depth = 20};
	struct error error = {0};
	int r;

	r = json_parse((const char *)data, size, &limits, &document, &error);
	FUZZ_ASSERT(r == error.code);
	FUZZ_ASSERT((r == 0) == (document != NULL));
	if (r < 0) {
		FUZZ_ASSERT(error.message[0]);
		return 0;
	}
	write_value(&once, json_root(document));
	r = json_parse(once.data, once.length, &limits, &again, &error);
	FUZZ_ASSERT(r == 0);
	write_value(&twice, json_root(again));
	FUZZ_ASSERT(once.length == twice.length && !memcmp(once.data, twice.data, once.length));
	return 0;
}
