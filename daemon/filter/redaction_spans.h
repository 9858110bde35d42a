/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts of a text an expression's capture groups cover, and the text without them. */
#pragma once

#include <stddef.h>

#include "daemon/filter/regex.h"
#include "lib/buf.h"

#define REDACTION_TEXT	    "*****"
#define REDACTION_SPANS_MAX 1024 /* more in one text: all of it is hidden */

struct redaction_span {
	size_t start, end; /* the same for a group that matched nothing: it is marked too, as in
			      Tetragon */
};

struct redaction_spans {
	struct redaction_span items[REDACTION_SPANS_MAX]; /* in order, not overlapping */
	size_t count;
	size_t next; /* the first that may cover what is hidden next */
};

/* The groups of all matches. REGEX_RUN_AWAY too when there are too many. */
enum regex_result redaction_spans_find(struct redaction_spans *spans, const struct regex *regex,
	struct regex_machine *machine, const char *text, size_t length);
/* Append `piece`, which stands at `at` in the text that was searched, with each part that a span
 * covers replaced. */
void redaction_spans_hide(struct redaction_spans *spans, const char *piece, size_t length,
	size_t at, struct buf *output);
