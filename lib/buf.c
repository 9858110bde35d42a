/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/util.h"

#define BUF_CAPACITY_MIN ((size_t)256)

bool buf_reserve(struct buf *buf, size_t more)
{
	size_t limit = buf->limit ? buf->limit : BUF_DEFAULT_LIMIT;
	size_t needed, capacity;
	char *data;

	if (buf->failed)
		return false;
	if (buf->length > limit || more > limit - buf->length) {
		buf->failed = true;
		return false;
	}
	needed = buf->length + more;
	if (needed <= buf->capacity)
		return true;
	capacity = buf->capacity > limit / 2 ? limit : buf->capacity * 2;
	capacity = MAX(capacity, needed);
	capacity = MAX(capacity, BUF_CAPACITY_MIN);
	/* never more than the limit: appends look at the capacity alone */
	capacity = MIN(capacity, limit);
	data = realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list arguments, again;
	size_t room;
	int length;

	if (buf->failed)
		return;
	va_start(arguments, format);
	va_copy(again, arguments);
	room = buf->capacity - buf->length;
	length = vsnprintf(room ? buf->data + buf->length : NULL, room, format, arguments);
	if (length < 0) {
		buf->failed = true;
	} else if ((size_t)length < room) {
		buf->length += (size_t)length;
	} else if (buf_reserve(buf, (size_t)length + 1)) {
		vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
		buf->length += (size_t)length;
	}
	va_end(again);
	va_end(arguments);
}

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
				  "25262728293031323334353637383940414243444546474849"
				  "50515253545556575859606162636465666768697071727374"
				  "75767778798081828384858687888990919293949596979899";

void buf_u64(struct buf *buf, uint64_t value)
{
	char text[20]; /* 18446744073709551615 */
	char *p = text + sizeof(text);

	while (value >= 100) {
		p -= 2;
		memcpy(p, digit_pairs + 2 * (value % 100), 2);
		value /= 100;
	}
	if (value >= 10) {
		p -= 2;
		memcpy(p, digit_pairs + 2 * value, 2);
	} else {
		*--p = (char)('0' + value);
	}
	buf_append(buf, p, (size_t)(text + sizeof(text) - p));
}

void buf_i64(struct buf *buf, int64_t value)
{
	if (value >= 0) {
		buf_u64(buf, (uint64_t)value);
		return;
	}
	buf_append_char(buf, '-');
	buf_u64(buf, -(uint64_t)value); /* right for INT64_MIN too */
}

char *buf_string(struct buf *buf)
{
	if (!buf_reserve(buf, 1))
		return NULL;
	buf->data[buf->length] = '\0';
	return buf->data;
}

void buf_done(struct buf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->length = buf->capacity = 0;
	buf->failed = false;
}
