/* SPDX-License-Identifier: Apache-2.0 */
/* kprobes, fentries, tracepoints, uprobes, usdts, lsmhooks. */
#include "policy/read.h"

#define AT(member) .offset = offsetof(struct policy_hook, member)

/* Fields of the hook itself, one level down in the file. */
static const struct field ignore_call_fields[] = {
	{"callNotFound", FIELD_BOOLEAN, AT(ignore_call_not_found)},
	{0},
};
static const struct object_type ignore_call_type = {
	.size = sizeof(struct policy_hook),
	.fields = ignore_call_fields,
	.source_offset = SIZE_MAX,
};
static const struct field ignore_digest_fields[] = {
	{"digestVerificationFailure", FIELD_BOOLEAN, AT(ignore_digest_verification_failure)},
	{0},
};
static const struct object_type ignore_digest_type = {
	.size = sizeof(struct policy_hook),
	.fields = ignore_digest_fields,
	.source_offset = SIZE_MAX,
};

#define TEXT(name_, member_, length_max_)                                                          \
	{                                                                                          \
		name_, FIELD_TEXT, AT(member_), .length_max = length_max_                          \
	}
#define REQUIRED_TEXT(name_, member_, length_max_)                                                 \
	{                                                                                          \
		name_, FIELD_TEXT, .required = true, AT(member_), .length_max = length_max_        \
	}
#define ARGUMENTS(name_, member_)                                                                  \
	{                                                                                          \
		name_, FIELD_OBJECTS, AT(member_), .type = &read_argument_type,                    \
						   .count_max = POLICY_ARGUMENTS_MAX               \
	}
#define OFFSETS(name_, member_)                                                                    \
	{                                                                                          \
		name_, FIELD_INTEGERS, AT(member_), .count_max = POLICY_HOOKS_MAX,                 \
						    .maximum = INT64_MAX                           \
	}
#define COMMON_FIELDS                                                                              \
	TEXT("message", message, 0),                                                               \
		{"tags", FIELD_TEXTS, AT(tags), .count_max = POLICY_TAGS_MAX},                     \
		ARGUMENTS("args", args),                                                           \
	{                                                                                          \
		"selectors", FIELD_OBJECTS, AT(selectors), .type = &read_selector_type,            \
							   .count_max = POLICY_SELECTORS_MAX       \
	}
#define RETURN_FIELDS                                                                              \
	{"return", FIELD_BOOLEAN, AT(return_value)},                                               \
		{"returnArg", FIELD_OBJECT, AT(return_arg), .type = &read_argument_type},          \
		ARGUMENTS("data", data)

/* Tetragon's schema makes `syscall` true where it is not given, whatever its documents say. */
static const struct field call_fields[] = {
	REQUIRED_TEXT("call", call, POLICY_SYMBOL_LENGTH_MAX),
	{"syscall", FIELD_BOOLEAN, AT(syscall), .initial = true},
	COMMON_FIELDS,
	RETURN_FIELDS,
	{"returnArgAction", FIELD_WORD, AT(return_arg_action), .words = policy_return_action_words,
		.any_case = true},
	{"ignore", FIELD_OBJECT, .type = &ignore_call_type},
	{0},
};

static const struct field tracepoint_fields[] = {
	REQUIRED_TEXT("subsystem", subsystem, POLICY_SYMBOL_LENGTH_MAX),
	REQUIRED_TEXT("event", event, POLICY_SYMBOL_LENGTH_MAX),
	{"raw", FIELD_BOOLEAN, AT(raw)},
	COMMON_FIELDS,
	{0},
};

static const struct field uprobe_fields[] = {
	REQUIRED_TEXT("path", path, POLICY_PATH_LENGTH_MAX),
	TEXT("btfPath", btf_path, POLICY_PATH_LENGTH_MAX),
	{"symbols", FIELD_TEXTS, AT(symbols), .count_max = POLICY_HOOKS_MAX,
		.length_max = POLICY_PATH_LENGTH_MAX},
	OFFSETS("offsets", offsets),
	OFFSETS("addrs", addrs),
	OFFSETS("refCtrOffsets", ref_ctr_offsets),
	{"binaryDigests", FIELD_TEXTS, AT(binary_digests), .count_max = 64, .length_max = 256},
	COMMON_FIELDS,
	RETURN_FIELDS,
	{"ignore", FIELD_OBJECT, .type = &ignore_digest_type},
	{"resolvePathInContainer", FIELD_BOOLEAN, AT(resolve_path_in_container)},
	{0},
};

static const struct field usdt_fields[] = {
	REQUIRED_TEXT("path", path, POLICY_PATH_LENGTH_MAX),
	TEXT("btfPath", btf_path, POLICY_PATH_LENGTH_MAX),
	REQUIRED_TEXT("provider", provider, POLICY_SYMBOL_LENGTH_MAX),
	REQUIRED_TEXT("name", name, POLICY_SYMBOL_LENGTH_MAX),
	COMMON_FIELDS,
	{0},
};

static const struct field lsm_hook_fields[] = {
	REQUIRED_TEXT("hook", hook, POLICY_SYMBOL_LENGTH_MAX),
	COMMON_FIELDS,
	{0},
};

#define HOOK_TYPE(fields_)                                                                         \
	{                                                                                          \
		.size = sizeof(struct policy_hook), .fields = fields_,                             \
		.source_offset = offsetof(struct policy_hook, source),                             \
	}
const struct object_type read_hook_types[POLICY_HOOK_KINDS] = {
	[POLICY_KPROBE] = HOOK_TYPE(call_fields),
	[POLICY_FENTRY] = HOOK_TYPE(call_fields),
	[POLICY_TRACEPOINT] = HOOK_TYPE(tracepoint_fields),
	[POLICY_UPROBE] = HOOK_TYPE(uprobe_fields),
	[POLICY_USDT] = HOOK_TYPE(usdt_fields),
	[POLICY_LSM_HOOK] = HOOK_TYPE(lsm_hook_fields),
};
