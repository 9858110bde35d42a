/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/require.h"

#include <string.h>

#include "hook/image.h"

static bool annotation_matches(const struct hook_rule *rule, const struct oci_state *state)
{
	const char *value = oci_state_annotation(state, rule->text);

	return value && (!rule->value || !strcmp(value, rule->value));
}

static bool rule_applies(const struct hook_rule *rule, const struct oci_state *state, uid_t uid)
{
	switch (rule->kind) {
	case HOOK_RULE_ALL:
		return true;
	case HOOK_RULE_UID:
		return rule->uid == uid;
	case HOOK_RULE_IMAGE:
		return !state || image_has_prefix(state, rule->text);
	case HOOK_RULE_ANNOTATION:
		return !state || annotation_matches(rule, state);
	}
	return true;
}

const struct hook_rule *require_rule(
	const struct hook_config *config, const struct oci_state *state, uid_t uid)
{
	for (size_t i = 0; i < config->rule_count; i++)
		if (rule_applies(&config->rules[i], state, uid))
			return &config->rules[i];
	return NULL;
}
