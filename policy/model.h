/* SPDX-License-Identifier: Apache-2.0 */
/* A TracingPolicy as it was read and checked: every word has become an enum, every value a number,
 * an address or text, every reference a pointer. Names are those of the policy language (camelCase
 * there, snake_case here). Everything lives in the arena of the policy_set; `source` is the value
 * in the file, for messages about what a kernel cannot do. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/yaml_document.h"

/* Tetragon takes five arguments of a function, we take those that registers and BTF can give. */
#define POLICY_ARGUMENTS_MAX	  10
#define POLICY_ARGUMENT_INDEX_MAX 9
#define POLICY_TRACEPOINT_INDEX_MAX                                                                \
	31 /* fields of a format file, the four common ones included                               \
	    */
#define POLICY_RAW_TRACEPOINT_INDEX_MAX 11
#define POLICY_USDT_INDEX_MAX		11
#define POLICY_SIZE_ARG_INDEX_MAX	10 /* counted from 1 */
#define POLICY_RESOLVE_DEPTH_MAX	10
/* What the verifier takes may be less; these bound what is kept in memory. */
#define POLICY_HOOKS_MAX	    1024 /* of one section */
#define POLICY_SELECTORS_MAX	    64	 /* of one hook */
#define POLICY_FILTERS_MAX	    32	 /* of one kind in one selector, its macros' included */
#define POLICY_ACTIONS_MAX	    8
#define POLICY_VALUES_MAX	    8192 /* of one filter */
#define POLICY_TAGS_MAX		    16
#define POLICY_TAG_LENGTH_MAX	    128
#define POLICY_TAG_LENGTH_MIN	    2
#define POLICY_MESSAGE_LENGTH_MAX   256
#define POLICY_MESSAGE_LENGTH_MIN   2
#define POLICY_NAME_LENGTH_MAX	    253
#define POLICY_SYMBOL_LENGTH_MAX    255
#define POLICY_PATH_LENGTH_MAX	    4095
#define POLICY_PREFIX_LENGTH_MAX    256 /* of a kernel's LPM trie; of postfixes too */
#define POLICY_SUBSTRING_LENGTH_MAX 255
#define POLICY_CEL_LENGTH_MAX	    1024
#define POLICY_CEL_EXPRESSIONS_MAX  8
#define POLICY_LISTS_MAX	    64
#define POLICY_MACROS_MAX	    64
#define POLICY_ENFORCERS_MAX	    1
#define POLICY_RATE_LIMIT_MS_MAX    UINT32_MAX

struct policy_text {
	const char *data; /* with a NUL after it; NULL for "not given" */
	size_t length;	  /* NUL bytes may stand inside a value */
	const struct yaml_value *source;
};

/* Arrays are a pointer and a count in this order: the reader fills them by their place. */
struct policy_texts {
	struct policy_text *items;
	size_t count;
};
struct policy_integers {
	int64_t *items;
	size_t count;
};
struct policy_label {
	struct policy_text key, value;
};
struct policy_labels {
	struct policy_label *items;
	size_t count;
};

/* podSelector, containerSelector, hostSelector, nodeSelector */

enum policy_label_operator {
	POLICY_LABEL_IN,
	POLICY_LABEL_NOT_IN,
	POLICY_LABEL_EXISTS,
	POLICY_LABEL_DOES_NOT_EXIST
};
struct policy_label_expression {
	const struct yaml_value *source;
	struct policy_text key;
	int operation; /* the `operator`, a word that C++ keeps for itself: enum
			  policy_label_operator */
	struct policy_texts values;
};
struct policy_label_selector {
	const struct yaml_value *source; /* NULL: not given, which is not the same as {} */
	struct policy_labels match_labels;
	struct {
		struct policy_label_expression *items;
		size_t count;
	} match_expressions;
};

/* lists, options, enforcers */

enum policy_list_type {
	POLICY_LIST_VALUES, /* no type: functions or numbers as they are */
	POLICY_LIST_SYSCALLS,
	POLICY_LIST_GENERATED_SYSCALLS,
	POLICY_LIST_GENERATED_FTRACE
};
struct policy_list {
	const struct yaml_value *source;
	struct policy_text name, pattern;
	int type; /* enum policy_list_type */
	struct policy_texts values;
	bool validated; /* written by Tetragon itself; means nothing here */
};
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
	POLICY_OPTION_SLEEPABLE_PRELOAD_SIZE
};
struct policy_enforcer {
	const struct yaml_value *source;
	struct policy_texts calls;
};

/* args, data, returnArg */

enum policy_argument_type {
	POLICY_TYPE_AUTO, /* from BTF or the tracepoint's format, when the policy is loaded */
	POLICY_TYPE_INT,
	POLICY_TYPE_SINT8,
	POLICY_TYPE_INT8,
	POLICY_TYPE_UINT8,
	POLICY_TYPE_SINT16,
	POLICY_TYPE_INT16,
	POLICY_TYPE_UINT16,
	POLICY_TYPE_UINT32,
	POLICY_TYPE_SINT32,
	POLICY_TYPE_INT32,
	POLICY_TYPE_ULONG,
	POLICY_TYPE_UINT64,
	POLICY_TYPE_SIZE_T,
	POLICY_TYPE_LONG,
	POLICY_TYPE_SINT64,
	POLICY_TYPE_INT64,
	POLICY_TYPE_CHAR_BUF,
	POLICY_TYPE_CHAR_IOVEC,
	POLICY_TYPE_SKB,
	POLICY_TYPE_SOCK,
	POLICY_TYPE_SOCKADDR,
	POLICY_TYPE_SOCKET,
	POLICY_TYPE_SOCKADDR_UN,
	POLICY_TYPE_STRING,
	POLICY_TYPE_FD,
	POLICY_TYPE_FILE,
	POLICY_TYPE_FILENAME,
	POLICY_TYPE_PATH,
	POLICY_TYPE_NOP,
	POLICY_TYPE_BPF_ATTR,
	POLICY_TYPE_PERF_EVENT,
	POLICY_TYPE_BPF_MAP,
	POLICY_TYPE_USER_NAMESPACE,
	POLICY_TYPE_CAPABILITY,
	POLICY_TYPE_KIOCB,
	POLICY_TYPE_IOV_ITER,
	POLICY_TYPE_CRED,
	POLICY_TYPE_CONST_BUF,
	POLICY_TYPE_LOAD_INFO,
	POLICY_TYPE_MODULE,
	POLICY_TYPE_SYSCALL64,
	POLICY_TYPE_KERNEL_CAP_T,
	POLICY_TYPE_CAP_INHERITABLE,
	POLICY_TYPE_CAP_PERMITTED,
	POLICY_TYPE_CAP_EFFECTIVE,
	POLICY_TYPE_LINUX_BINPRM,
	POLICY_TYPE_DATA_LOC,
	POLICY_TYPE_NET_DEVICE,
	POLICY_TYPE_BPF_CMD,
	POLICY_TYPE_DENTRY,
	POLICY_TYPE_BPF_PROG,
	POLICY_TYPE_COUNT
};
enum policy_argument_source {
	POLICY_SOURCE_CALL, /* the call's own arguments */
	POLICY_SOURCE_CURRENT_TASK,
	POLICY_SOURCE_PT_REGS
};
struct policy_argument {
	const struct yaml_value *source;
	int64_t index;
	int type;	  /* enum policy_argument_type */
	int value_source; /* enum policy_argument_source */
	struct policy_text resolve, btf_type, btf_type_module, label;
	int64_t size_arg_index; /* counted from 1; 0: none */
	bool return_copy, max_data;
};
struct policy_arguments {
	struct policy_argument *items;
	size_t count;
};

/* selectors */

enum policy_operator {
	POLICY_EQUAL,
	POLICY_NOT_EQUAL,
	POLICY_PREFIX,
	POLICY_NOT_PREFIX,
	POLICY_POSTFIX,
	POLICY_NOT_POSTFIX,
	POLICY_GREATER_THAN,
	POLICY_LESS_THAN,
	POLICY_MASK,
	POLICY_S_PORT,
	POLICY_NOT_S_PORT,
	POLICY_S_PORT_PRIV,
	POLICY_NOT_S_PORT_PRIV,
	POLICY_D_PORT,
	POLICY_NOT_D_PORT,
	POLICY_D_PORT_PRIV,
	POLICY_NOT_D_PORT_PRIV,
	POLICY_S_ADDR,
	POLICY_NOT_S_ADDR,
	POLICY_D_ADDR,
	POLICY_NOT_D_ADDR,
	POLICY_PROTOCOL,
	POLICY_FAMILY,
	POLICY_STATE,
	POLICY_IN_MAP,
	POLICY_NOT_IN_MAP,
	POLICY_CAPABILITIES_GAINED,
	POLICY_IN_RANGE,
	POLICY_NOT_IN_RANGE,
	POLICY_SUB_STRING,
	POLICY_SUB_STRING_IGN_CASE,
	POLICY_CEL_EXPR,
	POLICY_FILE_TYPE,
	POLICY_NOT_FILE_TYPE,
	POLICY_IN, /* of every filter but those on arguments */
	POLICY_NOT_IN,
	POLICY_OPERATOR_COUNT
};

enum policy_value_kind {
	POLICY_VALUE_TEXT,    /* strings, paths; anything compared with an `auto` argument */
	POLICY_VALUE_RANGE,   /* integers, ports, protocols, families, states: both ends included */
	POLICY_VALUE_ADDRESS, /* and how many of its bits count */
	POLICY_VALUE_LIST,    /* list:NAME */
	POLICY_VALUE_BITS     /* capability masks; file types (S_IFMT >> 12 as a bit) */
};
struct policy_value {
	const struct yaml_value *source;
	enum policy_value_kind kind;
	union {
		struct policy_text text;
		struct {
			/* As int64_t if the argument is signed. */
			uint64_t minimum, maximum;
		} range;
		struct {
			uint8_t bytes[16];
			uint8_t family; /* AF_INET (4 bytes), AF_INET6 */
			uint8_t prefix_length;
		} address;
		const struct policy_list *list;
		uint64_t bits;
	};
};
struct policy_values {
	struct policy_value *items;
	size_t count;
};

/* matchArgs, matchData, matchReturnArgs */
struct policy_match_args {
	const struct yaml_value *source;
	int64_t index;
	struct policy_integers args; /* positions in args, instead of an index */
	int operation;		     /* enum policy_operator */
	struct policy_texts texts;   /* `values` as written */
	/* From here on filled by the check. */
	struct policy_values values;
	const struct policy_argument *argument,
		*second_argument; /* the latter: CapabilitiesGained */
};
struct policy_match_pids {
	const struct yaml_value *source;
	int operation; /* POLICY_IN, POLICY_NOT_IN */
	struct policy_integers values;
	bool is_namespace_pid, follow_forks;
};
/* matchBinaries, matchParentBinaries */
struct policy_match_binaries {
	const struct yaml_value *source;
	int operation; /* In, NotIn, and the four of prefixes and postfixes */
	struct policy_texts values;
	bool follow_children;
};
enum policy_namespace {
	POLICY_NAMESPACE_UTS,
	POLICY_NAMESPACE_IPC,
	POLICY_NAMESPACE_MNT,
	POLICY_NAMESPACE_PID,
	POLICY_NAMESPACE_PID_FOR_CHILDREN,
	POLICY_NAMESPACE_NET,
	POLICY_NAMESPACE_TIME,
	POLICY_NAMESPACE_TIME_FOR_CHILDREN,
	POLICY_NAMESPACE_CGROUP,
	POLICY_NAMESPACE_USER
};
#define POLICY_HOST_NAMESPACE 0 /* host_ns: no namespace has this inode number */
struct policy_match_namespaces {
	const struct yaml_value *source;
	int namespace; /* enum policy_namespace */
	int operation;
	struct policy_texts texts;
	uint32_t *inodes; /* texts.count of them, by the check */
};
struct policy_match_namespace_changes {
	const struct yaml_value *source;
	int operation;
	struct policy_texts texts;
	uint32_t namespaces; /* bits of enum policy_namespace, by the check */
};
enum policy_capability_set {
	POLICY_CAPABILITIES_EFFECTIVE,
	POLICY_CAPABILITIES_INHERITABLE,
	POLICY_CAPABILITIES_PERMITTED
};
/* matchCapabilities, matchCapabilityChanges */
struct policy_match_capabilities {
	const struct yaml_value *source;
	int type; /* enum policy_capability_set */
	int operation;
	struct policy_texts texts;
	bool is_namespace_capability;
	uint64_t capabilities; /* by the check */
};
struct policy_match_workloads {
	const struct yaml_value *source; /* NULL: not given */
	struct policy_label_selector pod_selector, container_selector, host_selector;
};

enum policy_action_kind {
	POLICY_ACTION_POST,
	POLICY_ACTION_SIGKILL,
	POLICY_ACTION_OVERRIDE,
	POLICY_ACTION_GET_URL,
	POLICY_ACTION_DNS_LOOKUP,
	POLICY_ACTION_NO_POST,
	POLICY_ACTION_SIGNAL,
	POLICY_ACTION_TRACK_SOCK,
	POLICY_ACTION_UNTRACK_SOCK,
	POLICY_ACTION_NOTIFY_ENFORCER,
	POLICY_ACTION_CLEANUP_ENFORCER_NOTIFICATION,
	POLICY_ACTION_SET,
	POLICY_ACTION_COUNT
};
enum policy_rate_limit_scope {
	POLICY_RATE_LIMIT_THREAD,
	POLICY_RATE_LIMIT_PROCESS,
	POLICY_RATE_LIMIT_GLOBAL
};
struct policy_action {
	const struct yaml_value *source;
	int action; /* enum policy_action_kind */
	int64_t arg_error, arg_sig, arg_sock, arg_index, arg_value, arg_new_addr, arg_new_offset;
	struct policy_text arg_url, arg_fqdn, arg_new_symbol, rate_limit;
	struct policy_texts arg_regs;
	int rate_limit_scope; /* enum policy_rate_limit_scope */
	bool kernel_stack_trace, user_stack_trace, ima_hash;
	uint32_t rate_limit_ms; /* 0: none; by the check */
};
struct policy_actions {
	struct policy_action *items;
	size_t count;
};

struct policy_selector {
	const struct yaml_value *source;
	struct policy_text label;
	struct policy_texts macros; /* their filters have been added to these by the check */
	struct {
		struct policy_match_pids *items;
		size_t count;
	} match_pids;
	struct {
		struct policy_match_args *items;
		size_t count;
	} match_args, match_data, match_return_args;
	struct {
		struct policy_match_binaries *items;
		size_t count;
	} match_binaries, match_parent_binaries;
	struct {
		struct policy_match_namespaces *items;
		size_t count;
	} match_namespaces;
	struct {
		struct policy_match_namespace_changes *items;
		size_t count;
	} match_namespace_changes;
	struct {
		struct policy_match_capabilities *items;
		size_t count;
	} match_capabilities, match_capability_changes;
	struct policy_match_workloads match_workloads;
	struct policy_actions match_actions, match_return_actions;
};
struct policy_selectors {
	struct policy_selector *items;
	size_t count;
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
