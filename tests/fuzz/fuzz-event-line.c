/* SPDX-License-Identifier: Apache-2.0 */
/* A log that anybody may have written, as `tallyman events` reads it: what comes out holds no
 * control character but the newline, and --verify comes to a verdict. */
#include "tests/fuzz/fuzz.h"

#include "cli/compact.h"
#include "cli/event_filter.h"
#include "cli/text.h"
#include "cli/verify.h"

static void show(const char *text, size_t length)
{
	const struct compact_options options = {.timestamps = true};
	const struct event_filter filter = {
		.containers = {"web"}, .container_count = 1, .labels = {"a=b"}, .label_count = 1};
	_cleanup_json_ struct json_document *document = NULL;
	_cleanup_buf_ struct buf out = {0};

	if (json_parse(text, length, NULL, &document, NULL))
		return;
	event_filter_matches(&filter, json_root(document));
	compact_format(&options, json_root(document), &out);
	text_json(&out, text, length);
	for (size_t i = 0; i < out.length; i++) {
		uint8_t byte = (uint8_t)out.data[i];

		FUZZ_ASSERT((byte >= 0x20 || byte == '\n') && byte != 0x7f);
		/* U+0080 to U+009F */
		FUZZ_ASSERT(
			byte != 0xc2 || i + 1 == out.length || (uint8_t)out.data[i + 1] >= 0xa0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verify *verify = verify_new();
	const char *text = (const char *)data;
	_cleanup_buf_ struct buf report = {0};

	while (verify && size) {
		const char *end = memchr(text, '\n', size);
		size_t length = end ? (size_t)(end - text) : size;
		struct log_line line = {
			.file = "f", .number = 1, .text = text, .length = length, .whole = end};

		show(text, length);
		if (verify_line(verify, &line))
			break;
		size -= length + (end != NULL);
		text += length + (end != NULL);
	}
	if (verify)
		verify_report(verify, size % 2, &report);
	verify_free(verify);
	return 0;
}
