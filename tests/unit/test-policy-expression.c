/* SPDX-License-Identifier: Apache-2.0 */
/* CelExpr: what expressions are worth, by the model and by the steps that the kernel side takes.
 * Random ones, and the kernel itself, are tests/bpf/test-selectors.c's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/policy/engine/compile.h"
#include "lib/buf.h"
#include "policy/cel.h"
#include "policy/policy.h"
#include "policy/selector_model.h"
#include "tests/unit/unit.h"

#define ARGUMENTS 6

static const enum policy_argument_type types[ARGUMENTS] = {POLICY_TYPE_INT, POLICY_TYPE_UINT32,
	POLICY_TYPE_INT64, POLICY_TYPE_UINT64, POLICY_TYPE_INT8, POLICY_TYPE_UINT16};
static const uint64_t integers[ARGUMENTS] = {
	42, UINT32_MAX, (uint64_t)INT64_MIN, UINT64_MAX, (uint64_t)-128, 7};

static struct policy_set *set;
static struct compiled_hook compiled;

static void tear_down(void)
{
	set = policy_set_free(set);
	compiled_hook_done(&compiled);
}

static int no_bit(void *data, const struct policy_match_binaries *match, struct error *error)
{
	return -EINVAL;
}

/* A hook with arguments of these types and one entry of matchArgs. */
static const struct policy_hook *parse(const char *entry)
{
	_cleanup_buf_ struct buf text = {0};

	buf_printf(&text,
		"apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: p}\n"
		"spec:\n  kprobes:\n  - call: f\n    syscall: false\n"
		"    args: [{index: 0, type: int}, {index: 1, type: uint32}, {index: 2, type: "
		"int64}, {index: 3, type: uint64}, {index: 4, type: int8}, {index: 5, type: "
		"uint16}, {index: 6, type: auto}]\n"
		"    selectors: [{matchArgs: [{operator: CelExpr, %s}]}]\n",
		entry);
	tear_down();
	ck_assert_int_eq(policy_set_parse(text.data, text.length, &set), 0);
	ck_assert_msg(!set->report.errors, "%s: %s", entry, set->report.problems[0].message);
	return set->policies[0].spec.hooks[POLICY_KPROBE].items;
}

static int compile(
	const struct policy_hook *hook, enum policy_argument_type last, struct error *error)
{
	struct compile_input input = {.hook = hook, .binary_bit = no_bit};

	memcpy(input.types, types, sizeof(types));
	input.types[ARGUMENTS] = last;
	return hook_compile(&input, &compiled, error);
}

static uint64_t side(
	const uint64_t *arguments, const uint64_t *kept, uint8_t place, uint64_t constant)
{
	if (place == NUMBER_CONSTANT)
		return constant;
	if (!(place & NUMBER_KEPT))
		return arguments[place];
	ck_assert_uint_lt(place - NUMBER_KEPT, HOOK_NUMBERS_MAX);
	return kept[place - NUMBER_KEPT];
}

/* What the kernel side does with a step: 1, 0, -1. */
static int answer(const struct hook_step *step, const struct observed_argument *observed,
	const uint64_t *arguments, uint64_t *kept)
{
	uint64_t integer = arguments[step->argument];
	uint64_t left = side(arguments, kept, step->left, step->low);
	uint64_t right = side(arguments, kept, step->right, step->high);

	if (step->operation == STEP_PID)
		return step->low <= 1 && step->high >= 1;
	if (!observed[step->argument].readable)
		return -1;
	switch (step->operation) {
	case STEP_READ:
		return 1;
	case STEP_RANGE:
		return integer >= step->low && integer <= step->high;
	case STEP_RANGE_SIGNED:
		return (int64_t)integer >= (int64_t)step->low &&
		       (int64_t)integer <= (int64_t)step->high;
	case STEP_NUMBER_EQUAL:
		return left == right;
	case STEP_NUMBER_LESS:
		return step->is_signed ? (int64_t)left < (int64_t)right : left < right;
	case STEP_NUMBER_ADD:
		left += right;
		break;
	case STEP_NUMBER_SUBTRACT:
		left -= right;
		break;
	case STEP_NUMBER_AND:
		left &= right;
		break;
	case STEP_NUMBER_OR:
		left |= right;
		break;
	case STEP_NUMBER_XOR:
		left ^= right;
		break;
	default:
		ck_abort_msg("step %u", step->operation);
	}
	ck_assert_uint_lt(step->result, HOOK_NUMBERS_MAX);
	left <<= 64 - 8 * step->size;
	kept[step->result] = step->is_signed ? (uint64_t)((int64_t)left >> (64 - 8 * step->size))
					     : left >> (64 - 8 * step->size);
	return 1;
}

static bool steps_match(const struct observed_argument *observed)
{
	uint64_t kept[HOOK_NUMBERS_MAX] = {0}, arguments[ARGUMENTS + 1];
	uint16_t at = 0;

	for (size_t i = 0; i <= ARGUMENTS; i++)
		arguments[i] = observed[i].integer;
	while (at < compiled.step_count) {
		const struct hook_step *step = &compiled.steps[at];
		int yes = answer(step, observed, arguments, kept);
		uint16_t next = yes > 0 ? step->then : yes < 0 ? step->unknown : step->otherwise;

		ck_assert_msg(next > at, "steps lead forward");
		at = next;
	}
	ck_assert_msg(at == STEP_NO_MATCH || at == STEP_MATCH, "%x", at);
	return at == STEP_MATCH;
}

/* By the model and by the steps; which of the arguments cannot be read, or -1. */
static bool holds(const char *entry, int unreadable)
{
	struct observed_argument observed[ARGUMENTS + 1] = {0};
	struct observation observation = {.args = observed};
	const struct policy_hook *hook = parse(entry);
	struct error error;
	bool expected;

	for (int i = 0; i <= ARGUMENTS; i++) {
		observed[i].type = i < ARGUMENTS ? types[i] : POLICY_TYPE_INT;
		observed[i].integer = i < ARGUMENTS ? integers[i] : 3;
		observed[i].readable = i != unreadable;
	}
	ck_assert_msg(compile(hook, POLICY_TYPE_INT, &error) == 0, "%s", error.message);
	expected = selector_model_matches(hook, hook->selectors.items, &observation);
	ck_assert_msg(steps_match(observed) == expected, "%s", entry);
	return expected;
}

START_TEST(test_worth)
{
	static const struct {
		const char *expression;
		bool holds;
	} cases[] = {
		{"true", true},
		{"false", false},
		{"!false && (true || false)", true},
		{"1 == 1", true},
		{"1 + 2 == 4", false},
		{"10 - 4 - 3 == 3", true},
		{"10 - (4 - 3) == 9", true},
		{"1 - -1 == 2", true},
		{"arg0 == int32(42)", true},
		{"arg0 != int32(42)", false},
		{"arg0 < int32(43) && arg0 > int32(41)", true},
		{"arg0 <= int32(42) && arg0 >= int32(42)", true},
		{"arg0 < int32(42) || arg0 > int32(42)", false},
		{"int32(41) < arg0", true},
		{"int32(42) >= arg0", true},
		{"int32(42) < arg0", false},
		{"arg0 - int32(10) == int32(0x20)", true},
		{"int32(0) - arg0 == int32(-42)", true},
		/* && before ||, relations before both, sums before relations */
		{"true || false && false", true},
		{"(true || false) && false", false},
		{"arg0 + int32(1) > int32(42) == true", true},
		{"1 < 2 == (3 < 4)", true},
		{"1 < 2 != (3 > 4)", true},
		{"1 < 2 == (3 > 4) == false", true},
		{"(arg0 == int32(1)) == (arg2 == 1)", true},
		{"(arg0 == int32(42)) == (arg2 == 1)", false},
		{"!(arg0 == int32(42) && (arg2 > 0 || arg3 > 0u))", false},
		/* what is too much wraps around */
		{"arg1 + uint32(1u) == uint32(0u)", true},
		{"uint32(0u) - uint32(1u) == arg1", true},
		{"arg2 - 1 == 9223372036854775807", true},
		{"arg3 + 1u == 0u", true},
		{"int32(2147483647) + int32(1) == int32(-2147483648)", true},
		{"arg4 - int8(1) == int8(127)", true},
		{"uint16(0u) - arg5 == uint16(65529u)", true},
		/* signs */
		{"arg2 < 0", true},
		{"arg3 > 0u", true},
		{"arg3 > 9223372036854775808u", true},
		{"arg2 == -9223372036854775808", true},
		{"arg2 < -9223372036854775808", false},
		{"arg2 >= -9223372036854775808", true},
		{"arg3 > 18446744073709551615u", false},
		{"arg3 <= 0xffffffffffffffffu", true},
		{"arg3 < 0u", false},
		{"arg4 < int8(0)", true},
		{"arg4 + int8(0) < int8(0)", true},
		{"arg1 + uint32(0u) > uint32(5u)", true},
		/* fewer bits */
		{"int32(4294967295) == int32(-1)", true},
		{"uint32(17179869190u) == uint32(6u)", true},
		{"int8(384) == arg4", true},
		{"int32(arg2 - 1) == int32(-1)", true},
		{"uint16(arg3) == uint16(65535u)", true},
		{"uint8(arg3 - 255u) == uint8(0u)", true},
		/* bits */
		{"and(arg0, int32(8)) != int32(0)", true},
		{"and(arg0, int32(16)) != int32(0)", false},
		{"or(arg5, uint16(8u)) == uint16(15u)", true},
		{"xor(arg5, arg5) == uint16(0u)", true},
		{"not(arg1) == uint32(0u)", true},
		{"not(arg5) == uint16(65528u)", true},
		{"not(arg0) == int32(-43)", true},
		{"not(not(arg3)) == arg3", true},
		{"and(or(1, 2), xor(7, 4)) == 3", true},
		/* `auto`, here an int */
		{"arg6 == int32(3)", true},
		{"arg6 + arg0 == int32(45)", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char entry[256];

		snprintf(entry, sizeof(entry), "values: ['%s']", cases[i].expression);
		ck_assert_msg(holds(entry, -1) == cases[i].holds, "%s", cases[i].expression);
	}
}
END_TEST

/* An entry's args say which argument is which. */
START_TEST(test_args)
{
	ck_assert(holds("args: [2, 0], values: ['arg0 < 0 && arg1 == int32(42)']", -1));
	ck_assert(holds("args: [0, 0], values: ['arg0 == arg1']", -1));
	ck_assert_ptr_eq(parse("args: [2, 0], values: ['arg1 == int32(42)']")
				 ->selectors.items[0]
				 .match_args.items[0]
				 .argument,
		&set->policies[0].spec.hooks[POLICY_KPROBE].items[0].args.items[0]);
	ck_assert_ptr_null(
		parse("values: ['true']")->selectors.items[0].match_args.items[0].argument);
}
END_TEST

/* Wherever it is looked at. */
START_TEST(test_unreadable)
{
	static const char *const expressions[] = {
		"values: ['arg0 == int32(42) || arg2 < 0']",
		"values: ['arg2 < 0 || arg0 == int32(42)']",
		"values: ['!(arg2 == 0 && arg0 == int32(42))']",
		"values: ['int32(arg2) + arg0 == int32(42)']",
		"values: ['(arg2 < 0) == (arg0 == int32(42))']",
	};

	for (size_t i = 0; i < ARRAY_SIZE(expressions); i++) {
		ck_assert(holds(expressions[i], -1));
		ck_assert(!holds(expressions[i], 0));
		ck_assert(!holds(expressions[i], 2));
		ck_assert(holds(expressions[i], 3));
	}
	ck_assert(holds("values: ['true']", 0));
}
END_TEST

/* What `auto` is, is known when the policy is loaded. */
START_TEST(test_auto)
{
	const struct policy_hook *hook = parse("values: ['arg6 == int32(3)']");
	struct error error = {0};

	ck_assert_int_eq(compile(hook, POLICY_TYPE_UINT32, &error), -EINVAL);
	ck_assert_str_eq(error.message,
		"\"arg6 == int32(3)\": == of uint32 and int32; allowed: two of the same type (5 is "
		"an int, 5u a uint, int32(5) an int32), at byte 5");
	compiled_hook_done(&compiled);
	ck_assert_int_eq(compile(hook, POLICY_TYPE_FILE, &error), -EINVAL);
	ck_assert_str_eq(error.message,
		"\"arg6 == int32(3)\": arg6 is of type file; allowed: integers, at byte 0");
}
END_TEST

/* A comparison with a number is the question that it would be with another operator. */
START_TEST(test_few_steps)
{
	struct error error;

	ck_assert_int_eq(
		compile(parse("values: ['arg0 == int32(-1)']"), POLICY_TYPE_INT, &error), 0);
	ck_assert_uint_eq(compiled.step_count, 1);
	ck_assert_uint_eq(compiled.steps[0].operation, STEP_RANGE_SIGNED);
	ck_assert_int_eq(compile(parse("values: ['arg1 == uint32(1u) && int32(1024) <= arg0']"),
				 POLICY_TYPE_INT, &error),
		0);
	ck_assert_uint_eq(compiled.step_count, 3);
	ck_assert_uint_eq(compiled.steps[0].operation, STEP_READ);
	ck_assert_uint_eq(compiled.steps[1].operation, STEP_RANGE);
	ck_assert_uint_eq(compiled.steps[2].operation, STEP_RANGE_SIGNED);
}
END_TEST

/* The most that the reader takes has room on the kernel side. */
START_TEST(test_limits)
{
	_cleanup_buf_ struct buf entry = {0};

	buf_append_literal(&entry, "values: ['arg2 == ");
	for (int i = 0; i < POLICY_CEL_NUMBERS_MAX; i++)
		buf_append_literal(&entry, "arg2 + 1 - (");
	buf_append_literal(&entry, "arg2");
	for (int i = 0; i < POLICY_CEL_NUMBERS_MAX; i++)
		buf_append_char(&entry, ')');
	buf_append_literal(&entry, "']");
	ck_assert(holds(buf_string(&entry), -1));
	buf_clear(&entry);
	buf_append_literal(&entry, "values: ['");
	for (int i = 0; i < POLICY_CEL_NODES_MAX / 4 - 1; i++)
		buf_append_literal(&entry, "arg2 == 1 || ");
	buf_append_literal(&entry, "arg2 < 0']");
	ck_assert(holds(buf_string(&entry), -1));
}
END_TEST

RUN_SUITE_IN(NULL, tear_down, "policy-expression", test_worth, test_args, test_unreadable,
	test_auto, test_few_steps, test_limits)
