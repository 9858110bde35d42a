/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/engine/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "policy/words.h"

struct hook_step *compile_step(struct compiler *compiler, const struct hook_step *step)
{
	struct compiled_hook *compiled = compiler->compiled;

	if (compiled->step_count == HOOK_STEPS_MAX) {
		error_set(compiler->error, -E2BIG,
			"the hook's selectors come to more than %d questions", HOOK_STEPS_MAX);
		return NULL;
	}
	if (compiled->step_count == compiled->steps_allocated) {
		size_t count = compiled->steps_allocated ? 2 * compiled->steps_allocated : 16;
		struct hook_step *steps = reallocarray(compiled->steps, count, sizeof(*steps));

		if (!steps) {
			error_set(compiler->error, -ENOMEM, "out of memory");
			return NULL;
		}
		compiled->steps = steps;
		compiled->steps_allocated = count;
	}
	compiled->steps[compiled->step_count] = *step;
	compiled->steps_used |= 1ULL << step->operation;
	if (step->operation >= STEP_TEXT_EQUAL && step->operation <= STEP_TEXT_SUB_STRING_IGN_CASE)
		compiled->text_longest = MAX(compiled->text_longest, step->length);
	if (step->operation == STEP_PID || step->operation == STEP_NAMESPACE_PID)
		compiled->asks_ancestors |= step->second;
	return &compiled->steps[compiled->step_count++];
}

int compile_alternative(
	struct compiler *compiler, struct hook_step step, bool is_last, bool negated)
{
	uint16_t yes = negated ? TARGET_FAIL : TARGET_NEXT_FILTER;
	uint16_t no = negated ? TARGET_NEXT_FILTER : TARGET_FAIL;

	step.then = yes;
	step.otherwise = is_last ? no : (uint16_t)(compiler->compiled->step_count + 1);
	step.unknown = TARGET_FAIL;
	return compile_step(compiler, &step) ? 0 : compiler->error->code;
}

int64_t compile_text(struct compiler *compiler, const void *data, size_t length)
{
	struct buf *texts = &compiler->compiled->texts;
	size_t offset = texts->length;

	if (offset + length > HOOK_TEXT_BYTES_MAX)
		return error_set(compiler->error, -E2BIG,
			"the values of the hook have more than %u bytes", HOOK_TEXT_BYTES_MAX);
	buf_append(texts, data, length);
	if (texts->failed)
		return error_set(compiler->error, -ENOMEM, "out of memory");
	return (int64_t)offset;
}

uint32_t compile_argument_index(
	const struct policy_hook *hook, const struct policy_argument *argument)
{
	if (argument == &hook->return_arg)
		return HOOK_RETURN_ARGUMENT;
	if (argument >= hook->args.items && argument < hook->args.items + hook->args.count)
		return (uint32_t)(argument - hook->args.items);
	return (uint32_t)(hook->args.count + (argument - hook->data.items));
}

/* What TARGET_… was stands for this step. */
static void resolve(uint16_t *target, uint16_t placeholder, size_t step)
{
	if (*target == placeholder)
		*target = (uint16_t)step;
}

static void end_filter(struct compiler *compiler)
{
	struct compiled_hook *compiled = compiler->compiled;

	for (size_t i = compiler->filter_begin; i < compiled->step_count; i++) {
		struct hook_step *step = &compiled->steps[i];

		resolve(&step->then, TARGET_NEXT_FILTER, compiled->step_count);
		resolve(&step->otherwise, TARGET_NEXT_FILTER, compiled->step_count);
	}
	compiler->filter_begin = compiled->step_count;
}

/* The last filter's yes, which leads past the end, is the match. */
static void end_selector(struct compiler *compiler, uint16_t match, bool is_last)
{
	struct compiled_hook *compiled = compiler->compiled;
	size_t end = compiled->step_count;

	for (size_t i = compiler->selector_begin; i < end; i++) {
		struct hook_step *step = &compiled->steps[i];
		uint16_t *targets[] = {&step->then, &step->otherwise, &step->unknown};

		for (size_t j = 0; j < ARRAY_SIZE(targets); j++) {
			if (*targets[j] == end)
				*targets[j] = match;
			else
				resolve(targets[j], TARGET_FAIL, is_last ? STEP_NO_MATCH : end);
		}
	}
	compiler->selector_begin = end;
	compiler->filter_begin = end;
}

static int compile_pids(struct compiler *compiler, const struct policy_match_pids *match)
{
	/* Ancestors in containers are meant: the host's first process is everyone's. */
	bool in_containers = match->is_namespace_pid && match->follow_forks;
	struct hook_step step = {.operation = STEP_NAMESPACE_PID};

	if (in_containers) {
		/* Who is in the host's pid namespace, where it is 0, is not meant either. */
		if (compile_alternative(compiler, step, true, true) < 0)
			return compiler->error->code;
		end_filter(compiler);
	}
	step.operation = match->is_namespace_pid ? STEP_NAMESPACE_PID : STEP_PID;
	step.second = match->follow_forks;
	for (size_t i = 0; i < match->values.count; i++) {
		step.low = step.high = (uint64_t)match->values.items[i];
		if (in_containers && !step.high)
			step.low = 1; /* nobody */
		if (compile_alternative(compiler, step, i + 1 == match->values.count,
			    match->operation == POLICY_NOT_IN) < 0)
			return compiler->error->code;
	}
	return 0;
}

static int compile_binaries(
	struct compiler *compiler, const struct policy_match_binaries *match, bool parent)
{
	const struct compile_input *input = compiler->input;
	bool negated = match->operation == POLICY_NOT_IN || match->operation == POLICY_NOT_PREFIX ||
		       match->operation == POLICY_NOT_POSTFIX;
	struct hook_step step = {
		.operation = parent ? STEP_PARENT_BINARY : STEP_BINARY,
		.second = match->follow_children,
	};
	int bit = input->binary_bit(input->data, match, compiler->error);

	if (bit < 0)
		return bit;
	step.low = (uint64_t)bit;
	return compile_alternative(compiler, step, true, negated);
}

static int compile_namespaces(
	struct compiler *compiler, const struct policy_match_namespaces *match)
{
	for (size_t i = 0; i < match->texts.count; i++) {
		uint32_t inode = match->inodes[i] == POLICY_HOST_NAMESPACE
					 ? compiler->input->host_namespaces[match->namespace]
					 : match->inodes[i];
		struct hook_step step = {
			.operation = STEP_NAMESPACE,
			.argument = (uint8_t)match->namespace,
			.low = inode,
		};

		if (compile_alternative(compiler, step, i + 1 == match->texts.count,
			    match->operation == POLICY_NOT_IN) < 0)
			return compiler->error->code;
	}
	return 0;
}

static int compile_capabilities(struct compiler *compiler,
	const struct policy_match_capabilities *match, enum step_operation operation)
{
	struct hook_step step = {
		.operation = operation,
		.argument = (uint8_t)match->type,
		.second = match->is_namespace_capability,
		.low = match->capabilities,
	};

	return compile_alternative(compiler, step, true, match->operation == POLICY_NOT_IN);
}

static int compile_capability_changes(
	struct compiler *compiler, const struct policy_match_capabilities *match)
{
	struct policy_match_capabilities others = *match;
	int r = compile_capabilities(compiler, match, STEP_CAPABILITIES_CHANGED);

	if (r < 0 || match->operation == POLICY_IN)
		return r;
	/* None of these, but one that is not listed. */
	end_filter(compiler);
	others.operation = POLICY_IN;
	others.capabilities = ~match->capabilities;
	return compile_capabilities(compiler, &others, STEP_CAPABILITIES_CHANGED);
}

static int compile_namespace_changes(
	struct compiler *compiler, const struct policy_match_namespace_changes *match)
{
	const uint32_t all = (UINT32_C(1) << NAMESPACE_KINDS) - 1;
	struct hook_step step = {.operation = STEP_NAMESPACE_CHANGED, .low = match->namespaces};

	if (match->operation == POLICY_NOT_IN) /* one that is not listed has changed */
		step.low = all & ~match->namespaces;
	return compile_alternative(compiler, step, true, false);
}

static int compile_workloads(struct compiler *compiler, size_t selector)
{
	const int *scopes = compiler->input->workload_scopes;
	struct hook_step step = {.operation = STEP_SCOPE};

	if (!scopes || scopes[selector] < 0)
		return error_set(compiler->error, -EINVAL, "matchWorkloads without a scope");
	step.low = (uint64_t)scopes[selector];
	return compile_alternative(compiler, step, true, false);
}

/* Each entry of a filter is a filter of its own: all must match. */
#define EACH(array, call)                                                                          \
	do {                                                                                       \
		for (size_t i_ = 0; i_ < selector->array.count; i_++) {                            \
			const __typeof__(*selector->array.items) *match =                          \
				&selector->array.items[i_];                                        \
			int r_ = (call);                                                           \
			if (r_ < 0)                                                                \
				return r_;                                                         \
			end_filter(compiler);                                                      \
		}                                                                                  \
	} while (0)

/* Numbers are there at once; a path has to be walked. */
static int compile_if(
	struct compiler *compiler, const struct policy_match_args *match, bool is_number)
{
	return compile_is_number(compiler, match) == is_number ? compile_match_args(compiler, match)
							       : 0;
}

/* What is cheapest to answer comes first: the process, numbers, then arguments that must be read.
 * All of them have to be met, so their order makes no other difference. */
static int compile_filters(
	struct compiler *compiler, const struct policy_selector *selector, size_t index)
{
	int r;

	EACH(match_pids, compile_pids(compiler, match));
	EACH(match_binaries, compile_binaries(compiler, match, false));
	EACH(match_parent_binaries, compile_binaries(compiler, match, true));
	if (selector->match_workloads.source) {
		r = compile_workloads(compiler, index);
		if (r < 0)
			return r;
		end_filter(compiler);
	}
	EACH(match_capabilities, compile_capabilities(compiler, match, STEP_CAPABILITIES));
	EACH(match_capability_changes, compile_capability_changes(compiler, match));
	EACH(match_namespaces, compile_namespaces(compiler, match));
	EACH(match_namespace_changes, compile_namespace_changes(compiler, match));
	EACH(match_args, compile_if(compiler, match, true));
	EACH(match_data, compile_if(compiler, match, true));
	EACH(match_args, compile_if(compiler, match, false));
	EACH(match_data, compile_if(compiler, match, false));
	return 0;
}

static int compile_return_filters(struct compiler *compiler, const struct policy_selector *selector)
{
	EACH(match_return_args, compile_match_args(compiler, match));
	return 0;
}

static int compile_action(struct compiler *compiler, const struct policy_action *action,
	struct hook_selector *selector)
{
	struct compiled_hook *compiled = compiler->compiled;

	switch (action->action) {
	case POLICY_ACTION_POST:
		selector->rate_limit_ms = action->rate_limit_ms;
		selector->rate_limit_scope = (uint8_t)action->rate_limit_scope;
		if (action->kernel_stack_trace)
			selector->flags |= SELECTOR_KERNEL_STACK;
		if (action->user_stack_trace)
			selector->flags |= SELECTOR_USER_STACK;
		compiled->has_stack |= action->kernel_stack_trace || action->user_stack_trace;
		compiled->has_user_stack |= action->user_stack_trace;
		compiled->has_rate_limit |= action->rate_limit_ms > 0;
		/* Of other hooks the reader has said that it does nothing. */
		if (action->ima_hash && compiler->input->hook->kind == POLICY_LSM_HOOK)
			selector->flags |= SELECTOR_FILE_HASH;
		return 0;
	case POLICY_ACTION_NO_POST:
		selector->flags &= ~SELECTOR_POST;
		return 0;
	case POLICY_ACTION_SIGKILL:
	case POLICY_ACTION_SIGNAL:
		selector->flags |= SELECTOR_SIGNAL;
		selector->signal =
			action->action == POLICY_ACTION_SIGKILL ? 9 : (uint8_t)action->arg_sig;
		compiled->signals = true;
		return 0;
	case POLICY_ACTION_TRACK_SOCK:
	case POLICY_ACTION_UNTRACK_SOCK:
		if (action->arg_sock < 0 ||
			(size_t)action->arg_sock >= compiler->input->hook->args.count)
			return error_set(compiler->error, -EINVAL,
				"argSock %lld: the hook has %zu args", (long long)action->arg_sock,
				compiler->input->hook->args.count);
		selector->flags |= action->action == POLICY_ACTION_TRACK_SOCK
					   ? SELECTOR_TRACK_SOCK
					   : SELECTOR_UNTRACK_SOCK;
		selector->flags |= (uint32_t)action->arg_sock << SELECTOR_SOCK_SHIFT;
		return 0;
	case POLICY_ACTION_OVERRIDE:
		/* Where a hook ends up that asks for it: place_function.c. */
		if (compiler->input->can_override) {
			selector->flags |= SELECTOR_OVERRIDE;
			selector->error = (int32_t)action->arg_error;
			compiled->overrides = true;
			return 0;
		}
		/* fall through */
	default:
		return error_set(compiler->error, -EOPNOTSUPP,
			"action %s is not supported by this version",
			policy_word(policy_action_words, action->action));
	}
}

static int compile_actions(struct compiler *compiler, const struct policy_selector *selector,
	struct hook_selector *ret_selector)
{
	ret_selector->flags = SELECTOR_POST;
	for (size_t i = 0; i < selector->match_actions.count; i++) {
		int r = compile_action(compiler, &selector->match_actions.items[i], ret_selector);

		if (r < 0)
			return r;
	}
	if (!(ret_selector->flags & SELECTOR_POST)) /* NoPost: there is nothing to put it in */
		ret_selector->flags &= ~SELECTOR_FILE_HASH;
	for (size_t i = 0; i < selector->match_return_actions.count; i++) {
		const struct policy_action *action = &selector->match_return_actions.items[i];

		if (action->action != POLICY_ACTION_POST)
			return error_set(compiler->error, -EOPNOTSUPP,
				"action %s in matchReturnActions is not supported by this version",
				policy_word(policy_action_words, action->action));
	}
	return 0;
}

static int compile_selectors(struct compiler *compiler)
{
	const struct policy_selectors *selectors = &compiler->input->hook->selectors;
	struct compiled_hook *compiled = compiler->compiled;

	for (size_t i = 0; i < selectors->count; i++) {
		struct hook_selector *selector = &compiled->selectors[i];
		int r = compile_actions(compiler, &selectors->items[i], selector);

		if (r >= 0)
			r = compile_filters(compiler, &selectors->items[i], i);
		if (r < 0)
			return r;
		/* Without filters: always. A step of its own, since a list of steps needs one. */
		if (compiled->step_count == compiler->selector_begin &&
			!compile_step(compiler, &(struct hook_step){.operation = STEP_PID,
							.high = UINT32_MAX,
							.then = TARGET_NEXT_FILTER,
							.otherwise = TARGET_FAIL,
							.unknown = TARGET_FAIL}))
			return compiler->error->code;
		end_filter(compiler);
		end_selector(compiler, (uint16_t)(STEP_MATCH | i), i + 1 == selectors->count);
	}
	for (size_t i = 0; i < selectors->count; i++) {
		struct hook_selector *selector = &compiled->selectors[i];
		int r;

		if (!selectors->items[i].match_return_args.count)
			continue;
		selector->flags |= SELECTOR_AWAITS_RETURN;
		selector->return_step = (uint16_t)compiled->step_count;
		r = compile_return_filters(compiler, &selectors->items[i]);
		if (r < 0)
			return r;
		end_selector(compiler, (uint16_t)(STEP_MATCH | i), true);
	}
	return 0;
}

int hook_compile(
	const struct compile_input *input, struct compiled_hook *ret_compiled, struct error *error)
{
	static const char word_of_zeros[8];
	struct compiler compiler = {.input = input, .compiled = ret_compiled, .error = error};
	int r;

	memset(ret_compiled, 0, sizeof(*ret_compiled));
	ret_compiled->selector_count = MAX(input->hook->selectors.count, (size_t)1);
	ret_compiled->selectors =
		calloc(ret_compiled->selector_count, sizeof(*ret_compiled->selectors));
	if (!ret_compiled->selectors)
		return error_set(error, -ENOMEM, "out of memory");
	ret_compiled->selectors[0].flags = SELECTOR_POST;
	r = compile_selectors(&compiler);
	if (r < 0)
		return r;
	buf_append(&ret_compiled->texts, word_of_zeros, sizeof(word_of_zeros));
	return ret_compiled->texts.failed ? error_set(error, -ENOMEM, "out of memory") : 0;
}

void compiled_hook_done(struct compiled_hook *compiled)
{
	free(compiled->steps);
	free(compiled->selectors);
	buf_done(&compiled->texts);
	memset(compiled, 0, sizeof(*compiled));
}
