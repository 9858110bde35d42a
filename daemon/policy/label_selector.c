/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/label_selector.h"

#include <string.h>

static bool is_one_of(
	const struct policy_text *wanted, const struct label_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (wanted->length == values[i].length &&
			(!wanted->length || !memcmp(wanted->data, values[i].data, wanted->length)))
			return true;
	return false;
}

static bool expression_holds(
	const struct policy_label_expression *expression, label_lookup lookup, const void *subject)
{
	struct label_value values[LABEL_VALUES_MAX];
	size_t count = lookup(subject, &expression->key, values);
	bool named = false;

	for (size_t i = 0; i < expression->values.count && !named; i++)
		named = is_one_of(&expression->values.items[i], values, count);
	switch (expression->operation) {
	case POLICY_LABEL_IN:
		return named;
	case POLICY_LABEL_NOT_IN: /* what has no such label is not in either, as in Kubernetes */
		return !named;
	case POLICY_LABEL_EXISTS:
		return count > 0;
	case POLICY_LABEL_DOES_NOT_EXIST:
		return count == 0;
	default:
		return false;
	}
}

bool policy_label_selector_matches(
	const struct policy_label_selector *selector, label_lookup lookup, const void *subject)
{
	struct label_value values[LABEL_VALUES_MAX];

	for (size_t i = 0; i < selector->match_labels.count; i++) {
		const struct policy_label *label = &selector->match_labels.items[i];

		if (!is_one_of(&label->value, values, lookup(subject, &label->key, values)))
			return false;
	}
	for (size_t i = 0; i < selector->match_expressions.count; i++)
		if (!expression_holds(&selector->match_expressions.items[i], lookup, subject))
			return false;
	return true;
}
