/* SPDX-License-Identifier: Apache-2.0 */
/* Export filters, field filters and redaction in Tetragon's forms. Regular expressions are PCRE2 in
 * UTF mode off, with match limits: an expression that runs away counts as "matches" in a deny list
 * and in redaction, "does not match" in an allow list: a failure never shows more. */
#pragma once

#include <stdbool.h>

#include "daemon/event.h"
#include "lib/buf.h"
#include "lib/error.h"

struct filter_list;
/* `text`: one or more JSON objects, blank- or newline-separated. NULL or empty: a list that is
 * empty. */
int filter_list_parse(const char *text, struct filter_list **ret_list, struct error *error);
struct filter_list *filter_list_free(struct filter_list *list);
static inline void filter_list_free_p(struct filter_list **list)
{
	filter_list_free(*list);
}

/* Deny wins; an empty allow list allows all. Events that are ours and not about one process
 * (event_loss, daemon_start …) always pass. */
bool filter_allows(
	const struct filter_list *allow, const struct filter_list *deny, const struct event *event);

/* How many searches had to be given up so far. */
uint64_t filter_list_run_aways(const struct filter_list *list);

struct field_filters;
int field_filters_parse(const char *text, struct field_filters **ret_filters, struct error *error);
bool field_filters_any(const struct field_filters *filters, enum event_kind kind);
/* Rewrite one event object, still without its end (json_event_format's result): INCLUDE / EXCLUDE
 * of FieldMask paths ("process.pod", "parent.arguments"), in order. Only called when
 * field_filters_any(). -EINVAL (and json->failed) when the text is not such an object. */
int field_filters_apply(
	const struct field_filters *filters, enum event_kind kind, struct buf *json);
struct field_filters *field_filters_free(struct field_filters *filters);

struct redaction;
int redaction_parse(const char *text, struct redaction **ret_redaction, struct error *error);
/* Redact argv (each argument followed by a NUL) of a process with this binary, in place in `buf`
 * from `offset` to its end: each capture group's text becomes *****. The expressions see argv[1..]
 * joined as in `arguments`; what they hide is hidden in each argument it touches. */
int redaction_arguments(const struct redaction *redaction, const char *binary, size_t binary_length,
	struct buf *argv, size_t offset);
/* The same for one NAME=value; the expressions see "NAME=value". */
int redaction_variable(const struct redaction *redaction, const char *binary, size_t binary_length,
	struct buf *variable, size_t offset);
uint64_t redaction_run_aways(const struct redaction *redaction);
struct redaction *redaction_free(struct redaction *redaction);
