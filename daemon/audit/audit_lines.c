/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/audit_lines.h"

#include "lib/util.h"

void audit_seconds(struct buf *buf, uint64_t realtime_ns)
{
	unsigned milliseconds = (unsigned)(realtime_ns / NSEC_PER_MSEC % 1000);

	buf_u64(buf, realtime_ns / NSEC_PER_SEC);
	buf_append_char(buf, '.');
	buf_append_char(buf, (char)('0' + milliseconds / 100));
	buf_append_char(buf, (char)('0' + milliseconds / 10 % 10));
	buf_append_char(buf, (char)('0' + milliseconds % 10));
}

void audit_lines_begin(struct audit_lines *lines, uint64_t time, uint32_t serial, struct buf *buf)
{
	struct buf stamp = {
		.data = lines->stamp,
		.capacity = sizeof(lines->stamp),
		.limit = sizeof(lines->stamp),
	};
	lines->buf = buf;
	lines->count = 0;
	buf_append_literal(&stamp, " msg=audit(");
	audit_seconds(&stamp, time);
	buf_append_char(&stamp, ':');
	buf_u64(&stamp, serial);
	buf_append_literal(&stamp, "): ");
	lines->stamp_length = stamp.length;
}
