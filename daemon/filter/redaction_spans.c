/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/redaction_spans.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lib/util.h"

static int compare_spans(const void *a, const void *b)
{
	const struct redaction_span *first = a, *second = b;

	if (first->start != second->start)
		return first->start < second->start ? -1 : 1;
	return first->end == second->end ? 0 : first->end < second->end ? -1 : 1;
}

/* Groups may be nested, and a group may have matched before one that began earlier in the pattern:
 * ((a)|b)+. Side by side they stay two. */
static void sort_and_merge(struct redaction_spans *spans)
{
	size_t kept = 0;

	qsort(spans->items, spans->count, sizeof(spans->items[0]), compare_spans);
	for (size_t i = 0; i < spans->count; i++) {
		struct redaction_span *last = kept ? &spans->items[kept - 1] : NULL;
		const struct redaction_span span = spans->items[i];

		if (last && (span.start < last->end || span.start == last->start))
			last->end = MAX(last->end, span.end);
		else
			spans->items[kept++] = span;
	}
	spans->count = kept;
}

static bool add_groups(struct redaction_spans *spans, const struct regex *regex,
	const struct regex_machine *machine)
{
	for (size_t group = 1; group <= regex_group_count(regex); group++) {
		struct redaction_span span;

		regex_group(machine, group, &span.start, &span.end);
		if (span.start == (size_t)-1 || span.start > span.end)
			continue;
		if (spans->count == REDACTION_SPANS_MAX)
			return false;
		spans->items[spans->count++] = span;
	}
	return true;
}

enum regex_result redaction_spans_find(struct redaction_spans *spans, const struct regex *regex,
	struct regex_machine *machine, const char *text, size_t length)
{
	size_t start = 0, previous_end = (size_t)-1;

	spans->count = spans->next = 0;
	while (start <= length) {
		size_t match_start, match_end;
		enum regex_result result = regex_search(regex, machine, text, length, start);

		if (result == REGEX_NO)
			break;
		if (result == REGEX_RUN_AWAY)
			return result;
		regex_group(machine, 0, &match_start, &match_end);
		/* As in Go, a match of nothing right behind the one before is none. */
		if ((match_start != match_end || match_start != previous_end) &&
			!add_groups(spans, regex, machine))
			return REGEX_RUN_AWAY;
		previous_end = match_end;
		start = MAX(match_end, start + 1);
	}
	if (!spans->count)
		return REGEX_NO;
	sort_and_merge(spans);
	return REGEX_YES;
}

static bool covers(const struct redaction_span *span, size_t start, size_t end)
{
	if (span->start == span->end)
		return span->start >= start && span->start <= end;
	if (start == end)
		return span->start <= start && span->end >= end;
	return span->start < end && span->end > start;
}

void redaction_spans_hide(struct redaction_spans *spans, const char *piece, size_t length,
	size_t at, struct buf *output)
{
	size_t end = at + length, position = at;

	while (spans->next < spans->count && spans->items[spans->next].end < at)
		spans->next++;
	for (size_t i = spans->next; i < spans->count && spans->items[i].start <= end; i++) {
		const struct redaction_span *span = &spans->items[i];

		if (!covers(span, at, end))
			continue;
		if (span->start > position)
			buf_append(output, piece + (position - at), span->start - position);
		buf_append_literal(output, REDACTION_TEXT);
		if (span->end > position)
			position = MIN(span->end, end);
	}
	buf_append(output, piece + (position - at), end - position);
}
