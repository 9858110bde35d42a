/* SPDX-License-Identifier: Apache-2.0 */
/* A regular expression in the first line, argv with | for each NUL in the rest. No argument comes
 * or goes, argv[0] stays, and each other one is as it was or has the mark. */
#include "daemon/filter/arguments.h"
#include "daemon/filter/filter.h"
#include "daemon/filter/redaction_spans.h"
#include "lib/json_writer.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct buf *before, const struct buf *after)
{
	size_t old_position = 0, new_position = 0, old_length, new_length;
	const char *old_argument, *new_argument;

	for (size_t i = 0; arguments_next(
		     before->data, before->length, &old_position, &old_argument, &old_length);
		i++) {
		FUZZ_ASSERT(arguments_next(
			after->data, after->length, &new_position, &new_argument, &new_length));
		if (old_length == new_length && memcmp(old_argument, new_argument, old_length) == 0)
			continue;
		FUZZ_ASSERT(i > 0);
		FUZZ_ASSERT(
			memmem(new_argument, new_length, REDACTION_TEXT, strlen(REDACTION_TEXT)));
	}
	FUZZ_ASSERT(!arguments_next(
		after->data, after->length, &new_position, &new_argument, &new_length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), *newline = strchr(text, '\n');
	struct buf filter = {}, before = {}, after = {};
	struct redaction *redaction = NULL;

	if (!newline) {
		free(text);
		return 0;
	}
	buf_append_literal(&filter, "{\"redact\":[");
	json_string_n(&filter, text, (size_t)(newline - text));
	buf_append_literal(&filter, "]}");
	buf_append_string(&before, newline + 1);
	for (size_t i = 0; i < before.length; i++)
		if (before.data[i] == '|')
			before.data[i] = '\0';
	buf_append(&after, before.data, before.length);
	if (redaction_parse(buf_string(&filter), &redaction, NULL) == 0) {
		FUZZ_ASSERT(redaction_arguments(redaction, "", 0, &after, 0) == 0);
		check(&before, &after);
		redaction_free(redaction);
	}
	buf_done(&filter);
	buf_done(&before);
	buf_done(&after);
	free(text);
	return 0;
}
