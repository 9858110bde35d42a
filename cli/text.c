/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <stdint.h>

#include "lib/utf8.h"

static uint32_t code_point(const char *character, size_t length)
{
	static const uint8_t first_bits[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t code = (uint8_t)character[0] & first_bits[length];

	for (size_t i = 1; i < length; i++)
		code = code << 6 | ((uint8_t)character[i] & 0x3f);
	return code;
}

/* Controls, C1 among them (U+009B begins an escape sequence), and what is invisible or turns the
 * order of the characters round it. */
static bool is_plain(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c)
		return false;
	if (code == 0x180e || (code >= 0x200b && code <= 0x200f))
		return false;
	if ((code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f))
		return false;
	if (code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb))
		return false;
	return code < 0xe0000 || code > 0xe0fff; /* tags and variation selectors */
}

static bool all_plain(const char *text, size_t length)
{
	size_t step;

	for (; length; text += step, length -= step) {
		step = utf8_character_length(text, length);
		if (!step || !is_plain(code_point(text, step)))
			return false;
	}
	return true;
}

static void escape(struct buf *buf, uint32_t code)
{
	switch (code) {
	case '\n':
		buf_append_literal(buf, "\\n");
		break;
	case '\r':
		buf_append_literal(buf, "\\r");
		break;
	case '\t':
		buf_append_literal(buf, "\\t");
		break;
	default:
		if (code < 0x80)
			buf_printf(buf, "\\x%02x", code);
		else
			buf_printf(buf, code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
	}
}

void text_untrusted(struct buf *buf, const char *text, size_t length)
{
	size_t step;

	if (all_plain(text, length)) {
		buf_append(buf, text, length);
		return;
	}
	buf_append_char(buf, '"');
	for (; length; text += step, length -= step) {
		uint32_t code;

		step = utf8_character_length(text, length);
		if (!step) {
			buf_printf(buf, "\\x%02x", (uint8_t)*text);
			step = 1;
			continue;
		}
		code = code_point(text, step);
		if (code == '"' || code == '\\') {
			buf_append_char(buf, '\\');
			buf_append_char(buf, *text);
		} else if (is_plain(code)) {
			buf_append(buf, text, step);
		} else {
			escape(buf, code);
		}
	}
	buf_append_char(buf, '"');
}

static void json_escape_code(struct buf *buf, uint32_t code)
{
	if (code >= 0x10000) {
		buf_printf(buf, "\\u%04x", 0xd800 + ((code - 0x10000) >> 10));
		code = 0xdc00 + ((code - 0x10000) & 0x3ff);
	}
	buf_printf(buf, "\\u%04x", code);
}

void text_json(struct buf *buf, const char *json, size_t length)
{
	size_t step;

	for (; length; json += step, length -= step) {
		step = utf8_character_length(json, length);
		if (!step) {
			buf_append_literal(buf, "\\ufffd");
			step = 1;
		} else if (*json == '\t' || *json == '\r' || *json == '\n') {
			buf_append_char(buf, ' '); /* these stand between values only */
		} else if (is_plain(code_point(json, step))) {
			buf_append(buf, json, step);
		} else {
			json_escape_code(buf, code_point(json, step));
		}
	}
}

size_t text_width(const char *text, size_t length)
{
	size_t width = 0;

	for (size_t i = 0; i < length; i++)
		width += ((uint8_t)text[i] & 0xc0) != 0x80;
	return width;
}
