/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a compact line, for the files that know what kinds of events say. */
#pragma once

#include "cli/compact.h"
#include "cli/output.h"

#define COMPACT_ID 12 /* characters shown of a container's id */

struct compact_line {
	const struct compact_options *options;
	const struct json_value *event, *body;
	struct buf *out;
	size_t start; /* of this line in `out` */
};

/* EMOJI, blank, and the name padded to 7. */
void compact_name(struct compact_line *line, const char *emoji, const char *name);
/* Blank and WHO: namespace/pod, else the container's name, else the node's. */
void compact_who(struct compact_line *line);
/* WHO and the binary; false, and nothing appended, when the event has no process. */
bool compact_process(struct compact_line *line, const char *emoji, const char *name);
/* Blank and this text, escaped; nothing when there is none. */
void compact_word(struct compact_line *line, const char *colour, const struct json_value *text);
/* The same without the blank. */
void compact_untrusted(
	struct compact_line *line, const char *colour, const struct json_value *text);
void compact_text(struct compact_line *line, const char *colour, const char *text);
void compact_printf(struct compact_line *line, const char *colour, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The event's time and a blank. */
void compact_time(struct compact_line *line);
/* At the line's end: that the process has CAP_SYS_ADMIN, if the event says so. */
void compact_capabilities(struct compact_line *line);

/* A process_kprobe or process_tracepoint; false when it has no process. (compact_kprobe.c) */
bool compact_kprobe(struct compact_line *line);
bool compact_tracepoint(struct compact_line *line);
/* The lines below it, if the event has stack traces. (compact_stacks.c) */
void compact_stacks(struct compact_line *line);
