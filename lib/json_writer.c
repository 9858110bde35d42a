/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/json_writer.h"

#include "lib/base64.h"
#include "lib/utf8.h"
#include "lib/util.h"

static bool needs_comma(const struct buf *buf)
{
	if (!buf->length)
		return false;
	switch (buf->data[buf->length - 1]) {
	case '{':
	case '[':
	case ':':
	case '\n': /* the end of a line of JSON: the next begins */
		return false;
	default:
		return true;
	}
}

void json_comma(struct buf *buf)
{
	if (needs_comma(buf))
		buf_append_char(buf, ',');
}

/* A value of known length, with its comma: one check for room instead of one for each part. */
static char *value_room(struct buf *buf, size_t length)
{
	bool comma = needs_comma(buf);

	if (buf->failed)
		return NULL;
	if (buf->capacity - buf->length < length + comma && !buf_reserve(buf, length + comma))
		return NULL;
	if (comma)
		buf->data[buf->length++] = ',';
	buf->length += length;
	return buf->data + buf->length - length;
}

void json_key_n(struct buf *buf, const char *key, size_t length)
{
	char *p = value_room(buf, length + 3);

	if (!p)
		return;
	p[0] = '"';
	memcpy(p + 1, key, length);
	p[length + 1] = '"';
	p[length + 2] = ':';
}

static void json_token(struct buf *buf, const char *token, size_t length)
{
	char *p = value_room(buf, length);

	if (p)
		memcpy(p, token, length);
}

void json_open_object(struct buf *buf)
{
	json_token(buf, "{", 1);
}

void json_close_object(struct buf *buf)
{
	buf_append_char(buf, '}');
}

void json_open_array(struct buf *buf)
{
	json_token(buf, "[", 1);
}

void json_close_array(struct buf *buf)
{
	buf_append_char(buf, ']');
}

#define REPEAT(byte) (0x0101010101010101ULL * (byte))

/* Not 0 when one of eight bytes is below 0x20, above 0x7f, a quote or a backslash. The usual trick:
 * a byte that is 0 after the xor borrows into its top bit. A borrow may reach the byte above and
 * flag it wrongly, but only beside a byte that is flagged rightly. */
static uint64_t special_bytes(uint64_t word)
{
	uint64_t quote = word ^ REPEAT('"');
	uint64_t backslash = word ^ REPEAT('\\');

	return ((word - REPEAT(0x20)) | (quote - REPEAT(1)) | (backslash - REPEAT(1)) | word) &
	       REPEAT(0x80);
}

static bool is_special(char c)
{
	return (unsigned char)c < 0x20 || (unsigned char)c > 0x7f || c == '"' || c == '\\';
}

static uint64_t load_word(const char *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	return word;
}

/* Whether all of it stands for itself. The last eight bytes are taken as one word whatever of them
 * was seen before: most strings are paths and words, and their ends would cost more than the rest.
 */
static bool is_plain(const char *data, size_t length)
{
	size_t i;

	if (length < sizeof(uint64_t)) {
		for (i = 0; i < length; i++)
			if (is_special(data[i]))
				return false;
		return true;
	}
	for (i = 0; length - i > sizeof(uint64_t); i += sizeof(uint64_t))
		if (special_bytes(load_word(data + i)))
			return false;
	return !special_bytes(load_word(data + length - sizeof(uint64_t)));
}

/* How many bytes at the start stand for themselves. */
static size_t plain_length(const char *data, size_t length)
{
	size_t i = 0;

	while (length - i >= sizeof(uint64_t) && !special_bytes(load_word(data + i)))
		i += sizeof(uint64_t);
	while (i < length && !is_special(data[i]))
		i++;
	return i;
}

static void escape_ascii(struct buf *buf, char c)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = "\\u00";

	switch (c) {
	case '"':
	case '\\':
		text[1] = c;
		break;
	case '\b':
		text[1] = 'b';
		break;
	case '\f':
		text[1] = 'f';
		break;
	case '\n':
		text[1] = 'n';
		break;
	case '\r':
		text[1] = 'r';
		break;
	case '\t':
		text[1] = 't';
		break;
	default:
		text[4] = hex[c >> 4 & 15];
		text[5] = hex[c & 15];
		buf_append(buf, text, 6);
		return;
	}
	buf_append(buf, text, 2);
}

bool json_escape(struct buf *buf, const char *data, size_t length)
{
	bool replaced = false;
	size_t step;

	while (length) {
		step = plain_length(data, length);
		if (step) {
			buf_append(buf, data, step);
		} else if ((unsigned char)*data < 0x80) {
			escape_ascii(buf, *data);
			step = 1;
		} else {
			step = utf8_character_length(data, length);
			if (step) {
				buf_append(buf, data, step);
			} else {
				buf_append_literal(buf, UTF8_REPLACEMENT);
				replaced = true;
				step = 1;
			}
		}
		data += step;
		length -= step;
	}
	return replaced;
}

bool json_string_n(struct buf *buf, const char *data, size_t length)
{
	bool replaced;
	char *p;

	if (is_plain(data, length)) {
		p = value_room(buf, length + 2);
		if (!p)
			return false;
		p[0] = '"';
		if (length)
			memcpy(p + 1, data, length);
		p[length + 1] = '"';
		return false;
	}
	json_token(buf, "\"", 1);
	replaced = json_escape(buf, data, length);
	buf_append_char(buf, '"');
	return replaced;
}

bool json_string(struct buf *buf, const char *text)
{
	return json_string_n(buf, text, strlen(text));
}

void json_number(struct buf *buf, int64_t value)
{
	json_comma(buf);
	buf_i64(buf, value);
}

void json_unsigned(struct buf *buf, uint64_t value)
{
	json_comma(buf);
	buf_u64(buf, value);
}

void json_u64_string(struct buf *buf, uint64_t value)
{
	json_token(buf, "\"", 1);
	buf_u64(buf, value);
	buf_append_char(buf, '"');
}

void json_i64_string(struct buf *buf, int64_t value)
{
	json_token(buf, "\"", 1);
	buf_i64(buf, value);
	buf_append_char(buf, '"');
}

void json_bool(struct buf *buf, bool value)
{
	if (value)
		json_token(buf, "true", 4);
	else
		json_token(buf, "false", 5);
}

void json_base64(struct buf *buf, const void *data, size_t length)
{
	char *p;

	/* far beyond any buffer's limit, and BASE64_LENGTH could overflow */
	if (length > SIZE_MAX / 2) {
		buf->failed = true;
		return;
	}
	p = value_room(buf, BASE64_LENGTH(length) + 2);
	if (!p)
		return;
	p[0] = '"';
	base64_encode(data, length, p + 1);
	p[BASE64_LENGTH(length) + 1] = '"';
}

struct civil_date {
	unsigned year, month, day;
};

/* The Gregorian date of a day counted from 1970-01-01. The year is taken to begin in March, so that
 * the leap day is its last, and the months' lengths repeat every five: 153 days. */
static struct civil_date date_of_day(uint64_t days_since_1970)
{
	uint64_t days = days_since_1970 + 719468; /* since 0000-03-01 */
	uint64_t era = days / 146097;		  /* 400 years */
	unsigned day_of_era = (unsigned)(days % 146097);
	unsigned year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned month = (5 * day_of_year + 2) / 153; /* 0 is March */
	struct civil_date date = {
		.year = (unsigned)(era * 400) + year_of_era + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = day_of_year - (153 * month + 2) / 5 + 1,
	};

	return date;
}

static char *put_digits(char *end, unsigned value, unsigned count)
{
	while (count--) {
		*--end = (char)('0' + value % 10);
		value /= 10;
	}
	return end;
}

void json_time(struct buf *buf, uint64_t realtime_ns)
{
	static const char form[] = "\"0000-00-00T00:00:00.000000000Z\"";
	uint64_t seconds = realtime_ns / NSEC_PER_SEC;
	unsigned second_of_day = (unsigned)(seconds % 86400);
	struct civil_date date = date_of_day(seconds / 86400);
	char *p = value_room(buf, sizeof(form) - 1);

	if (!p)
		return;
	memcpy(p, form, sizeof(form) - 1);
	put_digits(p + 5, date.year, 4); /* nanoseconds in 64 bits end in the year 2554 */
	put_digits(p + 8, date.month, 2);
	put_digits(p + 11, date.day, 2);
	put_digits(p + 14, second_of_day / 3600, 2);
	put_digits(p + 17, second_of_day / 60 % 60, 2);
	put_digits(p + 20, second_of_day % 60, 2);
	put_digits(p + 30, (unsigned)(realtime_ns % NSEC_PER_SEC), 9);
}

void json_raw(struct buf *buf, const char *text, size_t length)
{
	json_token(buf, text, length);
}
