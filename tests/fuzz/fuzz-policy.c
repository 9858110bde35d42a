/* SPDX-License-Identifier: Apache-2.0 */
/* Files of policies: whatever they say, the reader says what is wrong with a place, or gives a
 * model in which every reference leads somewhere. */
#include "policy/policy.h"

#include "policy/argument_types.h"
#include "policy/value.h"
#include "tests/fuzz/fuzz.h"

static void check_match_args(const struct policy_match_args *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct policy_match_args *match = &items[i];

		FUZZ_ASSERT(match->argument || match->operation == POLICY_CEL_EXPR);
		FUZZ_ASSERT(match->operation >= 0 && match->operation < POLICY_IN);
		FUZZ_ASSERT(
			match->operation != POLICY_CAPABILITIES_GAINED || match->second_argument);
		for (size_t j = 0; j < match->values.count; j++) {
			const struct policy_value *value = &match->values.items[j];

			FUZZ_ASSERT(value->source);
			FUZZ_ASSERT(value->kind != POLICY_VALUE_LIST || value->list);
			FUZZ_ASSERT(value->kind != POLICY_VALUE_TEXT || value->text.data);
		}
	}
}

static void check_selector(const struct policy_selector *selector)
{
	check_match_args(selector->match_args.items, selector->match_args.count);
	check_match_args(selector->match_data.items, selector->match_data.count);
	check_match_args(selector->match_return_args.items, selector->match_return_args.count);
	for (size_t i = 0; i < selector->match_namespaces.count; i++)
		FUZZ_ASSERT(selector->match_namespaces.items[i].inodes);
	for (size_t i = 0; i < selector->match_actions.count; i++)
		FUZZ_ASSERT(selector->match_actions.items[i].action < POLICY_ACTION_COUNT);
	FUZZ_ASSERT(selector->match_actions.count <= POLICY_ACTIONS_MAX);
}

static void check_policy(const struct policy *policy)
{
	size_t hooks = policy->spec.loader;
	struct buf buf = {0};

	FUZZ_ASSERT(policy->metadata.name.length > 0);
	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++) {
		for (size_t i = 0; i < policy->spec.hooks[kind].count; i++) {
			const struct policy_hook *hook = &policy->spec.hooks[kind].items[i];

			FUZZ_ASSERT(hook->source && hook->kind == kind);
			FUZZ_ASSERT(hook->args.count <= POLICY_ARGUMENTS_MAX);
			FUZZ_ASSERT(hook->message.length <= POLICY_MESSAGE_LENGTH_MAX);
			for (size_t j = 0; j < hook->selectors.count; j++)
				check_selector(&hook->selectors.items[j]);
		}
		hooks += policy->spec.hooks[kind].count;
	}
	FUZZ_ASSERT(hooks > 0);
	policy_describe(&buf, policy);
	FUZZ_ASSERT(buf.length > 0);
	buf_done(&buf);
}

static void check_set(const struct policy_set *set)
{
	const struct policy_report *report = &set->report;
	struct buf buf = {0};

	FUZZ_ASSERT(report->count + report->omitted == report->errors + report->warnings);
	for (size_t i = 0; i < report->count; i++) {
		FUZZ_ASSERT(report->problems[i].line >= 1 && report->problems[i].column >= 1);
		FUZZ_ASSERT(report->problems[i].message[0]);
		buf_clear(&buf);
		policy_problem_text(&buf, "f", &report->problems[i]);
		/* a message is one line, whatever the file holds */
		FUZZ_ASSERT(!memchr(buf.data, '\n', buf.length));
		FUZZ_ASSERT(!memchr(buf.data, '\x1b', buf.length));
	}
	buf_done(&buf);
	FUZZ_ASSERT(report->errors || set->count > 0);
	for (size_t i = 0; i < set->count && !report->errors; i++)
		check_policy(&set->policies[i]);
}

/* The first two bytes as operator and type, the rest as a value. */
static void check_value(const uint8_t *data, size_t size)
{
	enum policy_operator operation;
	enum policy_argument_type type;
	struct policy_value value;
	struct value_error error = {{0}, {0}};
	struct policy_text text;
	char *copy;

	if (size < 2)
		return;
	operation = (enum policy_operator)(data[0] % POLICY_IN);
	type = (enum policy_argument_type)(data[1] % POLICY_TYPE_COUNT);
	if (!(policy_class_operators(policy_type_class(type)) >> operation & 1))
		return;
	copy = fuzz_string(data + 2, size - 2);
	text = (struct policy_text){.data = copy, .length = size - 2};
	if (policy_value_parse(operation, type, &text, &value, &error) < 0)
		FUZZ_ASSERT(error.wrong[0] && error.allowed[0]);
	else if (value.kind == POLICY_VALUE_RANGE && !policy_type_is_signed(type))
		FUZZ_ASSERT(value.range.minimum <= value.range.maximum);
	else if (value.kind == POLICY_VALUE_ADDRESS)
		FUZZ_ASSERT(value.address.prefix_length <= 128);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_set *set = NULL;

	FUZZ_ASSERT(policy_set_parse((const char *)data, size, &set) == 0);
	check_set(set);
	policy_set_free(set);
	check_value(data, size);
	return 0;
}
