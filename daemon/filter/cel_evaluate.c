/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/filter/cel_node.h"
#include "daemon/filter/filter_match.h"
#include "lib/util.h"

/* CEL's logic has errors as values: error || true is true. UNKNOWN is "the event has no such
 * field", RUN_AWAY is a regular expression that took too long; both are passed on unless the other
 * side decides. */
enum outcome {
	OUTCOME_FALSE,
	OUTCOME_TRUE,
	OUTCOME_UNKNOWN,
	OUTCOME_RUN_AWAY
};

static enum outcome outcome_of(bool value)
{
	return value ? OUTCOME_TRUE : OUTCOME_FALSE;
}

static enum outcome evaluate(const struct cel_node *node, struct match *match);

static bool label_value(
	const struct cel_value *map, const char *key, size_t length, struct cel_value *ret_value)
{
	for (size_t i = 0; i < map->label_count; i++) {
		if (strlen(map->labels[i].key) != length ||
			memcmp(map->labels[i].key, key, length) != 0)
			continue;
		if (ret_value) {
			ret_value->type = CEL_STRING;
			ret_value->text = map->labels[i].value;
			ret_value->length = strlen(map->labels[i].value);
		}
		return true;
	}
	return false;
}

/* A number, string or map; false when the event does not have it. */
static bool get_value(const struct cel_node *node, struct match *match, struct cel_value *ret_value)
{
	struct cel_value map;

	switch (node->operation) {
	case CEL_LITERAL:
		ret_value->type = node->type;
		ret_value->number = node->number;
		ret_value->text = node->text;
		ret_value->length = node->length;
		return true;
	case CEL_FIELD:
		return cel_field_get(&node->field, match, ret_value);
	case CEL_LABEL:
		return cel_field_get(&node->left->field, match, &map) &&
		       label_value(&map, node->text, node->length, ret_value);
	default:
		return false;
	}
}

static int compare_texts(const struct cel_value *left, const struct cel_value *right)
{
	size_t length = MIN(left->length, right->length);
	int order = length ? memcmp(left->text, right->text, length) : 0;

	return order ? order : (left->length > right->length) - (left->length < right->length);
}

static int compare(const struct cel_value *left, const struct cel_value *right)
{
	if (left->type == CEL_NUMBER)
		return (left->number > right->number) - (left->number < right->number);
	return compare_texts(left, right);
}

static bool holds(enum cel_operation operation, int order)
{
	switch (operation) {
	case CEL_EQUAL:
		return order == 0;
	case CEL_NOT_EQUAL:
		return order != 0;
	case CEL_LESS:
		return order < 0;
	case CEL_LESS_EQUAL:
		return order <= 0;
	case CEL_GREATER:
		return order > 0;
	case CEL_GREATER_EQUAL:
		return order >= 0;
	default:
		return false;
	}
}

static enum outcome evaluate_comparison(const struct cel_node *node, struct match *match)
{
	struct cel_value left, right;
	enum outcome first, second;

	if (node->left->type == CEL_BOOLEAN) {
		first = evaluate(node->left, match);
		second = evaluate(node->right, match);
		if (first > OUTCOME_TRUE || second > OUTCOME_TRUE)
			return MAX(first, second);
		return outcome_of((first == second) == (node->operation == CEL_EQUAL));
	}
	if (!get_value(node->left, match, &left) || !get_value(node->right, match, &right))
		return OUTCOME_UNKNOWN;
	return outcome_of(holds(node->operation, compare(&left, &right)));
}

static enum outcome evaluate_in(const struct cel_node *node, struct match *match)
{
	struct cel_value value, other;

	if (!get_value(node->left, match, &value))
		return OUTCOME_UNKNOWN;
	if (node->right->type == CEL_MAP) {
		if (!get_value(node->right, match, &other))
			return OUTCOME_UNKNOWN;
		return outcome_of(label_value(&other, value.text, value.length, NULL));
	}
	for (const struct cel_node *item = node->right->items; item; item = item->next)
		if (get_value(item, match, &other) && compare(&value, &other) == 0)
			return OUTCOME_TRUE;
	return OUTCOME_FALSE;
}

static bool find_text(
	enum cel_operation operation, const struct cel_value *text, const struct cel_value *part)
{
	if (part->length > text->length)
		return false;
	if (!part->length)
		return true;
	if (operation == CEL_CONTAINS)
		return memmem(text->text, text->length, part->text, part->length);
	if (operation == CEL_STARTS_WITH)
		return memcmp(text->text, part->text, part->length) == 0;
	return memcmp(text->text + text->length - part->length, part->text, part->length) == 0;
}

static enum outcome evaluate_text(const struct cel_node *node, struct match *match)
{
	struct cel_value text, part;

	if (!get_value(node->left, match, &text))
		return OUTCOME_UNKNOWN;
	if (node->operation == CEL_MATCHES) {
		enum regex_result result = regex_search(
			node->regex, match->scratch->machine, text.text, text.length, 0);

		return result == REGEX_RUN_AWAY ? OUTCOME_RUN_AWAY
						: outcome_of(result == REGEX_YES);
	}
	if (!get_value(node->right, match, &part))
		return OUTCOME_UNKNOWN;
	return outcome_of(find_text(node->operation, &text, &part));
}

static enum outcome evaluate_logic(const struct cel_node *node, struct match *match)
{
	enum outcome decides = node->operation == CEL_OR ? OUTCOME_TRUE : OUTCOME_FALSE;
	enum outcome left = evaluate(node->left, match), right;

	if (left == decides)
		return left;
	right = evaluate(node->right, match);
	if (right == decides)
		return right;
	/* Neither decides: what is not known stays so. An event without the field makes an "and" no
	 * match whatever the run-away expression would say. */
	if (left == OUTCOME_UNKNOWN || right == OUTCOME_UNKNOWN)
		return node->operation == CEL_OR ? MAX(left, right) : OUTCOME_UNKNOWN;
	return MAX(left, right) > OUTCOME_TRUE ? OUTCOME_RUN_AWAY : right;
}

static enum outcome evaluate(const struct cel_node *node, struct match *match)
{
	struct cel_value value;
	enum outcome inner;

	switch (node->operation) {
	case CEL_LITERAL:
		return outcome_of(node->boolean);
	case CEL_FIELD:
		return cel_field_get(&node->field, match, &value) ? outcome_of(value.boolean)
								  : OUTCOME_UNKNOWN;
	case CEL_NOT:
		inner = evaluate(node->left, match);
		return inner > OUTCOME_TRUE ? inner : outcome_of(inner == OUTCOME_FALSE);
	case CEL_AND:
	case CEL_OR:
		return evaluate_logic(node, match);
	case CEL_IN:
		return evaluate_in(node, match);
	case CEL_STARTS_WITH:
	case CEL_ENDS_WITH:
	case CEL_CONTAINS:
	case CEL_MATCHES:
		return evaluate_text(node, match);
	case CEL_LIST:
	case CEL_LABEL:
		return OUTCOME_UNKNOWN;
	default:
		return evaluate_comparison(node, match);
	}
}

enum regex_result cel_matches(const struct cel *cel, struct match *match)
{
	switch (evaluate(cel->root, match)) {
	case OUTCOME_TRUE:
		return REGEX_YES;
	case OUTCOME_RUN_AWAY:
		return REGEX_RUN_AWAY;
	default:
		return REGEX_NO;
	}
}
