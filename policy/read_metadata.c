/* SPDX-License-Identifier: Apache-2.0 */
/* The root of a policy, its metadata, and spec but for the hooks. */
#include "policy/read.h"

#define AT(member) .offset = offsetof(struct policy_label_expression, member)
static const struct field expression_fields[] = {
	{"key", FIELD_TEXT, .required = true, AT(key), .length_max = 317},
	{"operator", FIELD_WORD, .required = true, AT(operation),
		.words = policy_label_operator_words},
	{"values", FIELD_TEXTS, AT(values)},
	{0},
};
static const struct object_type expression_type = {
	.size = sizeof(struct policy_label_expression),
	.fields = expression_fields,
	.source_offset = offsetof(struct policy_label_expression, source),
};
#undef AT

#define AT(member) .offset = offsetof(struct policy_label_selector, member)
static const struct field label_selector_fields[] = {
	{"matchLabels", FIELD_LABELS, AT(match_labels)},
	{"matchExpressions", FIELD_OBJECTS, AT(match_expressions), .type = &expression_type},
	{0},
};
const struct object_type read_label_selector_type = {
	.size = sizeof(struct policy_label_selector),
	.fields = label_selector_fields,
	.source_offset = offsetof(struct policy_label_selector, source),
};
#undef AT

#define AT(member) .offset = offsetof(struct policy_list, member)
static const struct field list_fields[] = {
	{"name", FIELD_TEXT, .required = true, AT(name), .length_max = POLICY_NAME_LENGTH_MAX},
	{"type", FIELD_WORD, AT(type), .words = policy_list_type_words, .any_case = true},
	{"values", FIELD_TEXTS, AT(values), .integers_too = true,
		.length_max = POLICY_SYMBOL_LENGTH_MAX},
	{"pattern", FIELD_TEXT, AT(pattern), .length_max = 1024},
	{"validated", FIELD_BOOLEAN, AT(validated)},
	{0},
};
static const struct object_type list_type = {
	.size = sizeof(struct policy_list),
	.fields = list_fields,
	.source_offset = offsetof(struct policy_list, source),
};
#undef AT

#define AT(member) .offset = offsetof(struct policy_option, member)
static const struct field option_fields[] = {
	{"name", FIELD_WORD, .required = true, AT(name), .words = policy_option_words},
	{"value", FIELD_TEXT, AT(value), .integers_too = true, .booleans_too = true,
		.length_max = 64},
	{0},
};
static const struct object_type option_type = {
	.size = sizeof(struct policy_option),
	.fields = option_fields,
	.source_offset = offsetof(struct policy_option, source),
};
#undef AT

#define AT(member) .offset = offsetof(struct policy_enforcer, member)
static const struct field enforcer_fields[] = {
	{"calls", FIELD_TEXTS, .required = true, AT(calls), .length_max = POLICY_SYMBOL_LENGTH_MAX},
	{0},
};
static const struct object_type enforcer_type = {
	.size = sizeof(struct policy_enforcer),
	.fields = enforcer_fields,
	.source_offset = offsetof(struct policy_enforcer, source),
};
#undef AT

#define AT(member) .offset = offsetof(struct policy_metadata, member)
static const struct field metadata_fields[] = {
	{"name", FIELD_TEXT, .required = true, AT(name), .length_max = POLICY_NAME_LENGTH_MAX},
	{"namespace", FIELD_TEXT, AT(namespace), .length_max = 63},
	{"labels", FIELD_LABELS, AT(labels), .count_max = 256},
	{"annotations", FIELD_LABELS, AT(annotations), .count_max = 256,
		.length_max = YAML_BYTES_MAX},
	/* What `kubectl get -o yaml` adds. */
	{"creationTimestamp", FIELD_ANYTHING},
	{"deletionGracePeriodSeconds", FIELD_ANYTHING},
	{"deletionTimestamp", FIELD_ANYTHING},
	{"finalizers", FIELD_ANYTHING},
	{"generateName", FIELD_ANYTHING},
	{"generation", FIELD_ANYTHING},
	{"managedFields", FIELD_ANYTHING},
	{"ownerReferences", FIELD_ANYTHING},
	{"resourceVersion", FIELD_ANYTHING},
	{"selfLink", FIELD_ANYTHING},
	{"uid", FIELD_ANYTHING},
	{0},
};
static const struct object_type metadata_type = {
	.size = sizeof(struct policy_metadata),
	.fields = metadata_fields,
	.source_offset = offsetof(struct policy_metadata, source),
};
#undef AT

const char *const policy_hook_sections[POLICY_HOOK_KINDS] = {
	[POLICY_KPROBE] = "kprobes",
	[POLICY_FENTRY] = "fentries",
	[POLICY_TRACEPOINT] = "tracepoints",
	[POLICY_UPROBE] = "uprobes",
	[POLICY_USDT] = "usdts",
	[POLICY_LSM_HOOK] = "lsmhooks",
};

#define AT(member) .offset = offsetof(struct policy_spec, member)
#define HOOKS(name_, kind_)                                                                        \
	{                                                                                          \
		name_, FIELD_OBJECTS, AT(hooks[kind_]), .type = &read_hook_types[kind_],           \
							.count_max = POLICY_HOOKS_MAX              \
	}
static const struct field spec_fields[] = {
	HOOKS("kprobes", POLICY_KPROBE),
	HOOKS("fentries", POLICY_FENTRY),
	HOOKS("tracepoints", POLICY_TRACEPOINT),
	HOOKS("uprobes", POLICY_UPROBE),
	HOOKS("usdts", POLICY_USDT),
	HOOKS("lsmhooks", POLICY_LSM_HOOK),
	{"loader", FIELD_BOOLEAN, AT(loader)},
	{"podSelector", FIELD_OBJECT, AT(pod_selector), .type = &read_label_selector_type},
	{"containerSelector", FIELD_OBJECT, AT(container_selector),
		.type = &read_label_selector_type},
	{"hostSelector", FIELD_OBJECT, AT(host_selector), .type = &read_label_selector_type},
	{"nodeSelector", FIELD_OBJECT, AT(node_selector), .type = &read_label_selector_type},
	{"lists", FIELD_OBJECTS, AT(lists), .type = &list_type, .count_max = POLICY_LISTS_MAX},
	{"enforcers", FIELD_OBJECTS, AT(enforcers), .type = &enforcer_type,
		.count_max = POLICY_ENFORCERS_MAX},
	{"options", FIELD_OBJECTS, AT(options), .type = &option_type, .count_max = 32},
	{"selectorsMacros", FIELD_MACROS, AT(selectors_macros), .type = &read_selector_type,
		.count_max = POLICY_MACROS_MAX},
	{0},
};
static const struct object_type spec_type = {
	.size = sizeof(struct policy_spec),
	.fields = spec_fields,
	.source_offset = offsetof(struct policy_spec, source),
};
#undef AT

#define AT(member) .offset = offsetof(struct policy, member)
static const struct field policy_fields[] = {
	{"apiVersion", FIELD_TEXT, .required = true, AT(api_version)},
	{"kind", FIELD_WORD, .required = true, AT(kind), .words = policy_kind_words},
	{"metadata", FIELD_OBJECT, .required = true, AT(metadata), .type = &metadata_type},
	{"spec", FIELD_OBJECT, .required = true, AT(spec), .type = &spec_type},
	{"status", FIELD_ANYTHING},
	{0},
};
const struct object_type read_policy_type = {
	.size = sizeof(struct policy),
	.fields = policy_fields,
	.source_offset = offsetof(struct policy, source),
};
