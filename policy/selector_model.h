/* SPDX-License-Identifier: Apache-2.0 */
/* What a selector means, said slowly and plainly: the reference that the engine in the kernel is
 * held against. Given what was seen at a hook, does the selector match?
 *
 * - All filters of a selector must match, each entry of each of them.
 * - An entry matches if one of its values does; Not…: if none does.
 * - What could not be read, and what does not have what the operator looks at (a port of an AF_UNIX
 *   socket), matches nothing, Not… included: a selector is about what was seen.
 * - The first selector that matches decides; a hook without selectors matches always. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/model.h"

#define POLICY_NAMESPACE_COUNT (POLICY_NAMESPACE_USER + 1)
#define POLICY_CAPABILITY_SETS (POLICY_CAPABILITIES_PERMITTED + 1)

/* An argument as it was seen. */
struct observed_argument {
	bool readable;
	enum policy_argument_type
		type;		 /* what `auto` has turned out to be; else the argument's own */
	uint64_t integer;	 /* extended to 64 bits as its type says */
	struct policy_text text; /* text, bytes, paths; of sockaddr_un */
	bool text_is_cut;	 /* of a path the beginning is missing, of all else the end */
	uint32_t mode;		 /* st_mode of files */
	struct {
		uint16_t family, protocol;
		uint8_t state;
		uint16_t source_port, destination_port; /* host order */
		uint8_t source[16], destination[16];	/* IPv4: the first four */
	} socket;
	uint64_t capabilities; /* of credentials: the effective ones */
};

struct observed_process {
	uint32_t pid;
	uint32_t namespace_pid; /* 0: it is in the host's pid namespace */
	const char *binary;	/* path of the executed file; NULL if it is not known */
	const struct observed_process *parent;
	/* Of the process itself; not looked at in parents. */
	uint32_t namespaces[POLICY_NAMESPACE_COUNT], namespaces_at_exec[POLICY_NAMESPACE_COUNT];
	uint64_t capabilities[POLICY_CAPABILITY_SETS], capabilities_at_exec[POLICY_CAPABILITY_SETS];
};

struct observation {
	const struct observed_argument *args, *data; /* as many as the hook has */
	struct observed_argument return_value;
	struct observed_process process;
	uint32_t host_namespaces[POLICY_NAMESPACE_COUNT];
	bool workload_matches; /* what matchWorkloads says of the container */
	/* Whether a list of system calls has this number; lists without a type are looked up here.
	 */
	bool (*system_call_in_list)(const struct policy_list *list, uint64_t number);
};

/* All filters but matchReturnArgs. */
bool selector_model_matches(const struct policy_hook *hook, const struct policy_selector *selector,
	const struct observation *observation);
/* matchReturnArgs, for a call whose entry has matched. */
bool selector_model_return_matches(
	const struct policy_selector *selector, const struct observation *observation);
/* Index of the hook's first selector that matches; -1 if there are some and none does, 0 if there
 * are none. */
int selector_model_first_match(
	const struct policy_hook *hook, const struct observation *observation);

/* One entry of a filter on arguments. */
bool selector_model_argument_matches(const struct policy_match_args *match,
	const struct observed_argument *argument, const struct observed_argument *second,
	const struct observation *observation);
/* The same with the operator CelExpr; `observed` are the arguments of the filter's list. */
bool selector_model_expression_holds(
	const struct policy_match_args *match, const struct observed_argument *observed);
