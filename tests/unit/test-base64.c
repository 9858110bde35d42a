/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/unit.h"

/* RFC 4648, section 10 */
static const struct {
	const char *data, *text;
} vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff\xbf", "+/+/"},
};

START_TEST(agrees_with_the_rfc)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		size_t length = strlen(vectors[i].data), text_length = strlen(vectors[i].text);
		char text[16], data[16];

		ck_assert_uint_eq(BASE64_LENGTH(length), text_length);
		base64_encode(vectors[i].data, length, text);
		ck_assert_mem_eq(text, vectors[i].text, text_length);
		ck_assert_int_eq(base64_decode(text, text_length, data), (ssize_t)length);
		ck_assert_mem_eq(data, vectors[i].data, length);
	}
}
END_TEST

START_TEST(gives_every_byte_back)
{
	uint8_t bytes[256], back[256 / 3 * 3 + 3];
	char text[BASE64_LENGTH(sizeof(bytes))];
	size_t i, length;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + 13);
	for (length = 0; length <= sizeof(bytes); length++) {
		base64_encode(bytes, length, text);
		ck_assert_int_eq(base64_decode(text, BASE64_LENGTH(length), back), (ssize_t)length);
		ck_assert_mem_eq(back, bytes, length);
	}
}
END_TEST

START_TEST(refuses_what_it_would_not_write)
{
	static const char *const wrong[] = {"Zg",
		"Zg=", "Z===", "====", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm9v\n\n\n\n",
		"Zm-_", "Z=g=", "=m9v", "Zm\x80v"};
	char data[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		ck_assert_msg(base64_decode(wrong[i], strlen(wrong[i]), data) == -EINVAL,
			"\"%s\" is taken", wrong[i]);
}
END_TEST

RUN_SUITE("base64", agrees_with_the_rfc, gives_every_byte_back, refuses_what_it_would_not_write)
