/* SPDX-License-Identifier: Apache-2.0 */
/* A hook's selectors as the kernel side takes them: steps, texts, actions (bpf/include/policy.h).
 * Pure: where the hook will be, and with which types, has been decided before. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/include/policy.h"
#include "lib/buf.h"
#include "lib/error.h"
#include "policy/model.h"

struct compile_input {
	const struct policy_hook *hook;
	/* What each argument is: the policy's type, or what `auto` has turned out to be. args
	 * first, then data; the return value at HOOK_RETURN_ARGUMENT. */
	enum policy_argument_type types[HOOK_ARGUMENTS_ALL];
	/* The bit of a matchBinaries or matchParentBinaries, or a negative errno. */
	int (*binary_bit)(
		void *data, const struct policy_match_binaries *match, struct error *error);
	void *data;
	bool can_override;
	const int *workload_scopes; /* for each selector; NULL: none has matchWorkloads */
	uint32_t host_namespaces[NAMESPACE_KINDS];
};

struct compiled_hook {
	struct hook_step *steps;
	size_t step_count, steps_allocated;
	struct hook_selector *selectors; /* at least one */
	size_t selector_count;
	struct buf texts; /* with a word of zeros at the end */
	uint64_t steps_used;
	uint32_t text_longest; /* bytes */
	bool asks_ancestors;
	bool signals, overrides, has_stack, has_user_stack, has_rate_limit;
};

/* Free with compiled_hook_done(), after a failure too. -EOPNOTSUPP for what is not there,
 * -E2BIG beyond a limit, which `error` names. */
int hook_compile(
	const struct compile_input *input, struct compiled_hook *ret_compiled, struct error *error);
void compiled_hook_done(struct compiled_hook *compiled);

/* --- for the parts of the compiler --- */

/* Where an answer leads while its selector is not finished. Inside of an expression also to
 * TARGET_LABEL and those after it. */
#define TARGET_LABEL	   0xe000
#define TARGET_NEXT_FILTER 0xfff0
#define TARGET_FAIL	   0xfff1

struct compiler {
	const struct compile_input *input;
	struct compiled_hook *compiled;
	struct error *error;
	size_t selector_begin, filter_begin; /* first steps of what is being compiled */
};

/* Append a step; NULL beyond HOOK_STEPS_MAX or without memory, with the error set. */
struct hook_step *compile_step(struct compiler *compiler, const struct hook_step *step);
/* Alternatives: each step's answers lead on so that any yes is the filter's yes. */
int compile_alternative(
	struct compiler *compiler, struct hook_step step, bool is_last, bool negated);
/* The offset of `length` bytes in texts; negative errno. */
int64_t compile_text(struct compiler *compiler, const void *data, size_t length);
/* matchArgs, matchData, matchReturnArgs: one entry; `argument` is its place in hook_arguments. */
int compile_match_args(struct compiler *compiler, const struct policy_match_args *match);
/* The same with the operator CelExpr. */
int compile_expression(struct compiler *compiler, const struct policy_match_args *match);
/* The same of texts: Equal, Prefix, Postfix, SubString and SubStringIgnCase. */
int compile_texts(struct compiler *compiler, struct hook_step step, enum policy_operator operation,
	const struct policy_value *values, size_t count, bool negated);
/* Whether it asks about integers. */
bool compile_is_number(const struct compiler *compiler, const struct policy_match_args *match);
/* The place of one of the hook's arguments in hook_arguments. */
uint32_t compile_argument_index(
	const struct policy_hook *hook, const struct policy_argument *argument);
