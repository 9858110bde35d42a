/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/audit_text.h"

#include <string.h>

#define ELLIPSIS "..."

enum {
	BYTE_QUOTED = 1,
	BYTE_PLAIN = 2
};

/* libaudit's own test leaves `=` and `'` alone, with which a value can pose as another field or end
 * the record: here only what is listed stands as it is. */
static const unsigned char byte_class[256] = {
	['A' ... 'Z'] = BYTE_QUOTED | BYTE_PLAIN,
	['a' ... 'z'] = BYTE_QUOTED | BYTE_PLAIN,
	['0' ... '9'] = BYTE_QUOTED | BYTE_PLAIN,
	['_'] = BYTE_QUOTED | BYTE_PLAIN,
	['.'] = BYTE_QUOTED | BYTE_PLAIN,
	['/'] = BYTE_QUOTED | BYTE_PLAIN,
	['@'] = BYTE_QUOTED | BYTE_PLAIN,
	['%'] = BYTE_QUOTED | BYTE_PLAIN,
	['+'] = BYTE_QUOTED | BYTE_PLAIN,
	['-'] = BYTE_QUOTED | BYTE_PLAIN,
	[':'] = BYTE_QUOTED,
	[','] = BYTE_QUOTED,
};

static bool all_of_class(const char *value, size_t length, unsigned char class)
{
	unsigned char common = class;

	for (size_t i = 0; i < length; i++)
		common &= byte_class[(unsigned char)value[i]];
	return common == class;
}

bool audit_text_is_safe(const char *value, size_t length)
{
	return all_of_class(value, length, BYTE_QUOTED);
}

void audit_hex(struct buf *buf, const char *value, size_t length)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to;

	if (!buf_reserve(buf, 2 * length))
		return;
	to = buf->data + buf->length;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)value[i];

		*to++ = digits[byte >> 4];
		*to++ = digits[byte & 15];
	}
	buf->length += 2 * length;
}

static void append_name(struct buf *buf, const char *name)
{
	buf_append_string(buf, name);
	buf_append_char(buf, '=');
}

void audit_field_n(struct buf *buf, const char *name, const char *value, size_t length)
{
	append_name(buf, name);
	if (audit_text_is_safe(value, length)) {
		buf_append_char(buf, '"');
		buf_append(buf, value, length);
		buf_append_char(buf, '"');
	} else {
		audit_hex(buf, value, length);
	}
}

void audit_field(struct buf *buf, const char *name, const char *value)
{
	if (value) {
		audit_field_n(buf, name, value, strlen(value));
	} else {
		append_name(buf, name);
		buf_append_char(buf, '?');
	}
}

void audit_field_limited(
	struct buf *buf, const char *name, const char *value, size_t length, size_t limit)
{
	size_t marker = strlen(ELLIPSIS), kept;

	/* No value can be written shorter than its length, so only its beginning need be looked at.
	 */
	if (length + 2 <= limit && (2 * length <= limit || audit_text_is_safe(value, length))) {
		audit_field_n(buf, name, value, length);
		return;
	}
	append_name(buf, name);
	kept = limit - 2 - marker;
	if (kept < length && audit_text_is_safe(value, kept)) {
		buf_append_char(buf, '"');
		buf_append(buf, value, kept);
		buf_append_literal(buf, ELLIPSIS "\"");
	} else {
		audit_hex(buf, value, limit / 2 - marker);
		audit_hex(buf, ELLIPSIS, marker);
	}
}

void audit_field_plain(struct buf *buf, const char *name, const char *value)
{
	size_t length = value ? strlen(value) : 0;

	append_name(buf, name);
	if (length && all_of_class(value, length, BYTE_PLAIN))
		buf_append(buf, value, length);
	else
		buf_append_char(buf, '?');
}
