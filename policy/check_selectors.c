/* SPDX-License-Identifier: Apache-2.0 */
/* What a selector says: its macros, and its filters but for the values of arguments. */
#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "policy/integer.h"
#include "policy/read.h"

/* Arrays of the selector, for macros to be added to: pointer, count, size of an entry. */
struct filter_array {
	void *items;
	size_t count;
};
static const struct {
	size_t offset, size;
	const char *name;
} arrays[] = {
#define ARRAY(member_, name_)                                                                      \
	{                                                                                          \
		offsetof(struct policy_selector, member_),                                         \
			sizeof(*((struct policy_selector *)NULL)->member_.items), name_            \
	}
	ARRAY(match_pids, "matchPIDs"),
	ARRAY(match_args, "matchArgs"),
	ARRAY(match_data, "matchData"),
	ARRAY(match_return_args, "matchReturnArgs"),
	ARRAY(match_binaries, "matchBinaries"),
	ARRAY(match_parent_binaries, "matchParentBinaries"),
	ARRAY(match_namespaces, "matchNamespaces"),
	ARRAY(match_namespace_changes, "matchNamespaceChanges"),
	ARRAY(match_capabilities, "matchCapabilities"),
	ARRAY(match_capability_changes, "matchCapabilityChanges"),
	ARRAY(match_actions, "matchActions"),
	ARRAY(match_return_actions, "matchReturnActions"),
#undef ARRAY
};

static int append_macro(struct policy_checker *checker, const struct policy_text *use,
	const struct policy_selector *macro)
{
	struct policy_selector *selector = checker->selector;

	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++) {
		struct filter_array own, added, sum;

		memcpy(&own, (char *)selector + arrays[i].offset, sizeof(own));
		memcpy(&added, (const char *)macro + arrays[i].offset, sizeof(added));
		if (!added.count)
			continue;
		sum.count = own.count + added.count;
		if (sum.count > POLICY_FILTERS_MAX) {
			report_error(checker->report, use->source,
				"makes %zu entries of %s; allowed: at most %d", sum.count,
				arrays[i].name, POLICY_FILTERS_MAX);
			continue;
		}
		sum.items = arena_allocate(checker->arena, sum.count * arrays[i].size);
		if (!sum.items)
			return -ENOMEM;
		if (own.count)
			memcpy(sum.items, own.items, own.count * arrays[i].size);
		memcpy((char *)sum.items + own.count * arrays[i].size, added.items,
			added.count * arrays[i].size);
		memcpy((char *)selector + arrays[i].offset, &sum, sizeof(sum));
	}
	if (!macro->match_workloads.source)
		return 0;
	if (selector->match_workloads.source)
		report_error(checker->report, use->source,
			"has matchWorkloads, and so has the selector; allowed: one");
	selector->match_workloads = macro->match_workloads;
	return 0;
}

static size_t count_values(const struct yaml_value *value)
{
	size_t count = 1;

	for (const struct yaml_value *v = value->first; v; v = v->next)
		count += count_values(v);
	return count;
}

/* Whether the macro may be copied once more; the first time that it may not is reported. */
static bool fits(struct policy_checker *checker, const struct policy_text *use,
	const struct policy_selector *macro)
{
	if (checker->macro_values > POLICY_MACRO_VALUES_MAX)
		return false;
	checker->macro_values += count_values(macro->source);
	if (checker->macro_values <= POLICY_MACRO_VALUES_MAX)
		return true;
	report_error(checker->report, use->source,
		"the macros of this policy make more than %d values where they are used",
		POLICY_MACRO_VALUES_MAX);
	return false;
}

static int append_macros(struct policy_checker *checker)
{
	struct policy_spec *spec = &checker->policy->spec;
	const struct policy_texts *macros = &checker->selector->macros;

	for (size_t i = 0; i < macros->count; i++) {
		const struct policy_text *use = &macros->items[i];
		const struct policy_selector *macro = NULL;
		int r;

		for (size_t j = 0; j < spec->selectors_macros.count && !macro; j++) {
			struct policy_macro *m = &spec->selectors_macros.items[j];

			if (m->name.length == use->length &&
				!memcmp(m->name.data, use->data, use->length)) {
				macro = &m->selector;
				m->used = true;
			}
		}
		if (!macro) {
			report_error(checker->report, use->source, "spec.selectorsMacros has no %s",
				QUOTE(use->data, use->length));
			continue;
		}
		if (!fits(checker, use, macro))
			return 0;
		r = append_macro(checker, use, macro);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool has_values(
	struct policy_checker *checker, const struct yaml_value *source, size_t count)
{
	if (!count)
		report_error(checker->report, yaml_value_get(source, "values"),
			"is empty, so that nothing would match");
	return count;
}

static void check_binaries(
	struct policy_checker *checker, const struct policy_match_binaries *match)
{
	bool whole = match->operation == POLICY_IN || match->operation == POLICY_NOT_IN;
	bool postfix = match->operation == POLICY_POSTFIX || match->operation == POLICY_NOT_POSTFIX;

	has_values(checker, match->source, match->values.count);
	if (match->follow_children && !whole)
		report_error(checker->report, yaml_value_get(match->source, "followChildren"),
			"does not go with %s; allowed: In, NotIn",
			policy_word(policy_binary_operator_words, match->operation));
	for (size_t i = 0; i < match->values.count; i++) {
		const struct policy_text *value = &match->values.items[i];

		if (!value->length)
			report_error(checker->report, value->source, "is empty");
		else if (!whole && value->length > POLICY_PREFIX_LENGTH_MAX)
			report_error(checker->report, value->source,
				"has %zu bytes; allowed: at most %d", value->length,
				POLICY_PREFIX_LENGTH_MAX);
		else if (!postfix && value->data[0] != '/')
			report_warning(checker->report, value->source,
				"binaries are compared with their absolute path: %s never matches",
				QUOTE(value->data, value->length));
		else
			check_wildcards(checker, value);
	}
}

static int check_namespaces(struct policy_checker *checker, struct policy_match_namespaces *match)
{
	uint32_t *inodes;

	if (!has_values(checker, match->source, match->texts.count))
		return 0;
	inodes = arena_allocate(checker->arena, match->texts.count * sizeof(*inodes));
	if (!inodes)
		return -ENOMEM;
	for (size_t i = 0; i < match->texts.count; i++) {
		const struct policy_text *text = &match->texts.items[i];
		uint64_t inode = POLICY_HOST_NAMESPACE;

		if (strcmp(text->data, "host_ns") != 0 &&
			(integer_parse_decimal_unsigned(text->data, text->length, &inode) < 0 ||
				!inode || inode > UINT32_MAX))
			report_error(checker->report, text->source,
				"%s is no namespace; allowed: host_ns, or an inode number as in "
				"/proc/PID/ns",
				QUOTE(text->data, text->length));
		inodes[i] = (uint32_t)inode;
	}
	match->inodes = inodes;
	return 0;
}

static void unknown_value(struct policy_checker *checker, const struct policy_text *text,
	const struct policy_word *words, const char *what)
{
	const char *suggestion = policy_word_suggest(words, text->data, text->length);
	_cleanup_buf_ struct buf allowed = {0};

	policy_words_list(&allowed, words);
	report_error(checker->report, text->source, "%s is no %s%s%s%s; allowed: %s",
		QUOTE(text->data, text->length), what, suggestion ? ", did you mean " : "",
		suggestion ? suggestion : "", suggestion ? "?" : "",
		buf_string(&allowed) ? allowed.data : "");
}

static void check_namespace_changes(
	struct policy_checker *checker, struct policy_match_namespace_changes *match)
{
	has_values(checker, match->source, match->texts.count);
	match->namespaces = 0;
	for (size_t i = 0; i < match->texts.count; i++) {
		const struct policy_text *text = &match->texts.items[i];
		int namespace;

		if (policy_word_parse_any_case(
			    policy_namespace_words, text->data, text->length, &namespace) < 0)
			unknown_value(checker, text, policy_namespace_words, "namespace");
		else
			match->namespaces |= UINT32_C(1) << namespace;
	}
}

int policy_capability_parse(const char *text, size_t length, int *ret_capability)
{
	while (length && *text == ' ')
		text++, length--;
	while (length && text[length - 1] == ' ')
		length--;
	return policy_word_parse_any_case(policy_capability_words, text, length, ret_capability);
}

static void check_capabilities(
	struct policy_checker *checker, struct policy_match_capabilities *match)
{
	has_values(checker, match->source, match->texts.count);
	match->capabilities = 0;
	for (size_t i = 0; i < match->texts.count; i++) {
		const struct policy_text *text = &match->texts.items[i];
		int capability;

		if (policy_capability_parse(text->data, text->length, &capability) < 0)
			unknown_value(checker, text, policy_capability_words, "capability");
		else
			match->capabilities |= UINT64_C(1) << capability;
	}
}

static int check_argument_filters(struct policy_checker *checker)
{
	struct policy_selector *selector = checker->selector;
	struct policy_hook *hook = checker->hook;
	struct policy_arguments return_argument = {.items = &hook->return_arg, .count = 1};
	int r = 0;

	for (size_t i = 0; i < selector->match_args.count && r == 0; i++)
		r = check_match_args(checker, &selector->match_args.items[i], &hook->args,
			hook->kind == POLICY_TRACEPOINT ? INDEX_OF_FIELD : INDEX_OF_CALL);
	for (size_t i = 0; i < selector->match_data.count && r == 0; i++)
		r = check_match_args(
			checker, &selector->match_data.items[i], &hook->data, INDEX_IN_LIST);
	if (!selector->match_return_args.count || r < 0)
		return r;
	if (!hook->return_value || !hook->return_arg.source) {
		report_error(checker->report, selector->match_return_args.items[0].source->parent,
			"%s",
			hook->kind <= POLICY_FENTRY || hook->kind == POLICY_UPROBE
				? "needs return: true and a returnArg"
				: "the hook sees no return; allowed: in kprobes, fentries, "
				  "uprobes");
		return 0;
	}
	for (size_t i = 0; i < selector->match_return_args.count && r == 0; i++)
		r = check_match_args(checker, &selector->match_return_args.items[i],
			&return_argument, INDEX_OF_CALL);
	return r;
}

static int check_process_filters(struct policy_checker *checker)
{
	struct policy_selector *selector = checker->selector;

	for (size_t i = 0; i < selector->match_pids.count; i++)
		has_values(checker, selector->match_pids.items[i].source,
			selector->match_pids.items[i].values.count);
	for (size_t i = 0; i < selector->match_binaries.count; i++)
		check_binaries(checker, &selector->match_binaries.items[i]);
	for (size_t i = 0; i < selector->match_parent_binaries.count; i++)
		check_binaries(checker, &selector->match_parent_binaries.items[i]);
	for (size_t i = 0; i < selector->match_namespaces.count; i++) {
		int r = check_namespaces(checker, &selector->match_namespaces.items[i]);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < selector->match_namespace_changes.count; i++)
		check_namespace_changes(checker, &selector->match_namespace_changes.items[i]);
	for (size_t i = 0; i < selector->match_capabilities.count; i++)
		check_capabilities(checker, &selector->match_capabilities.items[i]);
	for (size_t i = 0; i < selector->match_capability_changes.count; i++)
		check_capabilities(checker, &selector->match_capability_changes.items[i]);
	check_label_selector(checker, &selector->match_workloads.pod_selector);
	check_label_selector(checker, &selector->match_workloads.container_selector);
	check_host_selector(checker, &selector->match_workloads.host_selector);
	return 0;
}

static void check_actions(struct policy_checker *checker)
{
	struct policy_selector *selector = checker->selector;
	const struct policy_hook *hook = checker->hook;

	for (size_t i = 0; i < selector->match_actions.count; i++)
		check_action(checker, &selector->match_actions.items[i]);
	for (size_t i = 0; i < selector->match_return_actions.count; i++)
		check_action(checker, &selector->match_return_actions.items[i]);
	if (selector->match_return_actions.count && !hook->return_value)
		report_error(checker->report,
			selector->match_return_actions.items[0].source->parent,
			"needs return: true and a returnArg");
	if (selector->match_actions.count > POLICY_ACTIONS_MAX ||
		selector->match_return_actions.count > POLICY_ACTIONS_MAX)
		report_error(checker->report, selector->source,
			"has more than %d actions with those of its macros", POLICY_ACTIONS_MAX);
}

int check_selector(struct policy_checker *checker)
{
	int r = append_macros(checker);

	if (r == 0)
		r = check_argument_filters(checker);
	if (r == 0)
		r = check_process_filters(checker);
	if (r == 0)
		check_actions(checker);
	return r;
}
