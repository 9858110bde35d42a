/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/text.h"

#define OUTPUT_SIZE ((size_t)64 << 10) /* written at once */

void events_print(
	struct events *events, const char *text, size_t length, const struct json_value *event)
{
	if (!events->json) {
		compact_format(&events->compact, event, &events->out);
	} else {
		if (events->terminal)
			text_json(&events->out, text, length);
		else
			buf_append(&events->out, text, length);
		buf_append_char(&events->out, '\n');
	}
	if (events->out.length >= OUTPUT_SIZE)
		output_flush(&events->out);
}

static int keep_line(struct events *events, const char *text, size_t length)
{
	struct kept_line *line = events->kept + events->shown % events->lines;
	char *copy = malloc(length + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, length);
	free(line->text);
	*line = (struct kept_line){.text = copy, .length = length};
	return 0;
}

int events_take(struct events *events, const char *text, size_t length, struct error *error)
{
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *event = NULL;
	int rc = 0;

	/* Unfiltered JSON for another program goes through as it is: the other will parse it. */
	if (!events->json || events->terminal || event_filter_any(&events->filter)) {
		rc = json_parse(text, length, NULL, &document, error);
		if (rc)
			return rc;
		event = json_root(document);
		if (!event_kind_of(event, NULL))
			return error_set(error, -EINVAL, "not an event");
		if (!event_filter_matches(&events->filter, event))
			return 0;
	}
	if (events->kept)
		rc = keep_line(events, text, length);
	else
		events_print(events, text, length, event);
	events->shown++;
	return rc;
}
