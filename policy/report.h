/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a file of policies: each problem with its line, column and field. Their number
 * is bounded; those beyond are counted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "policy/yaml_document.h"

#define POLICY_PROBLEMS_MAX	  100
#define POLICY_PROBLEM_LENGTH_MAX ((size_t)2048)

struct policy_problem {
	bool warning; /* the policy holds, but something in it does nothing */
	uint32_t line, column;
	const char *field;   /* spec.kprobes[0].call; "" for the whole file */
	const char *message; /* what is wrong; allowed: … */
};

struct policy_report {
	struct arena *arena;
	struct policy_problem problems[POLICY_PROBLEMS_MAX];
	size_t count, omitted; /* kept; beyond the limit */
	size_t errors, warnings;
	bool out_of_memory; /* a problem could not be kept: say -ENOMEM, not "ok" */
};

/* At the place of `at`, with its path as the field. */
void report_error(struct policy_report *report, const struct yaml_value *at, const char *format,
	...) __attribute__((format(printf, 3, 4)));
void report_warning(struct policy_report *report, const struct yaml_value *at, const char *format,
	...) __attribute__((format(printf, 3, 4)));
/* At the place of a mapping's key rather than of its value. */
void report_error_at_key(struct policy_report *report, const struct yaml_value *value,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
/* At byte `offset` of a scalar's text; at its beginning where that cannot be told (text_column). */
void report_error_inside(struct policy_report *report, const struct yaml_value *scalar,
	size_t offset, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* At a place that may have no value (NULL): what the YAML parser could not read. */
void report_error_at(struct policy_report *report, const struct yaml_value *value, uint32_t line,
	uint32_t column, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "file:line:column: [warning: ][field: ]message", without a newline. */
void policy_problem_text(struct buf *buf, const char *file, const struct policy_problem *problem);

/* Text of the file in quotes for a message: cut, control characters escaped. */
#define REPORT_QUOTE_LENGTH_MAX 64
struct report_quote {
	char text[4 * REPORT_QUOTE_LENGTH_MAX + 8];
};
const char *report_quote(struct report_quote *quote, const char *text, size_t length);
#define QUOTE(data, length) report_quote(&(struct report_quote){}, (data), (length))
