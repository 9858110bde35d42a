/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of one event of the audit-format log: each begins with its type and the same stamp. */
#pragma once

#include <stdint.h>

#include "lib/buf.h"

#define AUDIT_NODE	"tallyman"
#define AUDIT_STAMP_MAX 64

struct audit_lines {
	struct buf *buf;
	unsigned count;
	size_t stamp_length;
	char stamp[AUDIT_STAMP_MAX]; /* ` msg=audit(SECONDS.MILLISECONDS:SERIAL): ` */
};

/* `time` in nanoseconds since 1970. Nothing is written yet. */
void audit_lines_begin(struct audit_lines *lines, uint64_t time, uint32_t serial, struct buf *buf);

/* `SECONDS.MILLISECONDS`, as the kernel writes times. */
void audit_seconds(struct buf *buf, uint64_t realtime_ns);

/* `type` is a literal. */
#define audit_line_start(lines, type)                                                              \
	do {                                                                                       \
		buf_append_literal((lines)->buf, "node=" AUDIT_NODE " type=" type);                \
		buf_append((lines)->buf, (lines)->stamp, (lines)->stamp_length);                   \
	} while (0)

static inline void audit_line_end(struct audit_lines *lines)
{
	buf_append_char(lines->buf, '\n');
	lines->count++;
}

/* `text` is a literal, with the blank before the name and the equals sign after it. */
#define audit_number(buf, text, value)                                                             \
	do {                                                                                       \
		buf_append_literal((buf), text);                                                   \
		buf_u64((buf), (value));                                                           \
	} while (0)
