/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/capabilities.h"

#include <cap-ng.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "daemon/filter/json_objects.h"
#include "lib/util.h"

#define CAPABILITIES_MAX 64

static const struct {
	const char *name;
	enum capability_rule rule;
} rules[] = {
	{"any", CAPABILITY_RULE_ANY},
	{"all", CAPABILITY_RULE_ALL},
	{"exactly", CAPABILITY_RULE_EXACTLY},
	{"none", CAPABILITY_RULE_NONE},
};

/* CAP_CHOWN and so on; Tetragon's enum calls number 1 DAC_OVERRIDE. */
static int capability_number(const char *text)
{
	if (strncmp(text, "CAP_", 4) == 0)
		text += 4;
	else if (strcmp(text, "DAC_OVERRIDE") != 0)
		return -1;
	for (const char *c = text; *c; c++)
		if (!isupper((unsigned char)*c) && *c != '_')
			return -1;
	return capng_name_to_capability(text);
}

static int add_capability(void *data, const char *text, size_t length, struct error *error)
{
	uint64_t *mask = data;
	int number = capability_number(text);

	if (number < 0 || number >= CAPABILITIES_MAX)
		return error_set(error, -EINVAL,
			"\"%.40s\" is no capability, allowed: CAP_CHOWN, CAP_KILL …", text);
	*mask |= 1ULL << number;
	return 0;
}

static int parse_set(const struct json_value *set, const char *field,
	enum capability_rule *ret_rule, uint64_t *ret_mask, struct error *error)
{
	const struct json_value *names;
	uint64_t mask = 0;
	const char *name;
	int r;

	if (json_type(set) != JSON_OBJECT || json_count(set) != 1)
		return json_value_error(
			error, set, field, "must have exactly one of any, all, exactly, none");
	names = json_member(set, 0, &name, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (strcmp(name, rules[i].name) != 0)
			continue;
		r = json_each_string(names, field, add_capability, &mask, error);
		if (r < 0)
			return r;
		*ret_rule = rules[i].rule;
		*ret_mask = mask;
		return 0;
	}
	return json_value_error(error, names, field,
		"\"%.40s\" is unknown, allowed: any, all, exactly, none", name);
}

int capability_filter_parse(
	const struct json_value *value, struct capability_filter *ret_filter, struct error *error)
{
	struct capability_filter filter = {};
	int r;

	if (json_type(value) != JSON_OBJECT || !json_count(value))
		return json_value_error(error, value, "capabilities",
			"must be an object with permitted, effective or inheritable");
	for (size_t i = 0; i < json_count(value); i++) {
		const char *name;
		const struct json_value *set = json_member(value, i, &name, NULL);

		if (strcmp(name, "permitted") == 0)
			r = parse_set(set, "capabilities.permitted", &filter.permitted.rule,
				&filter.permitted.mask, error);
		else if (strcmp(name, "effective") == 0)
			r = parse_set(set, "capabilities.effective", &filter.effective.rule,
				&filter.effective.mask, error);
		else if (strcmp(name, "inheritable") == 0)
			r = parse_set(set, "capabilities.inheritable", &filter.inheritable.rule,
				&filter.inheritable.mask, error);
		else
			r = json_value_error(error, set, "capabilities",
				"\"%.40s\" is unknown, allowed: permitted, effective, inheritable",
				name);
		if (r < 0)
			return r;
	}
	*ret_filter = filter;
	return 0;
}

static bool set_matches(enum capability_rule rule, uint64_t mask, uint64_t set)
{
	switch (rule) {
	case CAPABILITY_RULE_NONE_SET:
		return true;
	case CAPABILITY_RULE_ANY:
		return set & mask;
	case CAPABILITY_RULE_ALL:
		return (set & mask) == mask;
	case CAPABILITY_RULE_EXACTLY:
		return set == mask;
	case CAPABILITY_RULE_NONE:
		return !(set & mask);
	}
	return false;
}

bool capability_filter_matches(
	const struct capability_filter *filter, const struct credentials *credentials)
{
	return set_matches(filter->permitted.rule, filter->permitted.mask,
		       credentials->cap_permitted) &&
	       set_matches(filter->effective.rule, filter->effective.mask,
		       credentials->cap_effective) &&
	       set_matches(filter->inheritable.rule, filter->inheritable.mask,
		       credentials->cap_inheritable);
}
