/* SPDX-License-Identifier: Apache-2.0 */
/* YAML trees with their places and limits, what plain scalars mean, integers. */
#include "policy/yaml_document.h"

#include <errno.h>
#include <string.h>

#include "lib/buf.h"
#include "policy/integer.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct yaml_value *documents[YAML_DOCUMENTS_MAX];
static struct yaml_error error;

static void tear_down(void)
{
	arena_done(&arena);
}

static int parse(const char *text)
{
	return yaml_documents_parse(&arena, text, strlen(text), documents, &error);
}

START_TEST(test_places)
{
	const struct yaml_value *list, *item;

	ck_assert_int_eq(parse("# a comment\nname: x\nlist:\n- 1\n-   {deep: \"q\\0r\"}\n"), 1);
	ck_assert_uint_eq(documents[0]->line, 2);
	ck_assert_uint_eq(documents[0]->count, 2);
	list = yaml_value_get(documents[0], "list");
	ck_assert_int_eq(list->kind, YAML_KIND_SEQUENCE);
	ck_assert_uint_eq(list->count, 2);
	ck_assert_ptr_eq(list->parent, documents[0]);
	ck_assert_uint_eq(list->key->line, 3);
	item = yaml_value_get(list->first->next, "deep");
	ck_assert_uint_eq(item->line, 5);
	ck_assert_uint_eq(item->column, 12);
	ck_assert_uint_eq(item->length, 3);
	ck_assert_mem_eq(item->text, "q\0r", 4);
	ck_assert(!item->plain);
	ck_assert_uint_eq(list->first->next->index, 1);
	ck_assert_ptr_null(yaml_value_get(documents[0], "nam"));
	ck_assert_ptr_null(yaml_value_get(list, "name"));
	ck_assert_ptr_null(yaml_value_get(NULL, "name"));
}
END_TEST

START_TEST(test_documents)
{
	ck_assert_int_eq(parse(""), 0);
	ck_assert_int_eq(parse("---\n---\n# nothing\n"), 0);
	ck_assert_int_eq(parse("a: 1\n---\n---\nb: 2\n...\n"), 2);
	ck_assert_ptr_nonnull(yaml_value_get(documents[1], "b"));
	ck_assert_int_eq(parse("\xef\xbb\xbf"
			       "a: 1\r\nb: 2\r\n"),
		1);
	ck_assert_uint_eq(yaml_value_get(documents[0], "a")->column, 4);
	ck_assert_uint_eq(yaml_value_get(documents[0], "b")->line, 2);
	ck_assert_int_eq(parse("\xff\xfe"
			       "a"),
		-EINVAL);
}
END_TEST

START_TEST(test_refusals)
{
	static const struct {
		const char *text, *message;
		uint32_t line, column;
	} cases[] = {
		{"a: &x 1\n", "anchors", 1, 4},
		{"a: *x\n", "aliases", 1, 4},
		{"a:\n  &x\n  b: 1\n", "anchors", 2, 3},
		{"a: !!int 1\n", "tags", 1, 4},
		{"a: {b: 1, b: 2}\n", "duplicate field, the first one stands in line 1", 1, 11},
		{"{[a]: 1}\n", "a field's name must be a word", 1, 2},
		{"a: 'b\n", "not YAML: ", 2, 1},
		{"ä: \xff\n", "not YAML: invalid leading UTF-8 octet", 1, 4},
		{"a: \"\\ud800\"\n", "", 1, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_msg(parse(cases[i].text) == -EINVAL, "%s", cases[i].text);
		ck_assert_msg(!strncmp(error.message, cases[i].message, strlen(cases[i].message)),
			"%s: %s", cases[i].text, error.message);
		ck_assert_msg(!cases[i].message[0] || (error.line == cases[i].line &&
							      error.column == cases[i].column),
			"%s: %u:%u", cases[i].text, error.line, error.column);
	}
}
END_TEST

static void repeat(struct buf *buf, const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_append_string(buf, text);
}

START_TEST(test_limits)
{
	_cleanup_buf_ struct buf buf = {0};

	repeat(&buf, "[", YAML_DEPTH_MAX);
	repeat(&buf, "]", YAML_DEPTH_MAX);
	ck_assert_int_eq(parse(buf_string(&buf)), 1);
	buf_clear(&buf);
	repeat(&buf, "[", YAML_DEPTH_MAX + 1);
	ck_assert_int_eq(parse(buf_string(&buf)), -E2BIG);
	buf_clear(&buf);
	repeat(&buf, "-\n", YAML_VALUES_MAX);
	ck_assert_int_eq(parse(buf_string(&buf)), -E2BIG);
	buf_clear(&buf);
	for (int i = 0; i <= YAML_KEYS_MAX; i++)
		buf_printf(&buf, "k%d: 1\n", i);
	ck_assert_int_eq(parse(buf_string(&buf)), -E2BIG);
	ck_assert_uint_eq(error.line, YAML_KEYS_MAX + 1);
	buf_clear(&buf);
	repeat(&buf, "--- a\n", YAML_DOCUMENTS_MAX);
	ck_assert_int_eq(parse(buf_string(&buf)), YAML_DOCUMENTS_MAX);
	repeat(&buf, "--- a\n", 1);
	ck_assert_int_eq(parse(buf_string(&buf)), -E2BIG);
	buf_clear(&buf);
	repeat(&buf, "#234567890123456789012345678901\n", YAML_BYTES_MAX / 32);
	ck_assert_int_eq(parse(buf_string(&buf)), 0);
	repeat(&buf, "\n", 1);
	ck_assert_int_eq(parse(buf_string(&buf)), -E2BIG);
}
END_TEST

START_TEST(test_meanings)
{
	static const struct {
		const char *text;
		enum yaml_meaning meaning;
	} cases[] = {
		{"~", YAML_MEANS_NULL},
		{"null", YAML_MEANS_NULL},
		{"", YAML_MEANS_NULL},
		{"nULL", YAML_MEANS_STRING},
		{"yes", YAML_MEANS_BOOLEAN},
		{"False", YAML_MEANS_BOOLEAN},
		{"yES", YAML_MEANS_STRING},
		{"0", YAML_MEANS_INTEGER},
		{"-12", YAML_MEANS_INTEGER},
		{"0x1F", YAML_MEANS_INTEGER},
		{"0b2", YAML_MEANS_STRING},
		{"08", YAML_MEANS_FLOAT}, /* neither octal nor, to YAML, text */
		{"99999999999999999999", YAML_MEANS_INTEGER},
		{"1.5", YAML_MEANS_FLOAT},
		{"1e3", YAML_MEANS_FLOAT},
		{"-1.5E+3", YAML_MEANS_FLOAT},
		{"1e3x", YAML_MEANS_STRING},
		{".inf", YAML_MEANS_FLOAT},
		{"1.2.3", YAML_MEANS_STRING},
		{"127.0.0.1", YAML_MEANS_STRING},
		{"1:5", YAML_MEANS_STRING},
		{"2026-11-23", YAML_MEANS_STRING},
		{"1e", YAML_MEANS_STRING},
		{"-", YAML_MEANS_STRING},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct yaml_value value = {
			.kind = YAML_KIND_SCALAR,
			.plain = true,
			.text = cases[i].text,
			.length = strlen(cases[i].text),
		};

		ck_assert_msg(yaml_value_meaning(&value) == cases[i].meaning, "%s: %d",
			cases[i].text, yaml_value_meaning(&value));
		value.plain = false;
		ck_assert_int_eq(yaml_value_meaning(&value), YAML_MEANS_STRING);
		ck_assert(!yaml_value_is_null(&value));
	}
	ck_assert(yaml_value_is_null(NULL));
}
END_TEST

START_TEST(test_integers)
{
	static const struct {
		const char *text;
		int r;
		int64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"-0", 0, 0},
		{"+5", 0, 5},
		{"017", 0, 15},
		{"0o17", 0, 15},
		{"0b101", 0, 5},
		{"0xfF", 0, 255},
		{"-0x10", 0, -16},
		{"1_000", 0, 1000},
		{"9223372036854775807", 0, INT64_MAX},
		{"-9223372036854775808", 0, INT64_MIN},
		{"9223372036854775808", -ERANGE, 0},
		{"-9223372036854775809", -ERANGE, 0},
		{"99999999999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{"1_", -EINVAL, 0},
		{"_1", -EINVAL, 0},
		{"1__0", -EINVAL, 0},
		{"5a", -EINVAL, 0},
		{" 5", -EINVAL, 0},
		{"08", -EINVAL, 0},
	};
	uint64_t large = 7;
	int64_t value = 7;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		value = 7;
		ck_assert_msg(
			integer_parse(cases[i].text, strlen(cases[i].text), &value) == cases[i].r,
			"%s", cases[i].text);
		ck_assert_int_eq(value, cases[i].r ? 7 : cases[i].value);
	}
	ck_assert_int_eq(integer_parse_decimal("010", 3, &value), 0);
	ck_assert_int_eq(value, 10);
	ck_assert_int_eq(integer_parse_unsigned("18446744073709551615", 20, &large), 0);
	ck_assert(large == UINT64_MAX);
	ck_assert_int_eq(integer_parse_unsigned("18446744073709551616", 20, &large), -ERANGE);
	ck_assert_int_eq(integer_parse_unsigned("-1", 2, &large), -ERANGE);
	ck_assert_int_eq(integer_parse_unsigned("-", 1, &large), -EINVAL);
}
END_TEST

RUN_SUITE_IN(NULL, tear_down, "policy-yaml", test_places, test_documents, test_refusals,
	test_limits, test_meanings, test_integers)
