/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t length, char *text)
{
	const uint8_t *p = data;
	uint32_t group;

	for (; length >= 3; length -= 3, p += 3) {
		group = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		*text++ = alphabet[group >> 18];
		*text++ = alphabet[group >> 12 & 63];
		*text++ = alphabet[group >> 6 & 63];
		*text++ = alphabet[group & 63];
	}
	if (!length)
		return;
	group = (uint32_t)p[0] << 16 | (length == 2 ? (uint32_t)p[1] << 8 : 0);
	*text++ = alphabet[group >> 18];
	*text++ = alphabet[group >> 12 & 63];
	*text++ = length == 2 ? alphabet[group >> 6 & 63] : '=';
	*text = '=';
}

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ssize_t base64_decode(const char *text, size_t length, void *data)
{
	uint8_t *p = data;
	size_t padding = 0, i;

	if (length % 4)
		return -EINVAL;
	if (length && text[length - 1] == '=')
		padding = text[length - 2] == '=' ? 2 : 1;
	for (i = 0; i < length; i += 4) {
		size_t digits = i + 4 == length ? 4 - padding : 4, j;
		uint32_t group = 0;

		for (j = 0; j < 4; j++) {
			int value = j < digits ? digit_value(text[i + j]) : 0;

			if (value < 0)
				return -EINVAL;
			group = group << 6 | (uint32_t)value;
		}
		/* the bits that no byte takes must be 0, or two texts would mean the same bytes */
		if ((digits == 2 && group & 0xffff) || (digits == 3 && group & 0xff))
			return -EINVAL;
		*p++ = (uint8_t)(group >> 16);
		if (digits > 2)
			*p++ = (uint8_t)(group >> 8);
		if (digits > 3)
			*p++ = (uint8_t)group;
	}
	return p - (uint8_t *)data;
}
