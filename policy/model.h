/* SPDX-License-Identifier: Apache-2.0 */
/* A TracingPolicy as it was read and checked: every word has become an enum, every value a number,
 * an address or text, every reference a pointer. Names are those of the policy language (camelCase
 * there, snake_case here). Everything lives in the arena of the policy_set; `source` is the value
 * in the file, for messages about what a kernel cannot do. model_selector.h has what selectors
 * match. The policy's `operator`, a word of C++, is `operation` here. */
#pragma once

#include "policy/model_selector.h"

/* options, enforcers */

struct policy_option {
	const struct yaml_value *source;
	int name; /* enum policy_option_name */
	struct policy_text value;
};
enum policy_option_name {
	POLICY_OPTION_DISABLE_KPROBE_MULTI,
	POLICY_OPTION_DISABLE_UPROBE_MULTI,
	POLICY_OPTION_OVERRIDE_METHOD,
	POLICY_OPTION_POLICY_MODE,
	POLICY_OPTION_SLEEPABLE_PRELOAD_SIZE,
	POLICY_OPTION_UPROBE_HEAP_SIZE
};
struct policy_enforcer {
	const struct yaml_value *source;
	struct policy_texts calls;
};

/* kprobes, fentries, tracepoints, uprobes, usdts, lsmhooks */

enum policy_hook_kind {
	POLICY_KPROBE,
	POLICY_FENTRY,
	POLICY_TRACEPOINT,
	POLICY_UPROBE,
	POLICY_USDT,
	POLICY_LSM_HOOK,
	POLICY_HOOK_KINDS
};
struct policy_hook {
	const struct yaml_value *source;
	int kind; /* enum policy_hook_kind, by the check */
	struct policy_text message;
	struct policy_texts tags;
	struct policy_arguments args, data;
	struct policy_selectors selectors;
	bool return_value; /* `return` */
	struct policy_argument return_arg;
	/* kprobes, fentries */
	struct policy_text call;
	bool syscall;
	const struct policy_list *call_list; /* of list:NAME, by the check */
	int return_arg_action;		     /* an enum policy_action_kind; POST means none */
	bool ignore_call_not_found;
	/* tracepoints */
	struct policy_text subsystem, event;
	bool raw;
	/* lsmhooks */
	struct policy_text hook;
	/* uprobes, usdts */
	struct policy_text path, btf_path, provider, name;
	struct policy_texts symbols, binary_digests;
	struct policy_integers offsets, addrs, ref_ctr_offsets;
	bool ignore_digest_verification_failure;
	bool resolve_path_in_container; /* refused by the check */
};
struct policy_hooks {
	struct policy_hook *items;
	size_t count;
};

/* The file's root */

enum policy_kind {
	POLICY_TRACING_POLICY,
	POLICY_TRACING_POLICY_NAMESPACED
};
struct policy_macro {
	struct policy_text name;
	struct policy_selector selector;
	bool used; /* by the check */
};
struct policy_metadata {
	const struct yaml_value *source;
	struct policy_text name, namespace;
	struct policy_labels labels, annotations;
};
struct policy_spec {
	const struct yaml_value *source;
	struct policy_hooks hooks[POLICY_HOOK_KINDS];
	bool loader;
	struct policy_label_selector pod_selector, container_selector, host_selector, node_selector;
	struct {
		struct policy_list *items;
		size_t count;
	} lists;
	struct {
		struct policy_enforcer *items;
		size_t count;
	} enforcers;
	struct {
		struct policy_option *items;
		size_t count;
	} options;
	struct {
		struct policy_macro *items;
		size_t count;
	} selectors_macros;
};
struct policy {
	const struct yaml_value *source;
	struct policy_text api_version;
	int kind; /* enum policy_kind */
	struct policy_metadata metadata;
	struct policy_spec spec;
};
