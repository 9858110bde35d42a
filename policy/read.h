/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the reader: the tables (read_*.c) say what may stand where, the checks (check_*.c) what it
 * means together. A check runs on what the tables have taken without an error. */
#pragma once

#include "policy/fields.h"
#include "policy/model.h"

extern const struct object_type read_label_selector_type;
extern const struct object_type read_argument_type;
extern const struct object_type read_selector_type;
extern const struct object_type read_action_type;
extern const struct object_type read_hook_types[POLICY_HOOK_KINDS];
extern const struct object_type read_policy_type;

/* "kprobes" … as the sections of spec are called. */
extern const char *const policy_hook_sections[POLICY_HOOK_KINDS];

struct policy_checker {
	struct arena *arena;
	struct policy_report *report;
	struct policy *policy;
	struct policy_hook *hook;	  /* the one being checked */
	struct policy_selector *selector; /* likewise */
	size_t macro_values;		  /* copied so far, see POLICY_MACRO_VALUES_MAX */
};

/* All return 0 or -ENOMEM; what is wrong goes to the report. */
int check_policy(struct policy_checker *checker);
int check_hook(struct policy_checker *checker);
int check_selector(struct policy_checker *checker);
/* What a filter's `index` counts. */
enum index_meaning {
	INDEX_OF_CALL,	/* the function's arguments */
	INDEX_OF_FIELD, /* the fields of a tracepoint, or the list if no such field is listed */
	INDEX_IN_LIST	/* data: the list */
};
int check_match_args(struct policy_checker *checker, struct policy_match_args *match,
	const struct policy_arguments *arguments, enum index_meaning meaning);
int check_values(struct policy_checker *checker, struct policy_match_args *match);
void check_argument(struct policy_checker *checker, const struct policy_argument *argument);
void check_action(struct policy_checker *checker, struct policy_action *action);
void check_label_selector(
	struct policy_checker *checker, const struct policy_label_selector *selector);
/* {} or nothing: there is one host. */
void check_host_selector(
	struct policy_checker *checker, const struct policy_label_selector *selector);

/* The list that "list:NAME" names; NULL if `text` is none such, or (reported) if there is no such
 * list. */
bool policy_is_list_reference(const struct policy_text *text);
const struct policy_list *check_list_reference(
	struct policy_checker *checker, const struct policy_text *text);
/* Warn of a * in a text or a path. */
void check_wildcards(struct policy_checker *checker, const struct policy_text *text);
/* sys_NAME, with the prefixes of an architecture. */
bool policy_is_system_call(const struct policy_text *text);
/* CAP_NAME or DAC_OVERRIDE, any case. -EINVAL otherwise. */
int policy_capability_parse(const char *text, size_t length, int *ret_capability);
