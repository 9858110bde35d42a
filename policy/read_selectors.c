/* SPDX-License-Identifier: Apache-2.0 */
/* selectors[] of every hook, and selectorsMacros. */
#include "policy/read.h"

#define TYPE(name_, struct_, fields_)                                                              \
	static const struct object_type name_ = {                                                  \
		.size = sizeof(struct struct_),                                                    \
		.fields = fields_,                                                                 \
		.source_offset = offsetof(struct struct_, source),                                 \
	}

#define AT(member) .offset = offsetof(struct policy_match_pids, member)
static const struct field match_pids_fields[] = {
	{"operator", FIELD_WORD, .required = true, AT(operation),
		.words = policy_membership_operator_words},
	/* The kernel's PID_MAX_LIMIT. */
	{"values", FIELD_INTEGERS, .required = true, AT(values), .maximum = 4194304},
	{"isNamespacePID", FIELD_BOOLEAN, AT(is_namespace_pid)},
	{"followForks", FIELD_BOOLEAN, AT(follow_forks)},
	{0},
};
TYPE(match_pids_type, policy_match_pids, match_pids_fields);
#undef AT

#define AT(member) .offset = offsetof(struct policy_match_args, member)
static const struct field match_args_fields[] = {
	{"index", FIELD_INTEGER, AT(index), .maximum = INT32_MAX},
	{"args", FIELD_INTEGERS, AT(args), .count_max = POLICY_ARGUMENTS_MAX,
		.maximum = POLICY_ARGUMENTS_MAX - 1},
	{"operator", FIELD_WORD, .required = true, AT(operation),
		.words = policy_argument_operator_words},
	{"values", FIELD_TEXTS, AT(texts), .integers_too = true},
	{0},
};
TYPE(match_args_type, policy_match_args, match_args_fields);
#undef AT

#define AT(member) .offset = offsetof(struct policy_match_binaries, member)
static const struct field match_binaries_fields[] = {
	{"operator", FIELD_WORD, .required = true, AT(operation),
		.words = policy_binary_operator_words},
	{"values", FIELD_TEXTS, .required = true, AT(values)},
	{"followChildren", FIELD_BOOLEAN, AT(follow_children)},
	{0},
};
TYPE(match_binaries_type, policy_match_binaries, match_binaries_fields);
#undef AT

#define AT(member) .offset = offsetof(struct policy_match_namespaces, member)
static const struct field match_namespaces_fields[] = {
	{"namespace", FIELD_WORD, .required = true, AT(namespace), .words = policy_namespace_words,
		.any_case = true},
	{"operator", FIELD_WORD, .required = true, AT(operation),
		.words = policy_membership_operator_words},
	{"values", FIELD_TEXTS, .required = true, AT(texts), .integers_too = true,
		.length_max = 32},
	{0},
};
TYPE(match_namespaces_type, policy_match_namespaces, match_namespaces_fields);
#undef AT

#define AT(member) .offset = offsetof(struct policy_match_namespace_changes, member)
static const struct field match_namespace_changes_fields[] = {
	{"operator", FIELD_WORD, .required = true, AT(operation),
		.words = policy_membership_operator_words},
	{"values", FIELD_TEXTS, .required = true, AT(texts), .length_max = 32},
	{0},
};
TYPE(match_namespace_changes_type, policy_match_namespace_changes, match_namespace_changes_fields);
#undef AT

#define AT(member) .offset = offsetof(struct policy_match_capabilities, member)
static const struct field match_capabilities_fields[] = {
	{"type", FIELD_WORD, AT(type), .words = policy_capability_set_words, .any_case = true},
	{"operator", FIELD_WORD, .required = true, AT(operation),
		.words = policy_membership_operator_words},
	{"values", FIELD_TEXTS, .required = true, AT(texts), .length_max = 64},
	{"isNamespaceCapability", FIELD_BOOLEAN, AT(is_namespace_capability)},
	{0},
};
TYPE(match_capabilities_type, policy_match_capabilities, match_capabilities_fields);
#undef AT

#define AT(member) .offset = offsetof(struct policy_match_workloads, member)
static const struct field match_workloads_fields[] = {
	{"podSelector", FIELD_OBJECT, AT(pod_selector), .type = &read_label_selector_type},
	{"containerSelector", FIELD_OBJECT, AT(container_selector),
		.type = &read_label_selector_type},
	{"hostSelector", FIELD_OBJECT, AT(host_selector), .type = &read_label_selector_type},
	{0},
};
TYPE(match_workloads_type, policy_match_workloads, match_workloads_fields);
#undef AT

#define AT(member) .offset = offsetof(struct policy_selector, member)
#define FILTERS(name_, member_, type_)                                                             \
	{                                                                                          \
		name_, FIELD_OBJECTS, AT(member_), .type = &type_, .count_max = POLICY_FILTERS_MAX \
	}
#define ACTIONS(name_, member_)                                                                    \
	{                                                                                          \
		name_, FIELD_OBJECTS, AT(member_), .type = &read_action_type,                      \
						   .count_max = POLICY_ACTIONS_MAX                 \
	}
static const struct field selector_fields[] = {
	{"label", FIELD_TEXT, AT(label), .length_max = 128},
	{"macros", FIELD_TEXTS, AT(macros), .count_max = POLICY_FILTERS_MAX,
		.length_max = POLICY_NAME_LENGTH_MAX},
	FILTERS("matchPIDs", match_pids, match_pids_type),
	FILTERS("matchArgs", match_args, match_args_type),
	FILTERS("matchData", match_data, match_args_type),
	FILTERS("matchReturnArgs", match_return_args, match_args_type),
	FILTERS("matchBinaries", match_binaries, match_binaries_type),
	FILTERS("matchParentBinaries", match_parent_binaries, match_binaries_type),
	FILTERS("matchNamespaces", match_namespaces, match_namespaces_type),
	FILTERS("matchNamespaceChanges", match_namespace_changes, match_namespace_changes_type),
	FILTERS("matchCapabilities", match_capabilities, match_capabilities_type),
	FILTERS("matchCapabilityChanges", match_capability_changes, match_capabilities_type),
	{"matchWorkloads", FIELD_OBJECT, AT(match_workloads), .type = &match_workloads_type},
	{"matchCmdArgs", FIELD_ANYTHING,
		.refused = "is not there: what a program was called with is in process_exec, and "
			   "is not kept for what it does later"},
	{"matchCEL", FIELD_ANYTHING,
		.refused = "is not there: an expression is a value of matchArgs or matchData, with "
			   "the operator CelExpr"},
	{"matchUserCallers", FIELD_ANYTHING,
		.refused = "is not there: who has called is recorded, by userStackTrace of the "
			   "action Post, and not matched"},
	ACTIONS("matchActions", match_actions),
	ACTIONS("matchReturnActions", match_return_actions),
	{0},
};
const struct object_type read_selector_type = {
	.size = sizeof(struct policy_selector),
	.fields = selector_fields,
	.source_offset = offsetof(struct policy_selector, source),
};
