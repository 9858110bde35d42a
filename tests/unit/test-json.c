/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/failing-memory.h"
#include "tests/unit/unit.h"

static struct json_document *parse(const char *text)
{
	struct json_document *document = NULL;
	struct error error = {0};
	int r = json_parse(text, strlen(text), NULL, &document, &error);

	ck_assert_msg(r == 0, "%s: %s", text, error.message);
	return document;
}

START_TEST(walks_down)
{
	_cleanup_json_ struct json_document *document =
		parse("{\"linux\": {\"cgroupsPath\": \"a:b:c\", \"list\": [1, [], {\"k\": null}]},"
		      " \"on\": true, \"off\": false, \"\": 7}");
	const struct json_value *root = json_root(document), *list;
	const char *key = NULL;
	size_t length = 0;

	ck_assert_int_eq(json_type(root), JSON_OBJECT);
	ck_assert_uint_eq(json_count(root), 4);
	ck_assert_str_eq(json_text(json_path(root, "linux", "cgroupsPath", NULL)), "a:b:c");
	list = json_path(root, "linux", "list", NULL);
	ck_assert_uint_eq(json_count(list), 3);
	ck_assert_int_eq(json_type(json_at(list, 0)), JSON_NUMBER);
	ck_assert_uint_eq(json_count(json_at(list, 1)), 0);
	ck_assert_ptr_nonnull(json_get(json_at(list, 2), "k"));
	ck_assert_int_eq(json_type(json_get(json_at(list, 2), "k")), JSON_NULL);
	ck_assert_ptr_null(json_at(list, 3));
	ck_assert(json_is_true(json_get(root, "on")));
	ck_assert(!json_is_true(json_get(root, "off")));
	ck_assert_int_eq(json_type(json_get(root, "")), JSON_NUMBER);
	ck_assert_ptr_eq(json_member(root, 1, &key, &length), json_get(root, "on"));
	ck_assert_str_eq(key, "on");
	ck_assert_uint_eq(length, 2);
	ck_assert_ptr_null(json_member(root, 4, &key, &length));
}
END_TEST

START_TEST(says_nothing_of_what_is_not_there)
{
	_cleanup_json_ struct json_document *document = parse("{\"text\": \"x\", \"list\": [1]}");
	const struct json_value *root = json_root(document), *text = json_get(root, "text");
	unsigned line = 9, column = 9;
	size_t length = 9;
	int64_t i = 9;
	uint64_t u = 9;

	ck_assert_ptr_null(json_root(NULL));
	ck_assert_int_eq(json_type(NULL), JSON_NULL);
	ck_assert_ptr_null(json_get(NULL, "a"));
	ck_assert_ptr_null(json_get(text, "a"));
	ck_assert_ptr_null(json_get(json_get(root, "list"), "a"));
	ck_assert_ptr_null(json_path(root, "text", "further", "down", NULL));
	ck_assert_ptr_null(json_at(root, 0));
	ck_assert_ptr_null(json_at(NULL, 0));
	ck_assert_ptr_null(json_member(json_get(root, "list"), 0, NULL, NULL));
	ck_assert_uint_eq(json_count(NULL), 0);
	ck_assert_uint_eq(json_count(text), 0);
	ck_assert_ptr_null(json_text(NULL));
	ck_assert_ptr_null(json_text(root));
	ck_assert_ptr_null(json_text_n(root, &length));
	ck_assert(!json_is_true(NULL));
	ck_assert(!json_is_true(text));
	ck_assert_int_eq(json_i64(NULL, &i), -EINVAL);
	ck_assert_int_eq(json_u64(root, &u), -EINVAL);
	ck_assert_uint_eq(length, 9);
	ck_assert_int_eq(i, 9);
	ck_assert_uint_eq(u, 9);
	json_position(NULL, &line, &column);
	ck_assert_uint_eq(line, 0);
}
END_TEST

START_TEST(gets_every_key_of_a_large_object)
{
	_cleanup_json_ struct json_document *document = NULL;
	_cleanup_buf_ struct buf buf = {0};
	char key[16];
	uint64_t value;
	int i;

	buf_append_char(&buf, '{');
	for (i = 0; i < 5000; i++)
		buf_printf(&buf, "%s\"k%d\": %d", i ? "," : "", i * 7919 % 5000, i);
	buf_append_char(&buf, '}');
	document = parse(buf_string(&buf));
	ck_assert_uint_eq(json_count(json_root(document)), 5000);
	for (i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "k%d", i * 7919 % 5000);
		ck_assert_int_eq(json_u64(json_get(json_root(document), key), &value), 0);
		ck_assert_uint_eq(value, i);
	}
	ck_assert_ptr_null(json_get(json_root(document), "k5000"));
}
END_TEST

START_TEST(decodes_strings)
{
	_cleanup_json_ struct json_document *document =
		parse("[\"\", \"\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u00e9\\u20AC\\uD83D\\udc33\","
		      " \"caf\xc3\xa9\x7f\", \"a\\u0000b\", \"\\\\ud800\"]");
	const struct json_value *root = json_root(document);
	size_t length = 0;

	ck_assert_str_eq(json_text(json_at(root, 0)), "");
	ck_assert_str_eq(json_text(json_at(root, 1)), "\"\\/\b\f\n\r\t");
	ck_assert_str_eq(json_text(json_at(root, 2)), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3");
	ck_assert_str_eq(json_text(json_at(root, 3)), "caf\xc3\xa9\x7f");
	ck_assert_ptr_null(json_text(json_at(root, 4)));
	ck_assert_mem_eq(json_text_n(json_at(root, 4), &length), "a\0b", 4);
	ck_assert_uint_eq(length, 3);
	ck_assert_str_eq(json_text(json_at(root, 5)), "\\ud800");
}
END_TEST

START_TEST(a_key_with_a_nul_is_not_its_beginning)
{
	_cleanup_json_ struct json_document *document = parse("{\"a\\u0000b\": 1, \"a\": 2}");
	uint64_t value;

	ck_assert_int_eq(json_u64(json_get(json_root(document), "a"), &value), 0);
	ck_assert_uint_eq(value, 2);
}
END_TEST

static const struct {
	const char *text;
	bool is_signed, is_unsigned;
	int64_t signed_value;
	uint64_t unsigned_value;
} integers[] = {
	{"0", true, true, 0, 0},
	{"-0", true, false, 0, 0},
	{"1", true, true, 1, 1},
	{"-1", true, false, -1, 0},
	{"\"123\"", true, true, 123, 123},
	{"\"-123\"", true, false, -123, 0},
	{"9223372036854775807", true, true, INT64_MAX, INT64_MAX},
	{"9223372036854775808", false, true, 0, (uint64_t)INT64_MAX + 1},
	{"-9223372036854775808", true, false, INT64_MIN, 0},
	{"-9223372036854775809", false, false, 0, 0},
	{"18446744073709551615", false, true, 0, UINT64_MAX},
	{"18446744073709551616", false, false, 0, 0},
	{"99999999999999999999999999", false, false, 0, 0},
	{"1.0", false, false, 0, 0},
	{"1e3", false, false, 0, 0},
	{"\"\"", false, false, 0, 0},
	{"\"-\"", false, false, 0, 0},
	{"\"+1\"", false, false, 0, 0},
	{"\" 1\"", false, false, 0, 0},
	{"\"1 \"", false, false, 0, 0},
	{"\"007\"", false, false, 0, 0},
	{"\"0x10\"", false, false, 0, 0},
	{"\"1\\u00002\"", false, false, 0, 0},
	{"true", false, false, 0, 0},
	{"null", false, false, 0, 0},
	{"[1]", false, false, 0, 0},
};

START_TEST(reads_integers)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(integers); i++) {
		_cleanup_json_ struct json_document *document = parse(integers[i].text);
		int64_t signed_value = 0;
		uint64_t unsigned_value = 0;
		int r;

		r = json_i64(json_root(document), &signed_value);
		ck_assert_msg((r == 0) == integers[i].is_signed, "%s: %d", integers[i].text, r);
		ck_assert_int_eq(signed_value, integers[i].signed_value);
		r = json_u64(json_root(document), &unsigned_value);
		ck_assert_msg((r == 0) == integers[i].is_unsigned, "%s: %d", integers[i].text, r);
		ck_assert_uint_eq(unsigned_value, integers[i].unsigned_value);
	}
}
END_TEST

/* `where` is what the message begins with. */
static const struct {
	const char *text, *where;
} refused[] = {
	{"", "1:1: "},
	{"  \n ", "2:2: "},
	{"{", "1:2: "},
	{"[1,]", "1:4: "},
	{"[1]x", "1:4: "},
	{"[1] [2]", "1:5: "},
	{"nul", "1:1: "},
	{"tru3", "1:1: "},
	{"\"abc", "1:1: "},
	{"\"a\nb\"", "1:1: "},
	{"\"a\x01\"", "1:1: "},
	{"\"\\x\"", "1:1: "},
	{"\"\\u12g4\"", "1:1: "},
	{"[01]", "1:3: "},
	{"[+1]", "1:2: "},
	{"[1.]", "1:2: "},
	{"[NaN]", "1:2: "},
	{"// x\n1", "1:1: "},
	{"{a:1}", "1:2: "},
	{"{\"a\" 1}", "1:6: "},
	{"{1:1}", "1:2: "},
	{"{'a':1}", "1:2: "},
	{"{\"a\":1,\n \"b\":2,\n  \"a\" : 3}", "3:9: duplicate key \"a\""},
	{"{\"a\":{\"b\":1,\"\\u0062\":2}}", "1:22: duplicate key \"b\""},
	/* not UTF-8, of each kind */
	{"\"\xff\"", "1:1: "},
	{"\"\xc3\"", "1:1: "},
	{"[\n\"\xc0\xaf\"]", "2:1: invalid UTF-8"},
	{"[\"\xed\xa0\x80\"]", "1:2: invalid UTF-8"},
	{"[\"\xf4\x90\x80\x80\"]", "1:2: invalid UTF-8"},
	{"{\"\xc0\xaf\":1}", "1:2: invalid UTF-8"},
	/* halves of surrogate pairs */
	{"[\"\\ud800\"]", "1:2: half of a surrogate pair"},
	{"[\"\\udc00\"]", "1:2: "},
	{"[\"\\uD83D\\u0041\"]", "1:2: half of a surrogate pair"},
	{"[\"\\udbff\\udbff\"]", "1:2: half of a surrogate pair"},
	{"[\"\\ud83d\\\\udc33\"]", "1:2: half of a surrogate pair"},
	{"[\"\\ud83d\\udc33\\udc33\"]", "1:2: "},
	{"{\"\\ud800\":1}", "1:2: half of a surrogate pair"},
};

START_TEST(refuses_what_is_not_json)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		struct json_document *document = NULL;
		struct error error = {0};
		int r = json_parse(
			refused[i].text, strlen(refused[i].text), NULL, &document, &error);

		ck_assert_msg(r == -EINVAL, "%s: %d", refused[i].text, r);
		ck_assert_ptr_null(document);
		ck_assert_int_eq(error.code, -EINVAL);
		ck_assert_msg(!strncmp(error.message, refused[i].where, strlen(refused[i].where)),
			"%s: %s", refused[i].text, error.message);
		/* no error wanted: the same */
		ck_assert_int_eq(
			json_parse(refused[i].text, strlen(refused[i].text), NULL, &document, NULL),
			-EINVAL);
	}
}
END_TEST

START_TEST(refuses_a_nul_in_the_text)
{
	struct json_document *document = NULL;
	struct error error = {0};

	ck_assert_int_eq(json_parse("[1\0]", 4, NULL, &document, &error), -EINVAL);
	ck_assert_int_eq(json_parse("[1]\0", 4, NULL, &document, &error), -EINVAL);
	ck_assert_int_eq(json_parse("\"a\0b\"", 5, NULL, &document, &error), -EINVAL);
}
END_TEST

START_TEST(says_where_a_value_is)
{
	static const char text[] = "{\n"
				   "  \"a\": 1,\r\n"
				   "  \"b\" :\n"
				   "     [true, \"x\\n\\\"y\", {\"c\": -2.5e3},null ,\n"
				   "\n"
				   "\t\"\xc3\xa9\"]}\n";
	static const struct {
		int index;
		unsigned line, column;
	} items[] = {{0, 4, 7}, {1, 4, 13}, {2, 4, 23}, {3, 4, 37}, {4, 6, 2}};
	_cleanup_json_ struct json_document *document = parse(text);
	const struct json_value *root = json_root(document), *list = json_get(root, "b");
	unsigned line, column;
	size_t i;

	json_position(root, &line, &column);
	ck_assert(line == 1 && column == 1);
	json_position(json_get(root, "a"), &line, &column);
	ck_assert(line == 2 && column == 8);
	json_position(list, &line, &column);
	ck_assert(line == 4 && column == 6);
	for (i = 0; i < ARRAY_SIZE(items); i++) {
		json_position(json_at(list, i), &line, &column);
		ck_assert_msg(line == items[i].line && column == items[i].column, "%zu: %u:%u", i,
			line, column);
	}
	json_position(json_get(json_at(list, 2), "c"), &line, &column);
	ck_assert(line == 4 && column == 29);
}
END_TEST

static int parse_limited(const char *text, struct json_limits limits)
{
	_cleanup_json_ struct json_document *document = NULL;
	struct error error = {0};
	int r = json_parse(text, strlen(text), &limits, &document, &error);

	ck_assert_int_eq(error.code, r);
	return r;
}

START_TEST(holds_its_limits)
{
	ck_assert_int_eq(parse_limited("[1,2]", (struct json_limits){.bytes = 5}), 0);
	ck_assert_int_eq(parse_limited("[1,2]", (struct json_limits){.bytes = 4}), -E2BIG);
	ck_assert_int_eq(parse_limited("[{\"a\":[]}]", (struct json_limits){.depth = 3}), 0);
	ck_assert_int_eq(parse_limited("[{\"a\":[]}]", (struct json_limits){.depth = 2}), -E2BIG);
	ck_assert_int_eq(parse_limited("[[],[],[]]", (struct json_limits){.depth = 2}), 0);
	ck_assert_int_eq(parse_limited("[1,{\"a\":2}]", (struct json_limits){.values = 4}), 0);
	ck_assert_int_eq(parse_limited("[1,{\"a\":2}]", (struct json_limits){.values = 3}), -E2BIG);
}
END_TEST

START_TEST(holds_the_usual_limits)
{
	_cleanup_buf_ struct buf buf = {0};
	struct json_document *document = NULL;
	int i;

	for (i = 0; i < 65; i++)
		buf_append_char(&buf, '[');
	for (i = 0; i < 65; i++)
		buf_append_char(&buf, ']');
	ck_assert_int_eq(json_parse(buf.data, buf.length, NULL, &document, NULL), -E2BIG);
	ck_assert_int_eq(json_parse(buf.data + 1, buf.length - 2, NULL, &document, NULL), 0);
	document = json_document_free(document);

	buf_clear(&buf);
	buf_append_char(&buf, '[');
	for (i = 0; i < 1000000; i++)
		buf_append_literal(&buf, "1,");
	buf_append_literal(&buf, "1]");
	ck_assert_int_eq(json_parse(buf.data, buf.length, NULL, &document, NULL), -E2BIG);

	buf_clear(&buf);
	while (buf.length <= (size_t)16 << 20)
		buf_append_literal(&buf, "                ");
	ck_assert_int_eq(json_parse(buf.data, buf.length, NULL, &document, NULL), -E2BIG);
	ck_assert_ptr_null(document);
}
END_TEST

START_TEST(memory_that_runs_out_is_an_error)
{
	/* long strings with escapes and depth, so that yajl's own buffers grow as well */
	_cleanup_buf_ struct buf buf = {0};
	unsigned count;
	int r = -ENOMEM, i;

	for (i = 0; i < 40; i++)
		buf_append_literal(&buf, "{\"key\\n\":[");
	buf_append_char(&buf, '"');
	for (i = 0; i < 3000; i++)
		buf_append_literal(&buf, "\\t ");
	buf_append_literal(&buf, "\", 12, true, null");
	for (i = 0; i < 40; i++)
		buf_append_literal(&buf, "]}");
	for (count = 0; r < 0; count++) {
		_cleanup_json_ struct json_document *document = NULL;
		const struct json_limits limits = {.depth = 100};
		struct error error = {0};

		memory_fail_after(count);
		r = json_parse(buf.data, buf.length, &limits, &document, &error);
		ck_assert_int_eq(r, memory_restore() ? -ENOMEM : 0);
		ck_assert_int_eq(error.code, r);
		ck_assert((document != NULL) == (r == 0));
	}
	ck_assert_uint_gt(count, 10);
}
END_TEST

START_TEST(memory_that_runs_out_in_an_error_is_an_error)
{
	unsigned count;
	bool refused_once = true;

	for (count = 0; refused_once; count++) {
		struct json_document *document = NULL;
		struct error error = {0};
		int r;

		memory_fail_after(count);
		r = json_parse("[1, 2, x]", 9, NULL, &document, &error);
		refused_once = memory_restore();
		ck_assert_int_eq(r, refused_once ? -ENOMEM : -EINVAL);
		ck_assert_int_eq(error.code, r);
	}
}
END_TEST

RUN_SUITE("json", walks_down, says_nothing_of_what_is_not_there, gets_every_key_of_a_large_object,
	decodes_strings, a_key_with_a_nul_is_not_its_beginning, reads_integers,
	refuses_what_is_not_json, refuses_a_nul_in_the_text, says_where_a_value_is,
	holds_its_limits, holds_the_usual_limits, memory_that_runs_out_is_an_error,
	memory_that_runs_out_in_an_error_is_an_error)
