/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/compact.h"
#include "cli/text.h"
#include "lib/json.h"
#include "lib/util.h"

#define NOTES_MAX ((size_t)64 << 10) /* bytes; more are not listed */

struct verify *verify_new(void)
{
	return calloc(1, sizeof(struct verify));
}

struct verify *verify_free(struct verify *verify)
{
	if (!verify)
		return NULL;
	for (size_t i = 0; i < verify->count; i++) {
		free(verify->streams[i].gaps.items);
		free(verify->streams[i].losses.items);
		buf_done(&verify->streams[i].lost_notes);
		buf_done(&verify->streams[i].notes);
	}
	free(verify->streams);
	free(verify);
	return NULL;
}

static int ranges_add(struct ranges *ranges, uint64_t first, uint64_t last, const char *note)
{
	struct range *items;

	if (ranges->count >= VERIFY_RANGES_MAX) {
		ranges->more += last - first + 1;
		return 0;
	}
	items = realloc(ranges->items, (ranges->count + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	ranges->items = items;
	items[ranges->count] = (struct range){.first = first, .last = last};
	snprintf(items[ranges->count].note, sizeof(items->note), "%s", note ? note : "");
	ranges->count++;
	return 0;
}

static struct stream *find_stream(struct verify *verify, const char *name)
{
	/* The last one is nearly always the one. */
	for (size_t i = verify->count; i-- > 0;)
		if (!strncmp(verify->streams[i].name, name, NAME_MAX_LENGTH - 1))
			return verify->streams + i;
	return NULL;
}

static struct stream *add_stream(struct verify *verify, const char *name)
{
	struct stream *streams;

	streams = realloc(verify->streams, (verify->count + 1) * sizeof(*streams));
	if (!streams)
		return NULL;
	verify->streams = streams;
	streams[verify->count] = (struct stream){0};
	snprintf(streams[verify->count].name, NAME_MAX_LENGTH, "%s", name);
	return streams + verify->count++;
}

static void append_note(
	struct buf *notes, const char *before, const struct json_value *value, const char *after)
{
	size_t length;
	const char *text = json_text_n(value, &length);

	buf_append_string(notes, before);
	if (text)
		text_untrusted(notes, text, length);
	buf_append_string(notes, after);
}

/* Where this stream's own numbers go missing: live subscribers' streams end in ".N". */
static const char *own_stage(const struct stream *stream)
{
	return strchr(stream->name, '.') ? "subscriber" : "json";
}

/* The log does not lack what the audit trail or another reader of the stream lost. */
static bool lost_elsewhere(const struct stream *stream, const char *stage)
{
	static const char *const stages[] = {"json", "subscriber", "audit", "audit_log"};

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
		if (!strcmp(stages[i], stage))
			return strcmp(stage, own_stage(stream));
	return false;
}

static int take_loss(struct stream *stream, const struct json_value *body)
{
	const char *stage = json_text(json_get(body, "stage"));
	_cleanup_buf_ struct buf note = {0};
	uint64_t first = 0, last = 0, lost = 0;
	bool numbered;

	json_u64(json_get(body, "lost"), &lost);
	numbered = !json_u64(json_get(body, "first_sequence"), &first) &&
		   !json_u64(json_get(body, "last_sequence"), &last) && first && first <= last;
	append_note(&note, "", json_get(body, "stage"), ": ");
	append_note(&note, "", json_get(body, "reason"), ", ");
	append_note(&note, "", json_get(body, "since"), "");
	if (!buf_string(&note))
		return -ENOMEM;
	if (stage && lost_elsewhere(stream, stage)) {
		if (stream->notes.length < NOTES_MAX)
			buf_printf(&stream->notes, "  not of this log: %" PRIu64 " lost: %s\n",
				lost, note.data);
		return 0;
	}
	if (numbered)
		return ranges_add(&stream->losses, first, last, note.data);
	stream->lost_unnumbered += lost;
	if (stream->lost_notes.length < NOTES_MAX)
		buf_printf(&stream->lost_notes, "  %" PRIu64 " events lost: %s\n", lost, note.data);
	return 0;
}

/* The numbers between `stream`'s last line and `next`. */
static int take_gap(struct stream *stream, uint64_t next)
{
	int rc = 0;

	if (next > stream->last + 1)
		rc = ranges_add(&stream->gaps, stream->last + 1, next - 1, NULL);
	return rc;
}

static int take_daemon_start(
	struct verify *verify, struct stream *stream, const struct json_value *body)
{
	const char *previous = json_text(json_get(body, "previous_stream"));
	const struct json_value *clean = json_get(body, "last_stop_clean");
	struct stream *before = previous ? find_stream(verify, previous) : NULL;
	uint64_t last = 0;
	int rc = 0;

	if (before && !json_u64(json_get(body, "last_sequence"), &last) && last > before->last) {
		rc = take_gap(before, last + 1);
		before->last = last;
	}
	if (json_type(clean) == JSON_BOOLEAN && !json_is_true(clean))
		buf_append_literal(&stream->notes, "  the daemon before it was killed: what it had "
						   "not written yet is not known\n");
	if (json_get(body, "unobserved_since")) {
		append_note(&stream->notes, "  not observed: from ",
			json_get(body, "unobserved_since"), " ");
		append_note(&stream->notes, "to ", json_get(body, "unobserved_until"), "\n");
	}
	return rc;
}

/* What the file before it held; a gap is found here even if this file has no more lines. */
static void take_header(struct verify *verify, const struct json_value *body)
{
	const char *name = json_text(json_get(body, "stream"));
	struct stream *stream = name ? find_stream(verify, name) : NULL;
	uint64_t previous;

	verify->headers++;
	if (stream && !json_u64(json_get(body, "previous_last_sequence"), &previous) &&
		previous > stream->last && !take_gap(stream, previous + 1))
		stream->last = previous;
}

static int take_numbered(struct verify *verify, const char *name, uint64_t sequence,
	const char *kind, const struct json_value *body)
{
	struct stream *stream = find_stream(verify, name);
	int rc = 0;

	if (!stream) {
		if (verify->count >= VERIFY_STREAMS_MAX) {
			verify->streams_more++;
			return 0;
		}
		stream = add_stream(verify, name);
		if (!stream)
			return -ENOMEM;
		stream->first = sequence;
		stream->last = sequence - 1;
	}
	stream->lines++;
	if (sequence <= stream->last) {
		stream->disorder++;
	} else {
		rc = take_gap(stream, sequence);
		stream->last = sequence;
	}
	if (!rc && !strcmp(kind, "event_loss"))
		rc = take_loss(stream, body);
	if (!rc && !strcmp(kind, "daemon_start"))
		rc = take_daemon_start(verify, stream, body);
	return rc;
}

int verify_line(struct verify *verify, const struct log_line *line)
{
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *event, *body = NULL;
	const char *kind = NULL, *name = NULL;
	uint64_t sequence = 0;
	int rc;

	verify->lines++;
	rc = line->whole ? json_parse(line->text, line->length, NULL, &document, NULL) : -EINVAL;
	if (rc == -ENOMEM)
		return rc;
	event = json_root(document);
	if (!rc) {
		kind = event_kind_of(event, &body);
		name = json_text(json_get(event, "stream"));
		if (kind && !strcmp(kind, "log_file")) {
			take_header(verify, body);
			if (!json_get(event, "sequence"))
				return 0;
		}
		if (kind && name && !json_u64(json_get(event, "sequence"), &sequence) && sequence)
			return take_numbered(verify, name, sequence, kind, body);
	}
	if (!verify->bad_lines++)
		snprintf(verify->first_bad, sizeof(verify->first_bad), "%s:%zu", line->file,
			line->number);
	return 0;
}
