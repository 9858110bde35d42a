/* SPDX-License-Identifier: Apache-2.0 */
/* matchArgs, matchData, matchReturnArgs: which argument is meant, whether the operator goes with
 * its type, and what its values mean. */
#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "policy/argument_types.h"
#include "policy/cel.h"
#include "policy/integer.h"
#include "policy/read.h"
#include "policy/value.h"

static const char *operator_word(const struct policy_match_args *match)
{
	return policy_word(policy_argument_operator_words, match->operation);
}

static const struct policy_argument *by_index(struct policy_checker *checker,
	const struct policy_match_args *match, const struct policy_arguments *arguments)
{
	const struct policy_argument *found = NULL;

	for (size_t i = 0; i < arguments->count; i++) {
		if (arguments->items[i].index != match->index)
			continue;
		if (found) {
			report_warning(checker->report, match->source,
				"index %lld is listed more than once, and the first is looked at; "
				"to say which: args: [POSITION]",
				(long long)match->index);
			break;
		}
		found = &arguments->items[i];
	}
	return found;
}

static void list_indexes(
	struct buf *buf, const struct policy_arguments *arguments, enum index_meaning meaning)
{
	for (size_t i = 0; i < arguments->count; i++)
		buf_printf(buf, "%s%lld", i ? ", " : "",
			meaning == INDEX_IN_LIST ? (long long)i
						 : (long long)arguments->items[i].index);
	if (!arguments->count)
		buf_append_literal(buf, "none, there are no arguments");
}

/* `args`: positions. */
static const struct policy_argument *by_position(struct policy_checker *checker,
	const struct policy_match_args *match, const struct policy_arguments *arguments,
	size_t which)
{
	int64_t position = match->args.items[which];

	if ((size_t)position < arguments->count)
		return &arguments->items[position];
	report_error(checker->report, yaml_value_get(match->source, "args"),
		"there is no argument at position %lld, they are counted from 0 as listed; "
		"allowed: less than %zu",
		(long long)position, arguments->count);
	return NULL;
}

/* `index`: of the function's argument that is meant. Of a tracepoint it is the field's number, and
 * if no field of that number is listed, the position in the list: Tetragon rewrites the one into
 * the other, and leaves alone what it does not find. */
static const struct policy_argument *find_argument(struct policy_checker *checker,
	const struct policy_match_args *match, const struct policy_arguments *arguments,
	enum index_meaning meaning)
{
	const struct yaml_value *at = yaml_value_get(match->source, "index");
	const struct policy_argument *argument = NULL;
	_cleanup_buf_ struct buf allowed = {0};

	if (match->args.count && at)
		report_warning(checker->report, at, "does nothing: args says which is meant");
	if (match->args.count)
		return by_position(checker, match, arguments, 0);
	if (meaning != INDEX_IN_LIST)
		argument = by_index(checker, match, arguments);
	if (!argument && meaning != INDEX_OF_CALL && (size_t)match->index < arguments->count)
		argument = &arguments->items[match->index];
	if (argument)
		return argument;
	list_indexes(&allowed, arguments, meaning);
	report_error(checker->report, at ? at : match->source,
		"no argument with index %lld is listed; allowed: %s", (long long)match->index,
		buf_string(&allowed) ? allowed.data : "");
	return NULL;
}

static bool check_operator(struct policy_checker *checker, const struct policy_match_args *match)
{
	enum policy_argument_type type = (enum policy_argument_type)match->argument->type;
	uint64_t operators = policy_class_operators(policy_type_class(type));
	_cleanup_buf_ struct buf allowed = {0};

	if (operators >> match->operation & 1)
		return true;
	for (int i = 0; i < POLICY_IN; i++)
		if (operators >> i & 1)
			buf_printf(&allowed, "%s%s", allowed.length ? ", " : "",
				policy_word(policy_argument_operator_words, i));
	report_error(checker->report, yaml_value_get(match->source, "operator"),
		"%s does not go with an argument of type %s; allowed: %s", operator_word(match),
		policy_word(policy_argument_type_words, type),
		allowed.length && buf_string(&allowed) ? allowed.data : "none");
	return false;
}

static void check_gained(struct policy_checker *checker, struct policy_match_args *match,
	const struct policy_arguments *arguments)
{
	enum policy_type_class class;

	if (match->args.count != 2) {
		report_error(checker->report, match->source,
			"CapabilitiesGained compares two arguments: give args: [new, old]");
		return;
	}
	match->second_argument = by_position(checker, match, arguments, 1);
	if (!match->second_argument)
		return;
	class = policy_type_class((enum policy_argument_type)match->second_argument->type);
	if (class != POLICY_CLASS_CAPABILITIES && class != POLICY_CLASS_CREDENTIALS &&
		class != POLICY_CLASS_UNKNOWN)
		report_error(checker->report, yaml_value_get(match->source, "args"),
			"CapabilitiesGained does not go with an argument of type %s",
			policy_word(policy_argument_type_words, match->second_argument->type));
}

static bool takes_no_values(int operation)
{
	return operation == POLICY_S_PORT_PRIV || operation == POLICY_NOT_S_PORT_PRIV ||
	       operation == POLICY_D_PORT_PRIV || operation == POLICY_NOT_D_PORT_PRIV ||
	       operation == POLICY_CAPABILITIES_GAINED;
}

static bool check_value_count(struct policy_checker *checker, const struct policy_match_args *match)
{
	const struct yaml_value *at = yaml_value_get(match->source, "values");
	bool one = match->operation == POLICY_GREATER_THAN ||
		   match->operation == POLICY_LESS_THAN || match->operation == POLICY_CEL_EXPR;

	if (takes_no_values(match->operation)) {
		if (match->texts.count)
			report_warning(
				checker->report, at, "%s takes no values", operator_word(match));
		return false;
	}
	if (match->texts.count == 0) {
		report_error(checker->report, at ? at : match->source, "%s needs %s",
			operator_word(match), one ? "a value" : "at least one value");
		return false;
	}
	if (one && match->texts.count > 1) {
		report_error(checker->report, at, "%s takes one value", operator_word(match));
		return false;
	}
	return true;
}

/* argN: as Tetragon has had it from the first, of the entry's args; as it has it since 1.8, where
 * an entry may have none, of all that are listed. */
static bool check_cel_arguments(struct policy_checker *checker, struct policy_match_args *match,
	const struct policy_arguments *arguments)
{
	const struct yaml_value *index = yaml_value_get(match->source, "index");

	for (size_t i = 0; i < match->args.count; i++)
		if (!by_position(checker, match, arguments, i))
			return false;
	if (index)
		report_warning(checker->report, index,
			"index says nothing to CelExpr: its variables are arg0, arg1 and so on");
	match->arguments = *arguments;
	return true;
}

static int check_cel(struct policy_checker *checker, struct policy_match_args *match,
	const struct policy_arguments *arguments)
{
	const struct policy_argument *named[POLICY_ARGUMENTS_MAX];
	enum policy_argument_type types[POLICY_ARGUMENTS_MAX];
	const struct policy_text *text = match->texts.items;
	struct error error = {0};
	struct policy_cel cel;
	size_t count, at;
	int r;

	if (!check_cel_arguments(checker, match, arguments) || !check_value_count(checker, match))
		return 0;
	count = policy_cel_arguments(match, named);
	for (size_t i = 0; i < count; i++)
		types[i] = (enum policy_argument_type)named[i]->type;
	r = policy_cel_parse(text->data, text->length, types, count, &cel, &at, &error);
	if (r == -EINVAL) {
		if (text->source->text_column)
			report_error_inside(checker->report, text->source, at, "%s", error.message);
		else
			report_error(checker->report, text->source, "%s, at byte %zu of it",
				error.message, at);
		return 0;
	}
	if (r < 0)
		return r;
	for (size_t i = count; i-- > 0;)
		if (cel.arguments >> i & 1)
			match->argument = named[i];
	match->values.items = arena_allocate(checker->arena, sizeof(*match->values.items));
	if (!match->values.items)
		return -ENOMEM;
	*match->values.items = (struct policy_value){
		.source = text->source, .kind = POLICY_VALUE_TEXT, .text = *text};
	match->values.count = 1;
	return 0;
}

int check_match_args(struct policy_checker *checker, struct policy_match_args *match,
	const struct policy_arguments *arguments, enum index_meaning meaning)
{
	if (match->operation == POLICY_CEL_EXPR)
		return check_cel(checker, match, arguments);
	if (match->args.count > 1 && match->operation != POLICY_CAPABILITIES_GAINED) {
		report_error(checker->report, yaml_value_get(match->source, "args"),
			"%s looks at one argument", operator_word(match));
		return 0;
	}
	match->argument = find_argument(checker, match, arguments, meaning);
	if (!match->argument || !check_operator(checker, match))
		return 0;
	if (match->argument->return_copy && match->argument->source &&
		policy_type_class((enum policy_argument_type)match->argument->type) ==
			POLICY_CLASS_BUFFER)
		report_error(checker->report, match->source,
			"this argument is read when the call returns (returnCopy), and it is asked "
			"about before");
	if (match->operation == POLICY_CAPABILITIES_GAINED)
		check_gained(checker, match, arguments);
	if (!check_value_count(checker, match))
		return 0;
	return check_values(checker, match);
}

static void check_list_in_map(struct policy_checker *checker, const struct policy_text *text,
	const struct policy_list *list)
{
	int64_t number;

	if (list->type == POLICY_LIST_GENERATED_FTRACE)
		report_error(checker->report, text->source,
			"a list of functions has no numbers; allowed: lists of system calls, "
			"and of integers");
	for (size_t i = 0; list->type == POLICY_LIST_VALUES && i < list->values.count; i++) {
		const struct policy_text *value = &list->values.items[i];

		if (integer_parse_decimal(value->data, value->length, &number) < 0)
			report_error(checker->report, value->source,
				"%s is no integer, and line %u compares one with this list",
				QUOTE(value->data, value->length), text->source->line);
	}
}

void check_wildcards(struct policy_checker *checker, const struct policy_text *text)
{
	if (memchr(text->data, '*', text->length))
		report_warning(checker->report, text->source,
			"%s: there are no wildcards, a * is compared as it stands",
			QUOTE(text->data, text->length));
}

/* Mistakes that match nothing, and say nothing. Bytes may well end in a blank. */
static void check_text(struct policy_checker *checker, const struct policy_match_args *match,
	const struct policy_text *text)
{
	char last = text->length ? text->data[text->length - 1] : '\0';

	switch (match->argument->type) {
	case POLICY_TYPE_STRING:
	case POLICY_TYPE_FILENAME:
	case POLICY_TYPE_FILE:
	case POLICY_TYPE_PATH:
	case POLICY_TYPE_FD:
	case POLICY_TYPE_DENTRY:
	case POLICY_TYPE_KIOCB:
	case POLICY_TYPE_LINUX_BINPRM:
		break;
	default:
		return;
	}
	check_wildcards(checker, text);
	if ((last == ' ' || last == '\t' || last == '\n') &&
		match->operation != POLICY_SUB_STRING &&
		match->operation != POLICY_SUB_STRING_IGN_CASE)
		report_warning(checker->report, text->source,
			"%s: the %s at its end is compared too", QUOTE(text->data, text->length),
			last == '\n' ? "end of line" : "blank");
}

static int check_value(struct policy_checker *checker, const struct policy_match_args *match,
	const struct policy_text *text, struct policy_value *value)
{
	struct value_error error = {0};

	*value = (struct policy_value){.source = text->source};
	if ((match->operation == POLICY_IN_MAP || match->operation == POLICY_NOT_IN_MAP) &&
		policy_is_list_reference(text)) {
		value->kind = POLICY_VALUE_LIST;
		value->list = check_list_reference(checker, text);
		if (value->list)
			check_list_in_map(checker, text, value->list);
		return 0;
	}
	if (policy_value_parse((enum policy_operator)match->operation,
		    (enum policy_argument_type)match->argument->type, text, value, &error) < 0)
		report_error(checker->report, text->source, "%s %s; allowed: %s",
			QUOTE(text->data, text->length), error.wrong, error.allowed);
	else if (value->kind == POLICY_VALUE_TEXT)
		check_text(checker, match, text);
	return 0;
}

int check_values(struct policy_checker *checker, struct policy_match_args *match)
{
	struct policy_value *values =
		arena_allocate(checker->arena, match->texts.count * sizeof(*values));

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < match->texts.count; i++)
		check_value(checker, match, &match->texts.items[i], &values[i]);
	match->values.items = values;
	match->values.count = match->texts.count;
	return 0;
}
