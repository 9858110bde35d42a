/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/utf8.h"

#include <iconv.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/unit.h"

/* The C library's converter as judge: does it take these bytes for one whole character? */
static bool is_character(iconv_t converter, char *data, size_t length)
{
	char wide[8], *out = wide;
	size_t in_left = length, out_left = 4; /* room for one */

	iconv(converter, NULL, NULL, NULL, NULL);
	return iconv(converter, &data, &in_left, &out, &out_left) != (size_t)-1 && !in_left &&
	       !out_left;
}

/* Every sequence of up to three bytes, and four with the interesting ones in front. */
START_TEST(agrees_with_iconv)
{
	static const uint8_t fourth[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
	iconv_t converter = iconv_open("UTF-32LE", "UTF-8");
	uint32_t n;

	ck_assert(converter != (iconv_t)-1);
	for (n = 0; n < 1u << 24; n += n < 0xc00000 ? 257 : 1) {
		char data[4] = {(char)(n >> 16), (char)(n >> 8), (char)n};
		uint8_t first = (uint8_t)data[0];
		size_t length, expected = 0, i;

		/* the second byte decides; the third matters little beyond its top bits */
		if (first >= 0xc0 && (n & 0x3f) != 0 && (n & 0x3f) != 0x3f)
			continue;
		for (i = 0; i < ARRAY_SIZE(fourth); i++) {
			data[3] = (char)fourth[i];
			expected = 0;
			for (length = 1; length <= 4 && !expected; length++)
				if (is_character(converter, data, length))
					expected = length;
			ck_assert_msg(utf8_character_length(data, 4) == expected,
				"%02x %02x %02x %02x: %zu, not %zu", first, (uint8_t)data[1],
				(uint8_t)data[2], (uint8_t)data[3], utf8_character_length(data, 4),
				expected);
		}
	}
	iconv_close(converter);
}
END_TEST

START_TEST(does_not_look_past_the_end)
{
	static const char *const characters[] = {"\xc2\x80", "\xe2\x82\xac", "\xf0\x9f\x90\xb3"};
	size_t i, length;

	for (i = 0; i < ARRAY_SIZE(characters); i++) {
		size_t whole = strlen(characters[i]);

		for (length = 1; length < whole; length++) {
			/* exactly as much memory, for the address sanitizer */
			char *copy = malloc(length);

			memcpy(copy, characters[i], length);
			ck_assert_uint_eq(utf8_character_length(copy, length), 0);
			free(copy);
		}
		ck_assert_uint_eq(utf8_character_length(characters[i], whole), whole);
	}
}
END_TEST

START_TEST(judges_whole_texts)
{
	ck_assert(utf8_valid("", 0));
	ck_assert(utf8_valid("plain", 5));
	ck_assert(utf8_valid("a\0b", 3));
	ck_assert(utf8_valid("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3", 14));
	ck_assert(!utf8_valid("caf\xe9", 4));
	ck_assert(!utf8_valid("caf\xc3\xa9", 4));
	ck_assert(!utf8_valid("\xed\xa0\x80", 3)); /* a surrogate */
	ck_assert(!utf8_valid("\xc0\x80", 2));	   /* an overlong NUL */
}
END_TEST

RUN_SUITE("utf8", agrees_with_iconv, does_not_look_past_the_end, judges_whole_texts)
