/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/utf8.h"

#include <stdint.h>

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t utf8_character_length(const char *data, size_t length)
{
	const uint8_t *p = (const uint8_t *)data;
	uint8_t first = p[0];

	if (first < 0x80)
		return 1;
	/* 0x80-0xbf continue a character, 0xc0 and 0xc1 could only begin an overlong form */
	if (first < 0xc2 || length < 2 || !is_continuation(p[1]))
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0) {
		if (length < 3 || !is_continuation(p[2]))
			return 0;
		if (first == 0xe0 && p[1] < 0xa0) /* overlong */
			return 0;
		if (first == 0xed && p[1] >= 0xa0) /* U+D800-DFFF */
			return 0;
		return 3;
	}
	if (first > 0xf4 || length < 4 || !is_continuation(p[2]) || !is_continuation(p[3]))
		return 0;
	if (first == 0xf0 && p[1] < 0x90) /* overlong */
		return 0;
	if (first == 0xf4 && p[1] >= 0x90) /* above U+10FFFF */
		return 0;
	return 4;
}

bool utf8_valid(const char *data, size_t length)
{
	size_t step;

	for (; length; data += step, length -= step) {
		step = utf8_character_length(data, length);
		if (!step)
			return false;
	}
	return true;
}
