/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/json_writer.h"

#include <iconv.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/base64.h"
#include "lib/json.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

#define ROUNDS 3000

static void assert_text(struct buf *buf, const char *expected)
{
	ck_assert_str_eq(buf_string(buf), expected);
	buf_clear(buf);
}

START_TEST(places_commas)
{
	_cleanup_buf_ struct buf buf = {0};

	json_open_object(&buf);
	json_key(&buf, "empty");
	json_open_object(&buf);
	json_close_object(&buf);
	json_key_string(&buf, "text", "a,b");
	json_key(&buf, "list");
	json_open_array(&buf);
	json_open_array(&buf);
	json_close_array(&buf);
	json_string(&buf, "[");
	json_string(&buf, "");
	json_number(&buf, -5);
	json_unsigned(&buf, 5);
	json_bool(&buf, true);
	json_bool(&buf, false);
	json_raw(&buf, "null", 4);
	json_open_object(&buf);
	json_key_number(&buf, "n", 1);
	json_close_object(&buf);
	json_close_array(&buf);
	json_key_u64(&buf, "u", UINT64_MAX);
	json_key(&buf, "i");
	json_i64_string(&buf, INT64_MIN);
	json_key_unsigned(&buf, "m", UINT64_MAX);
	json_key_bool(&buf, "b", false);
	json_close_object(&buf);
	assert_text(&buf, "{\"empty\":{},\"text\":\"a,b\",\"list\":[[],\"[\",\"\",-5,5,true,false,"
			  "null,{\"n\":1}],\"u\":\"18446744073709551615\","
			  "\"i\":\"-9223372036854775808\",\"m\":18446744073709551615,\"b\":false}");
}
END_TEST

START_TEST(begins_anew_after_a_newline)
{
	_cleanup_buf_ struct buf buf = {0};

	json_open_object(&buf);
	json_close_object(&buf);
	buf_append_char(&buf, '\n');
	json_open_object(&buf);
	json_close_object(&buf);
	assert_text(&buf, "{}\n{}");
}
END_TEST

static const struct {
	const char *data;
	size_t length;
	const char *text;
	bool replaced;
} strings[] = {
	{"", 0, "", false},
	{"plain", 5, "plain", false},
	{"exactly8", 8, "exactly8", false},
	{"sixteen bytes ok", 16, "sixteen bytes ok", false},
	{"\"\\/", 3, "\\\"\\\\/", false},
	{"\b\f\n\r\t", 5, "\\b\\f\\n\\r\\t", false},
	{"\0\x01\x1f\x0b", 4, "\\u0000\\u0001\\u001f\\u000b", false},
	{"\x7f", 1, "\x7f", false},
	{"1234567\n", 8, "1234567\\n", false},
	{"\n1234567", 8, "\\n1234567", false},
	{"12345678\"", 9, "12345678\\\"", false},
	{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3", 14,
		"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3", false},
	{"\xe2\x80\xa8\xe2\x80\xa9", 6, "\xe2\x80\xa8\xe2\x80\xa9", false}, /* U+2028, U+2029 */
	{"\xef\xbf\xbd", 3, "\xef\xbf\xbd", false},			    /* U+FFFD itself */
	{"\x80", 1, "\xef\xbf\xbd", true},
	{"a\xff"
	 "b",
		3,
		"a\xef\xbf\xbd"
		"b",
		true},
	{"\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd", true},
	{"\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", true},
	{"\xf4\x90\x80\x80", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", true},
	{"\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd", true},
	{"\xe2\x82\xac\xe2", 4, "\xe2\x82\xac\xef\xbf\xbd", true},
};

START_TEST(escapes_strings)
{
	_cleanup_buf_ struct buf buf = {0}, expected = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(strings); i++) {
		buf_clear(&expected);
		buf_printf(&expected, "\"%s\"", strings[i].text);
		ck_assert(json_string_n(&buf, strings[i].data, strings[i].length) ==
			  strings[i].replaced);
		assert_text(&buf, buf_string(&expected));
		ck_assert(json_escape(&buf, strings[i].data, strings[i].length) ==
			  strings[i].replaced);
		assert_text(&buf, strings[i].text);
	}
}
END_TEST

START_TEST(escapes_a_byte_at_every_place)
{
	_cleanup_buf_ struct buf buf = {0};
	char data[24], expected[64];
	size_t length, at;

	for (length = 1; length <= sizeof(data); length++) {
		for (at = 0; at < length; at++) {
			memset(data, 'a', sizeof(data));
			data[at] = '\n';
			json_string_n(&buf, data, length);
			snprintf(expected, sizeof(expected), "\"%.*s\\n%.*s\"", (int)at, data,
				(int)(length - at - 1), data + at + 1);
			assert_text(&buf, expected);
		}
	}
}
END_TEST

START_TEST(writes_base64)
{
	_cleanup_buf_ struct buf buf = {0};

	json_open_array(&buf);
	json_base64(&buf, "", 0);
	json_base64(&buf, "fooba", 5);
	json_close_array(&buf);
	assert_text(&buf, "[\"\",\"Zm9vYmE=\"]");
	json_base64(&buf, "", SIZE_MAX);
	ck_assert(buf.failed);
}
END_TEST

/* Against the C library, through leap years and centuries to the end of 64 bits. */
START_TEST(writes_times)
{
	_cleanup_buf_ struct buf buf = {0};
	uint64_t seconds;

	for (seconds = 0; seconds < UINT64_MAX / NSEC_PER_SEC; seconds += 86399 * 3 + 7) {
		uint64_t nanoseconds = seconds * 2654435761U % NSEC_PER_SEC;
		time_t time = (time_t)seconds;
		char expected[64], date[32];
		struct tm tm;

		gmtime_r(&time, &tm);
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(expected, sizeof(expected), "\"%s.%09uZ\"", date, (unsigned)nanoseconds);
		json_time(&buf, seconds * NSEC_PER_SEC + nanoseconds);
		assert_text(&buf, expected);
	}
	json_time(&buf, 0);
	assert_text(&buf, "\"1970-01-01T00:00:00.000000000Z\"");
	json_time(&buf, 951827696000000001);
	assert_text(&buf, "\"2000-02-29T12:34:56.000000001Z\"");
	json_time(&buf, UINT64_MAX);
	assert_text(&buf, "\"2554-07-21T23:34:33.709551615Z\"");
}
END_TEST

START_TEST(a_full_buffer_stays_as_it_was)
{
	size_t limit;

	for (limit = 1; limit < 200; limit++) {
		_cleanup_buf_ struct buf buf = {.limit = limit};

		json_open_object(&buf);
		json_key_string(&buf, "plain", "0123456789");
		json_key_string(&buf, "escaped", "\n\xff\"0123456789");
		json_key(&buf, "time");
		json_time(&buf, 0);
		json_key(&buf, "data");
		json_base64(&buf, "0123456789", 10);
		json_key_bool(&buf, "bool", true);
		json_key_u64(&buf, "number", 12345);
		json_close_object(&buf);
		ck_assert_uint_le(buf.length, limit);
		ck_assert(buf.failed == (limit < 147));
	}
}
END_TEST

/* ---- random bytes, written, and read back by our own parser and by jq ---- */

static uint64_t random_state = 88172645463325252ULL;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Bytes that are now arbitrary, now nearly UTF-8, now nearly plain. */
static size_t random_bytes(char *data, size_t size)
{
	static const char pieces[][5] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xb3",
		"\xed\xa0\x80", "\xc0\x80", "\"", "\\", "\n", "\xe2\x82", "\xf4\x90\x80\x80",
		"\xe2\x80\xa8", "\x7f"};
	size_t length = next_random() % size, i = 0;
	unsigned kind = next_random() % 4;

	while (i < length) {
		uint64_t random = next_random();

		if (kind == 0) {
			data[i++] = (char)random;
		} else if (random % 16 < (kind == 1 ? 14 : 4)) {
			const char *piece = pieces[(random >> 8) % ARRAY_SIZE(pieces)];
			size_t n = MIN(strlen(piece), length - i);

			memcpy(data + i, piece, n);
			i += n;
		} else {
			data[i++] =
				(char)(kind == 3 ? random >> 8 & 0x7f : 'a' + (random >> 8) % 26);
		}
	}
	return length;
}

/* What the string must read back as, by the C library's idea of UTF-8. */
static bool expect(char *data, size_t length, struct buf *ret)
{
	iconv_t converter = iconv_open("UTF-32LE", "UTF-8");
	bool replaced = false;

	ck_assert(converter != (iconv_t)-1);
	while (length) {
		size_t n;

		for (n = 1; n <= MIN(length, (size_t)4); n++) {
			char wide[4], *in = data, *out = wide;
			size_t in_left = n, out_left = sizeof(wide);

			iconv(converter, NULL, NULL, NULL, NULL);
			if (iconv(converter, &in, &in_left, &out, &out_left) != (size_t)-1 &&
				!in_left && !out_left)
				break;
		}
		if (n <= MIN(length, (size_t)4)) {
			buf_append(ret, data, n);
		} else {
			buf_append_literal(ret, "\xef\xbf\xbd");
			replaced = true;
			n = 1;
		}
		data += n;
		length -= n;
	}
	iconv_close(converter);
	return replaced;
}

START_TEST(random_bytes_come_back_by_json_parse)
{
	int round;

	for (round = 0; round < ROUNDS; round++) {
		_cleanup_json_ struct json_document *document = NULL;
		_cleanup_buf_ struct buf buf = {0}, expected = {0};
		size_t length, parsed_length = 0;
		struct error error = {0};
		const char *parsed;
		char data[200];

		length = random_bytes(data, sizeof(data));
		ck_assert(json_string_n(&buf, data, length) == expect(data, length, &expected));
		ck_assert_msg(json_parse(buf.data, buf.length, NULL, &document, &error) == 0,
			"%.*s: %s", (int)buf.length, buf.data, error.message);
		parsed = json_text_n(json_root(document), &parsed_length);
		ck_assert_uint_eq(parsed_length, expected.length);
		if (parsed_length)
			ck_assert_mem_eq(parsed, expected.data, parsed_length);
	}
}
END_TEST

START_TEST(random_bytes_come_back_by_jq)
{
	_cleanup_buf_ struct buf lines = {0}, expected = {0}, text = {0}, answer = {0};
	char name[] = "/tmp/tallyman-test-XXXXXX", command[128], data[200];
	FILE *file, *jq;
	int fd, round;
	size_t n;

	for (round = 0; round < ROUNDS; round++) {
		size_t length = random_bytes(data, sizeof(data));
		char encoded[BASE64_LENGTH(4 * sizeof(data))];

		json_string_n(&lines, data, length);
		buf_append_char(&lines, '\n');
		buf_clear(&text);
		expect(data, length, &text);
		base64_encode(text.data, text.length, encoded);
		buf_append(&expected, encoded, BASE64_LENGTH(text.length));
		buf_append_char(&expected, '\n');
	}
	fd = mkstemp(name);
	ck_assert_int_ge(fd, 0);
	file = fdopen(fd, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(lines.data, 1, lines.length, file), lines.length);
	fclose(file);
	snprintf(command, sizeof(command), "jq -r @base64 %s", name);
	jq = popen(command, "r");
	ck_assert_ptr_nonnull(jq);
	while ((n = fread(data, 1, sizeof(data), jq)))
		buf_append(&answer, data, n);
	ck_assert_int_eq(pclose(jq), 0);
	unlink(name);
	ck_assert_uint_eq(answer.length, expected.length);
	ck_assert_mem_eq(answer.data, expected.data, expected.length);
}
END_TEST

RUN_SUITE("json_writer", places_commas, begins_anew_after_a_newline, escapes_strings,
	escapes_a_byte_at_every_place, writes_base64, writes_times, a_full_buffer_stays_as_it_was,
	random_bytes_come_back_by_json_parse, random_bytes_come_back_by_jq)
