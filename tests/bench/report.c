/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fd.h"
#include "lib/json_writer.h"
#include "tests/bench/machine.h"

#define SUBJECT_MAX	  256
#define RESULT_VALUES_MAX 64 /* of each result's single values in the JSON file */
#define LINE_FORMAT	  "%-45s %-9s %11s %11s %11s %-9s %s\n"

struct report {
	struct machine machine;
	char subject[SUBJECT_MAX];
	struct buf results; /* the JSON objects so far, with commas */
};

struct report *report_new(void)
{
	struct report *report = calloc(1, sizeof(*report));

	if (report)
		machine_get(&report->machine);
	return report;
}

struct report *report_free(struct report *report)
{
	if (!report)
		return NULL;
	buf_done(&report->results);
	free(report);
	return NULL;
}

static const char *target_sign(enum target_kind kind)
{
	switch (kind) {
	case TARGET_AT_LEAST:
		return ">=";
	case TARGET_AT_MOST:
		return "<=";
	case TARGET_BELOW:
		return "<";
	default:
		return "";
	}
}

static bool target_met(const struct target *target, double value)
{
	switch (target->kind) {
	case TARGET_AT_LEAST:
		return value >= target->value;
	case TARGET_AT_MOST:
		return value <= target->value;
	case TARGET_BELOW:
		return value < target->value;
	default:
		return true;
	}
}

void report_subject(struct report *report, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(report->subject, sizeof(report->subject), format, arguments);
	va_end(arguments);
	printf("\n%s  (load %.2f)\n", report->subject, machine_load());
	printf(LINE_FORMAT, "", "", "value", "least", "greatest", "", "");
	fflush(stdout);
}

static void json_double(struct buf *buf, const char *key, double value)
{
	json_key_n(buf, key, strlen(key));
	buf_printf(buf, "%.6g", value);
}

struct result {
	const char *measure, *who, *unit;
	double value, least, greatest;
	const struct samples *samples; /* NULL: measured once */
	const struct target *target;
};

static void result_json(struct report *report, const struct result *result)
{
	struct buf *buf = &report->results;
	const struct target *target = result->target;

	json_open_object(buf);
	json_key_string(buf, "subject", report->subject);
	json_key_string(buf, "measure", result->measure);
	json_key_string(buf, "who", result->who);
	json_key_string(buf, "unit", result->unit);
	json_double(buf, "value", result->value);
	if (result->samples) {
		json_double(buf, "least", result->least);
		json_double(buf, "greatest", result->greatest);
		json_key_unsigned(buf, "count", result->samples->count);
	}
	if (result->samples && result->samples->count <= RESULT_VALUES_MAX) {
		json_key(buf, "values");
		json_open_array(buf);
		for (size_t i = 0; i < result->samples->count; i++)
			buf_printf(buf, "%s%.6g", i ? "," : "", result->samples->values[i]);
		json_close_array(buf);
	}
	if (target && target->kind != TARGET_NONE) {
		json_key_string(buf, "target_relation", target_sign(target->kind));
		json_double(buf, "target", target->value);
		json_key_bool(buf, "met", target_met(target, result->value));
	}
	json_double(buf, "load", machine_load());
	json_close_object(buf);
}

static void format_value(char *text, size_t size, double value)
{
	double magnitude = value < 0 ? -value : value;
	int decimals = magnitude >= 1000 ? 0 : magnitude >= 100 ? 1 : magnitude >= 10 ? 2 : 3;

	snprintf(text, size, "%.*f", value == (double)(long long)value ? 0 : decimals, value);
}

static void result_line(const struct result *result)
{
	char value[32], least[32] = "", greatest[32] = "", verdict[64] = "";
	const struct target *target = result->target;

	format_value(value, sizeof(value), result->value);
	if (result->samples) {
		format_value(least, sizeof(least), result->least);
		format_value(greatest, sizeof(greatest), result->greatest);
	}
	if (target && target->kind != TARGET_NONE)
		snprintf(verdict, sizeof(verdict), "target %s %g: %s", target_sign(target->kind),
			target->value, target_met(target, result->value) ? "met" : "missed");
	printf(LINE_FORMAT, result->measure, result->who, value, least, greatest, result->unit,
		verdict);
	fflush(stdout);
}

void report_quantile(struct report *report, const char *measure, const char *who, const char *unit,
	const struct samples *samples, double fraction, const struct target *target)
{
	struct result result = {
		.measure = measure,
		.who = who,
		.unit = unit,
		.value = samples_quantile(samples, fraction),
		.least = samples_quantile(samples, 0),
		.greatest = samples_quantile(samples, 1),
		.samples = samples,
		.target = target,
	};

	if (!samples->count) {
		report_note(report, "%s, %s: nothing was measured", measure, who);
		return;
	}
	result_json(report, &result);
	result_line(&result);
}

void report_median(struct report *report, const char *measure, const char *who, const char *unit,
	const struct samples *samples, const struct target *target)
{
	report_quantile(report, measure, who, unit, samples, 0.5, target);
}

void report_value(struct report *report, const char *measure, const char *who, const char *unit,
	double value, const struct target *target)
{
	struct result result = {
		.measure = measure,
		.who = who,
		.unit = unit,
		.value = value,
		.target = target,
	};

	result_json(report, &result);
	result_line(&result);
}

void report_note(struct report *report, const char *format, ...)
{
	va_list arguments;
	char text[512];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printf("  %s\n", text);
	fflush(stdout);
	json_open_object(&report->results);
	json_key_string(&report->results, "subject", report->subject);
	json_key_string(&report->results, "note", text);
	json_close_object(&report->results);
}

int report_write(const struct report *report, const char *path, struct error *error)
{
	const struct machine *machine = &report->machine;
	_cleanup_close_ int fd = -1;
	_cleanup_buf_ struct buf buf = {};
	int r;

	json_open_object(&buf);
	json_key_string(&buf, "program", PACKAGE_NAME);
	json_key_string(&buf, "version", PACKAGE_VERSION);
	json_key(&buf, "machine");
	json_open_object(&buf);
	json_key_string(&buf, "kernel", machine->kernel);
	json_key_string(&buf, "architecture", machine->architecture);
	json_key_string(&buf, "processor", machine->processor);
	json_key_unsigned(&buf, "processors", machine->processors);
	json_double(&buf, "memory_mb", machine->memory_mb);
	json_close_object(&buf);
	json_key_string(&buf, "date", machine->date);
	json_key(&buf, "results");
	json_open_array(&buf);
	buf_append(&buf, report->results.data, report->results.length);
	json_close_array(&buf);
	json_close_object(&buf);
	buf_append_char(&buf, '\n');
	if (buf.failed || report->results.failed)
		return error_set(error, -ENOMEM, "the results do not fit into memory");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	r = write_all(fd, buf.data, buf.length);
	if (r < 0)
		return error_set(error, r, "%s: %s", path, strerror(-r));
	return 0;
}
