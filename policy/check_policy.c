/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy says as a whole: its name, scope, lists, options, macros. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"
#include "policy/integer.h"
#include "policy/read.h"

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 1123, as Kubernetes has names: labels of lower case letters, digits and `-`, joined by dots.
 */
static bool is_subdomain(const struct policy_text *name, bool dots)
{
	char before = '.';

	for (size_t i = 0; i < name->length; i++) {
		char c = name->data[i];
		bool edge = before == '.' || i + 1 == name->length || name->data[i + 1] == '.';

		if (c == '.' ? !dots || edge : !is_lower_or_digit(c) && (c != '-' || edge))
			return false;
		before = c;
	}
	return name->length > 0;
}

static void check_metadata(struct policy_checker *checker)
{
	const struct policy_metadata *metadata = &checker->policy->metadata;

	if (!is_subdomain(&metadata->name, true))
		report_error(checker->report, metadata->name.source,
			"%s cannot be a name; allowed: lower case letters, digits, - and ., "
			"a letter or digit first and last",
			QUOTE(metadata->name.data, metadata->name.length));
	if (metadata->namespace.length && !is_subdomain(&metadata->namespace, false))
		report_error(checker->report, metadata->namespace.source,
			"%s cannot be a namespace; allowed: lower case letters, digits and -",
			QUOTE(metadata->namespace.data, metadata->namespace.length));
	else if (metadata->namespace.length && checker->policy->kind == POLICY_TRACING_POLICY)
		report_warning(checker->report, metadata->namespace.source,
			"says nothing of a TracingPolicy; only a TracingPolicyNamespaced is about "
			"one namespace's containers alone");
}

void check_label_selector(
	struct policy_checker *checker, const struct policy_label_selector *selector)
{
	for (size_t i = 0; i < selector->match_expressions.count; i++) {
		const struct policy_label_expression *expression =
			&selector->match_expressions.items[i];
		bool wants_values = expression->operation == POLICY_LABEL_IN ||
				    expression->operation == POLICY_LABEL_NOT_IN;
		const char *operation =
			policy_word(policy_label_operator_words, expression->operation);

		if (!expression->key.length)
			report_error(checker->report, expression->key.source, "is empty");
		if (wants_values && !expression->values.count)
			report_error(checker->report, expression->source,
				"the operator %s needs values", operation);
		if (!wants_values && expression->values.count)
			report_error(checker->report, expression->source,
				"the operator %s takes no values", operation);
	}
}

void check_host_selector(
	struct policy_checker *checker, const struct policy_label_selector *selector)
{
	if (selector->match_labels.count || selector->match_expressions.count)
		report_error(checker->report, selector->source,
			"there is one host, and it has no labels; allowed: {} or nothing");
}

static void check_scope(struct policy_checker *checker)
{
	const struct policy_spec *spec = &checker->policy->spec;

	check_label_selector(checker, &spec->pod_selector);
	check_label_selector(checker, &spec->container_selector);
	check_host_selector(checker, &spec->host_selector);
	if (spec->host_selector.source && checker->policy->kind == POLICY_TRACING_POLICY_NAMESPACED)
		report_error(checker->report, spec->host_selector.source,
			"a TracingPolicyNamespaced is about pods, the host has no namespace");
	if (spec->node_selector.match_labels.count || spec->node_selector.match_expressions.count)
		report_error(checker->report, spec->node_selector.source,
			"is not supported: a plain host has no node labels; allowed: {} or "
			"nothing");
}

bool policy_is_system_call(const struct policy_text *text)
{
	static const char *const prefixes[] = {"__x64_", "__ia32_", "__arm64_", "x64/", "i386/",
		"arm64/", "arm32/", "__x64_compat_", "__ia32_compat_", "__arm64_compat_",
		"compat_"};
	const char *name = text->data;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])) &&
			strstr(name, "sys_") == name + strlen(prefixes[i])) {
			name += strlen(prefixes[i]);
			break;
		}
	if (strncmp(name, "sys_", 4) != 0 || !name[4] || strlen(text->data) != text->length)
		return false;
	for (name += 4; *name; name++)
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
			    (*name >= '0' && *name <= '9') || *name == '_'))
			return false;
	return true;
}

static void check_list_values(struct policy_checker *checker, const struct policy_list *list)
{
	for (size_t i = 0; i < list->values.count; i++) {
		const struct policy_text *value = &list->values.items[i];

		if (!value->length)
			report_error(checker->report, value->source, "is empty");
		else if (list->type == POLICY_LIST_SYSCALLS && !policy_is_system_call(value))
			report_error(checker->report, value->source,
				"%s is no system call; allowed: sys_NAME, ABI/sys_NAME (x64, i386, "
				"arm64, arm32)",
				QUOTE(value->data, value->length));
	}
}

static void check_list(struct policy_checker *checker, const struct policy_list *list)
{
	bool generated = list->type == POLICY_LIST_GENERATED_SYSCALLS ||
			 list->type == POLICY_LIST_GENERATED_FTRACE;
	const char *type = policy_word(policy_list_type_words, list->type);

	if (!list->name.length)
		report_error(checker->report, list->name.source, "is empty");
	if (generated && list->values.count)
		report_error(checker->report, list->values.items[0].source,
			"the values of a list of type %s come from the kernel; leave them out",
			type);
	if (!generated && !list->values.count)
		report_error(checker->report, list->source, "the list has no values");
	if (list->type == POLICY_LIST_GENERATED_FTRACE && !list->pattern.length)
		report_error(checker->report, list->source,
			"a list of type %s needs a pattern, a regular expression", type);
	if (list->type != POLICY_LIST_GENERATED_FTRACE && list->pattern.length)
		report_error(checker->report, list->pattern.source,
			"only a list of type generated_ftrace has a pattern");
	check_list_values(checker, list);
}

static bool text_equal(const struct policy_text *a, const struct policy_text *b)
{
	return a->length == b->length && !memcmp(a->data, b->data, a->length);
}

static void check_lists(struct policy_checker *checker)
{
	const struct policy_spec *spec = &checker->policy->spec;

	for (size_t i = 0; i < spec->lists.count; i++) {
		const struct policy_list *list = &spec->lists.items[i];

		check_list(checker, list);
		for (size_t j = 0; j < i; j++)
			if (text_equal(&list->name, &spec->lists.items[j].name)) {
				report_error(checker->report, list->name.source,
					"there is a list of this name in line %u already",
					spec->lists.items[j].source->line);
				break;
			}
	}
}

#define LIST_PREFIX "list:"

bool policy_is_list_reference(const struct policy_text *text)
{
	return text->length >= strlen(LIST_PREFIX) &&
	       !memcmp(text->data, LIST_PREFIX, strlen(LIST_PREFIX));
}

const struct policy_list *check_list_reference(
	struct policy_checker *checker, const struct policy_text *text)
{
	const struct policy_spec *spec = &checker->policy->spec;
	struct policy_text name = {
		.data = text->data + strlen(LIST_PREFIX),
		.length = text->length - strlen(LIST_PREFIX),
	};
	_cleanup_buf_ struct buf allowed = {0};

	for (size_t i = 0; i < spec->lists.count; i++) {
		if (text_equal(&spec->lists.items[i].name, &name))
			return &spec->lists.items[i];
		buf_printf(&allowed, "%s%s", i ? ", " : "",
			QUOTE(spec->lists.items[i].name.data, spec->lists.items[i].name.length));
	}
	report_error(checker->report, text->source, "spec.lists has no list %s; allowed: %s",
		QUOTE(name.data, name.length),
		allowed.length && buf_string(&allowed) ? allowed.data : "none is there");
	return NULL;
}

static void check_option(struct policy_checker *checker, const struct policy_option *option)
{
	static const struct policy_word booleans[] = {
		{"true", 1}, {"false", 0}, {"1", 1}, {"0", 0}, {"t", 1}, {"f", 0}, {0}};
	static const struct policy_word methods[] = {{"fmod-ret", 0}, {"override-return", 1}, {0}};
	static const struct policy_word modes[] = {{"enforce", 0}, {"monitor", 1}, {0}};
	const struct policy_word *words = booleans;
	const struct policy_text *value = &option->value;
	_cleanup_buf_ struct buf allowed = {0};
	int64_t size;
	int word;

	if (!value->data) {
		report_error(checker->report, option->source, "the option %s needs a value",
			policy_word(policy_option_words, option->name));
		return;
	}
	if (option->name == POLICY_OPTION_SLEEPABLE_PRELOAD_SIZE ||
		option->name == POLICY_OPTION_UPROBE_HEAP_SIZE) {
		if (integer_parse(value->data, value->length, &size) < 0 || size < 0 ||
			size > INT32_MAX)
			report_error(checker->report, value->source,
				"%s is no size; allowed: a number",
				QUOTE(value->data, value->length));
		return;
	}
	if (option->name == POLICY_OPTION_OVERRIDE_METHOD)
		words = methods;
	else if (option->name == POLICY_OPTION_POLICY_MODE)
		words = modes;
	if (policy_word_parse_any_case(words, value->data, value->length, &word) == 0)
		return;
	policy_words_list(&allowed, words);
	report_error(checker->report, value->source, "the option %s cannot be %s; allowed: %s",
		policy_word(policy_option_words, option->name), QUOTE(value->data, value->length),
		buf_string(&allowed) ? allowed.data : "");
}

static void check_options(struct policy_checker *checker)
{
	const struct policy_spec *spec = &checker->policy->spec;

	for (size_t i = 0; i < spec->options.count; i++) {
		check_option(checker, &spec->options.items[i]);
		for (size_t j = 0; j < i; j++)
			if (spec->options.items[i].name == spec->options.items[j].name) {
				report_error(checker->report, spec->options.items[i].source,
					"the option %s is set in line %u already",
					policy_word(
						policy_option_words, spec->options.items[i].name),
					spec->options.items[j].source->line);
				break;
			}
	}
}

static void check_enforcers(struct policy_checker *checker)
{
	const struct policy_spec *spec = &checker->policy->spec;

	for (size_t i = 0; i < spec->enforcers.count; i++) {
		const struct policy_texts *calls = &spec->enforcers.items[i].calls;

		if (!calls->count)
			report_error(checker->report, spec->enforcers.items[i].source,
				"the enforcer has no calls");
		for (size_t j = 0; j < calls->count; j++) {
			const struct policy_text *call = &calls->items[j];

			if (policy_is_list_reference(call))
				check_list_reference(checker, call);
			else if (!policy_is_system_call(call) &&
				 strncmp(call->data, "security_", 9) != 0)
				report_error(checker->report, call->source,
					"an enforcer cannot stop %s; allowed: sys_NAME, "
					"security_NAME, "
					"list:NAME",
					QUOTE(call->data, call->length));
		}
	}
}

static void check_macros(struct policy_checker *checker)
{
	const struct policy_spec *spec = &checker->policy->spec;

	for (size_t i = 0; i < spec->selectors_macros.count; i++) {
		const struct policy_selector *selector = &spec->selectors_macros.items[i].selector;

		if (selector->macros.count)
			report_error(checker->report, selector->macros.items[0].source,
				"a macro cannot use macros");
	}
}

/* What a macro says is checked where it is used: it depends on the arguments there. */
static void check_macros_used(struct policy_checker *checker)
{
	const struct policy_spec *spec = &checker->policy->spec;

	for (size_t i = 0; i < spec->selectors_macros.count; i++)
		if (!spec->selectors_macros.items[i].used)
			report_warning(checker->report,
				spec->selectors_macros.items[i].selector.source,
				"the macro is not used, and what it says has not been checked");
}

static int check_hooks(struct policy_checker *checker)
{
	struct policy_spec *spec = &checker->policy->spec;
	size_t count = spec->loader ? 1 : 0;

	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++) {
		for (size_t i = 0; i < spec->hooks[kind].count; i++) {
			int r;

			checker->hook = &spec->hooks[kind].items[i];
			checker->hook->kind = kind;
			r = check_hook(checker);
			if (r < 0)
				return r;
		}
		count += spec->hooks[kind].count;
	}
	if (!count)
		report_error(checker->report, spec->source,
			"the policy has no hook; allowed: kprobes, fentries, tracepoints, uprobes, "
			"usdts, lsmhooks, loader: true");
	return 0;
}

int check_policy(struct policy_checker *checker)
{
	int r;

	check_metadata(checker);
	check_scope(checker);
	check_lists(checker);
	check_options(checker);
	check_enforcers(checker);
	check_macros(checker);
	r = check_hooks(checker);
	if (r == 0)
		check_macros_used(checker);
	return r;
}
