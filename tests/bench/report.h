/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured: a table for people, lines of it as they come, and JSON for programs. */
#pragma once

#include <stddef.h>

#include "lib/error.h"
#include "tests/bench/samples.h"

enum target_kind {
	TARGET_NONE,
	TARGET_AT_LEAST,
	TARGET_AT_MOST,
	TARGET_BELOW
};

struct target {
	enum target_kind kind;
	double value;
};

struct report;

struct report *report_new(void); /* NULL: no memory */
struct report *report_free(struct report *report);
/* A heading; what follows belongs to it. */
void report_subject(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* One line: the median of `samples` with least and greatest, held against `target` (may be NULL).
 */
void report_median(struct report *report, const char *measure, const char *who, const char *unit,
	const struct samples *samples, const struct target *target);
/* The same for another quantile, such as 0.99. */
void report_quantile(struct report *report, const char *measure, const char *who, const char *unit,
	const struct samples *samples, double fraction, const struct target *target);
/* A value measured once. */
void report_value(struct report *report, const char *measure, const char *who, const char *unit,
	double value, const struct target *target);
/* A remark under the lines. */
void report_note(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Everything as one JSON object with the machine's facts, into a new file at `path`. */
int report_write(const struct report *report, const char *path, struct error *error);
