/* SPDX-License-Identifier: Apache-2.0 */
/* What hooks of every kind have in common: arguments, and the selectors that match them and the
 * process. */
#pragma once

#include "policy/model_text.h"

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
	/* CelExpr: the first that the expression is about, NULL if it is about none. */
	const struct policy_argument *argument,
		*second_argument;	   /* the latter: CapabilitiesGained */
	struct policy_arguments arguments; /* CelExpr: what argN counts in; see cel.h */
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
