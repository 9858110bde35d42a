/* SPDX-License-Identifier: Apache-2.0 */
/* What every match needs, as found in a policy's steps. The kernel's own answers are compared with
 * the model's in tests/bpf/test-selectors.c. */
#include "daemon/policy/engine/prefilter.h"

#include <stdio.h>
#include <string.h>

#include "daemon/policy/place/place.h"
#include "lib/buf.h"
#include "policy/policy.h"
#include "tests/bpf/prefilter-model.h"
#include "tests/unit/unit.h"

static int any_bit(void *data, const struct policy_match_binaries *match, struct error *error)
{
	return 0;
}

/* Of a hook with an int, a string, an int and a string. */
static struct hook_prefilter find(const char *selectors)
{
	_cleanup_buf_ struct buf text = {0};
	struct compile_input input = {.binary_bit = any_bit};
	struct compiled_hook compiled;
	struct hook_place place = {};
	struct hook_prefilter prefilter;
	struct policy_set *set;
	struct error error;

	buf_printf(&text,
		"apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: p}\nspec:\n"
		"  kprobes:\n  - call: f\n    syscall: false\n    return: true\n"
		"    returnArg: {index: 0, type: int}\n"
		"    args: [{index: 0, type: int}, {index: 1, type: string},"
		" {index: 2, type: uint8}, {index: 3, type: string}]\n    selectors: [%s]\n",
		selectors);
	ck_assert_int_eq(policy_set_parse(text.data, text.length, &set), 0);
	ck_assert_msg(!set->report.errors, "%s: %s", selectors, set->report.problems[0].message);
	input.hook = set->policies[0].spec.hooks[POLICY_KPROBE].items;
	for (uint32_t i = 0; i < 4; i++) {
		place.arguments[i].raw = (uint8_t)(i + 5);
		ck_assert_int_eq(
			hook_place_argument(&place, i, &input.hook->args.items[i], NULL, 0, &error),
			0);
	}
	memcpy(input.types, place.types, sizeof(input.types));
	input.types[HOOK_RETURN_ARGUMENT] = POLICY_TYPE_INT;
	ck_assert_msg(hook_compile(&input, &compiled, &error) == 0, "%s", error.message);
	ck_assert_int_eq(prefilter_find(&compiled, place.arguments, 4, &prefilter), 0);
	compiled_hook_done(&compiled);
	policy_set_free(set);
	return prefilter;
}

#define MATCH(argument, operator, values)                                                          \
	"{matchArgs: [{args: [" argument "], operator: " operator", values: [" values "]}]}"

START_TEST(test_texts)
{
	static const struct {
		const char *selectors, *text;
		bool passes;
	} cases[] = {
		{MATCH("1", "Prefix", "/no/"), "/no/where", true},
		{MATCH("1", "Prefix", "/no/"), "/no/", true},
		{MATCH("1", "Prefix", "/no/"), "/no", false},
		{MATCH("1", "Prefix", "/no/"), "", false},
		{MATCH("1", "Prefix", "/no/"), "/nO/", false},
		{MATCH("1", "Prefix", "'12345678'"), "12345678", true},
		{MATCH("1", "Prefix", "'12345678'"), "12345677", false},
		{MATCH("1", "Prefix", "/usr/bin/passwd"), "/usr/bin/passwd2", true},
		{MATCH("1", "Prefix", "/usr/bin/passwd"), "/usr/bin/passwor", false},
		{MATCH("1", "Prefix", "/usr/bin/password-file"), "/usr/bin/password", true},
		{MATCH("1", "Equal", "/no"), "/no", true},
		{MATCH("1", "Equal", "/no"), "/no/", false},
		{MATCH("1", "Equal", "''"), "", true},
		{MATCH("1", "Equal", "''"), "a", false},
		{MATCH("1", "Equal", "'1234567'"), "1234567", true},
		{MATCH("1", "Equal", "'1234567'"), "12345678", false},
		{MATCH("1", "Equal", "/usr/bin/123456"), "/usr/bin/123456", true},
		{MATCH("1", "Equal", "/usr/bin/123456"), "/usr/bin/1234567", false},
		{MATCH("1", "Equal", "/usr/bin/1234567"), "/usr/bin/1234567", true},
		{MATCH("1", "Equal", "a, bc"), "bc", true},
		{MATCH("1", "Equal", "a, bc"), "b", false},
		/* each selector asks for one of its own */
		{MATCH("1", "Prefix", "/a") ", " MATCH("1", "Equal", "/b"), "/b", true},
		{MATCH("1", "Prefix", "/a") ", " MATCH("1", "Equal", "/b"), "/ab", true},
		{MATCH("1", "Prefix", "/a") ", " MATCH("1", "Equal", "/b"), "/c", false},
		/* ten are too many: what their first bytes are */
		{MATCH("1", "Prefix", "/a0, /a1, /a2, /a3, /a4, /a5, /a6, /a7, /a8, /a9"), "/a9",
			true},
		{MATCH("1", "Prefix", "/a0, /a1, /a2, /a3, /a4, /a5, /a6, /a7, /a8, /a9"), "/b9",
			false},
		{"{matchPIDs: [{operator: In, values: [1]}], matchArgs: [{args: [1], operator: "
		 "Prefix, values: [/a]}, {args: [3], operator: Postfix, values: [x]}]}",
			"/b", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hook_prefilter prefilter = find(cases[i].selectors);

		ck_assert_msg(prefilter.text.is_used, "%s", cases[i].selectors);
		ck_assert_uint_eq(prefilter.text.raw, 6);
		ck_assert_msg(
			prefilter_text_passes(&prefilter.text, cases[i].text) == cases[i].passes,
			"%s of %s", cases[i].text, cases[i].selectors);
	}
}
END_TEST

START_TEST(test_numbers)
{
	static const struct {
		const char *selectors;
		uint64_t raw;
		bool passes;
	} cases[] = {
		{MATCH("0", "Equal", "'7'"), 7, true},
		{MATCH("0", "Equal", "'7'"), 0xabcd00000007, true}, /* above it there is anything */
		{MATCH("0", "Equal", "'7'"), 6, false},
		{MATCH("0", "Equal", "'-7'"), (uint64_t)-7, true},
		{MATCH("0", "Equal", "'-7'"), (uint32_t)-7, true},
		{MATCH("0", "Equal", "'-7'"), 7, false},
		{MATCH("0", "GreaterThan", "'-3'"), (uint32_t)-2, true},
		{MATCH("0", "GreaterThan", "'-3'"), (uint32_t)-3, false},
		{MATCH("0", "GreaterThan", "'-3'"), 0, true},
		{MATCH("0", "LessThan", "'2'"), (uint32_t)-100, true},
		{MATCH("0", "LessThan", "'2'"), 2, false},
		{MATCH("0", "InRange", "'-5:5', '10:10'"), (uint32_t)-5, true},
		{MATCH("0", "InRange", "'-5:5', '10:10'"), 10, true},
		{MATCH("0", "InRange", "'-5:5', '10:10'"), 6, false},
		{MATCH("0", "Mask", "'6'"), 2, true},
		{MATCH("0", "Mask", "'6'"), 9, false},
		{MATCH("0", "Mask", "'8'") ", " MATCH("0", "Equal", "'1'"), 1, true},
		{MATCH("0", "Mask", "'8'") ", " MATCH("0", "Equal", "'1'"), 8, true},
		{MATCH("0", "Mask", "'8'") ", " MATCH("0", "Equal", "'1'"), 3, false},
		/* expressions */
		{MATCH("0", "CelExpr", "arg0 == int32(7)"), 7, true},
		{MATCH("0", "CelExpr", "arg0 == int32(7)"), 6, false},
		{MATCH("0", "CelExpr", "'!(arg0 != int32(2) || arg0 < int32(-5))'"), 2, true},
		{MATCH("0", "CelExpr", "'!(arg0 != int32(2) || arg0 < int32(-5))'"), 1, false},
		{MATCH("0, 2", "CelExpr", "'and(arg1, uint8(1u)) == arg1 && arg0 > int32(6)'"), 7,
			true},
		{MATCH("0, 2", "CelExpr", "'and(arg1, uint8(1u)) == arg1 && arg0 > int32(6)'"), 6,
			false},
		{MATCH("0, 2", "CelExpr",
			 "'(arg0 == int32(5) || arg0 > int32(8)) && arg1 + arg1 > arg1'"),
			5, true},
		{MATCH("0, 2", "CelExpr",
			 "'(arg0 == int32(5) || arg0 > int32(8)) && arg1 + arg1 > arg1'"),
			6, false},
		{MATCH("0", "CelExpr", "arg0 > int32(5) && arg0 != int32(7)"), 8, true},
		{MATCH("0", "CelExpr", "arg0 > int32(5) && arg0 != int32(7)"), 5, false},
		/* a tree of questions */
		{MATCH("0", "InMap", "'1', '3', '5', '7', '9', '11'"), 3, true},
		{MATCH("0", "InMap", "'1', '3', '5', '7', '9', '11'"), 11, true},
		{MATCH("0", "InMap", "'1', '3', '5', '7', '9', '11'"), 4, false},
		{MATCH("0", "InMap", "'1', '3', '5', '7', '9', '11', '13', '15', '17', '19'"), 19,
			true},
		{MATCH("0", "InMap", "'1', '3', '5', '7', '9', '11', '13', '15', '17', '19'"), 20,
			false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hook_prefilter prefilter = find(cases[i].selectors);

		ck_assert_msg(prefilter.number.is_used, "%s", cases[i].selectors);
		ck_assert_uint_eq(prefilter.number.raw, 5);
		ck_assert_msg(
			prefilter_number_passes(&prefilter.number, cases[i].raw) == cases[i].passes,
			"%llx of %s", (unsigned long long)cases[i].raw, cases[i].selectors);
	}
}
END_TEST

START_TEST(test_both)
{
	struct hook_prefilter prefilter =
		find("{matchArgs: [{args: [3], operator: Prefix, values: [/a]},"
		     " {args: [2], operator: Equal, values: ['200']}]}");

	ck_assert_uint_eq(prefilter.number.raw, 7);
	ck_assert(prefilter_number_passes(&prefilter.number, 0xff00 | 200));
	ck_assert(!prefilter_number_passes(&prefilter.number, 0xff00 | 201));
	ck_assert_uint_eq(prefilter.text.raw, 8);
	ck_assert(!prefilter_text_passes(&prefilter.text, "/b"));
}
END_TEST

/* A match can be had without a yes about any one number or the beginning of any one string. */
START_TEST(test_none)
{
	static const char *const selectors[] = {
		"",
		"{}",
		"{matchPIDs: [{operator: In, values: [1]}]}",
		"{matchReturnArgs: [{args: [0], operator: Equal, values: ['1']}]}",
		MATCH("0", "NotEqual", "'1'"),
		MATCH("0", "NotInRange", "'1:2'"),
		MATCH("0", "CelExpr", "arg0 != int32(7)"),
		MATCH("0", "CelExpr", "arg0 + int32(1) == int32(7)"),
		MATCH("0, 2", "CelExpr", "arg0 == int32(1) || arg1 == uint8(7u)"),
		MATCH("0, 2", "CelExpr", "'(arg0 == int32(1)) == (arg1 == uint8(7u))'"),
		MATCH("1", "NotEqual", "a"),
		MATCH("1", "NotPrefix", "a"),
		MATCH("1", "Postfix", "a"),
		MATCH("1", "SubString", "a"),
		MATCH("1", "SubStringIgnCase", "a"),
		MATCH("1", "Prefix", "a, b, c, d, e, f, g, h, i"),
		MATCH("0", "Equal", "'1'") ", " MATCH("1", "Prefix", "a"),
		MATCH("0", "Equal", "'1'") ", {matchPIDs: [{operator: In, values: [1]}]}",
		MATCH("1", "Prefix", "a") ", " MATCH("3", "Prefix", "a"),
		MATCH("1", "Prefix", "a") ", " MATCH("1", "Postfix", "a"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(selectors); i++) {
		struct hook_prefilter prefilter = find(selectors[i]);

		ck_assert_msg(
			!prefilter.number.is_used && !prefilter.text.is_used, "%s", selectors[i]);
	}
}
END_TEST

/* Those that are about what a pointer in a register leads to. */
START_TEST(test_not_in_registers)
{
	struct hook_step step = {.operation = STEP_RANGE,
		.low = 1,
		.high = 1,
		.then = STEP_MATCH,
		.otherwise = STEP_NO_MATCH,
		.unknown = STEP_NO_MATCH};
	struct compiled_hook compiled = {.steps = &step, .step_count = 1};
	struct hook_argument arguments[HOOK_ARGUMENTS_ALL] = {
		{.reader = ARGUMENT_INTEGER, .size = 8}};
	struct hook_prefilter prefilter;

	ck_assert_int_eq(prefilter_find(&compiled, arguments, 1, &prefilter), 0);
	ck_assert(prefilter.number.is_used);
	arguments[0].flags = ARGUMENT_RESOLVED;
	ck_assert_int_eq(prefilter_find(&compiled, arguments, 1, &prefilter), 0);
	ck_assert(!prefilter.number.is_used);
	arguments[0].flags = 0;
	arguments[0].source = ARGUMENT_CURRENT_TASK;
	ck_assert_int_eq(prefilter_find(&compiled, arguments, 1, &prefilter), 0);
	ck_assert(!prefilter.number.is_used);
	arguments[0].source = ARGUMENT_OF_CALL;
	arguments[0].reader = ARGUMENT_FD;
	ck_assert_int_eq(prefilter_find(&compiled, arguments, 1, &prefilter), 0);
	ck_assert(!prefilter.number.is_used);
}
END_TEST

RUN_SUITE("prefilter", test_texts, test_numbers, test_both, test_none, test_not_in_registers)
