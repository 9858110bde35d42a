/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/selector_model.h"

#include <string.h>

static bool pid_is_listed(
	const struct policy_match_pids *match, const struct observed_process *process)
{
	uint32_t pid = match->is_namespace_pid ? process->namespace_pid : process->pid;

	for (size_t i = 0; i < match->values.count; i++)
		if (match->values.items[i] == pid)
			return true;
	return false;
}

static bool pids_match(
	const struct policy_match_pids *match, const struct observed_process *process)
{
	bool listed = pid_is_listed(match, process);

	if (!match->follow_forks)
		return listed == (match->operation == POLICY_IN);
	/* Of pid namespaces: the host's processes are not meant, nor ancestors there. */
	if (match->is_namespace_pid && !process->namespace_pid)
		return false;
	for (process = process->parent; process && !listed; process = process->parent) {
		if (match->is_namespace_pid && !process->namespace_pid)
			break;
		listed = pid_is_listed(match, process);
	}
	return listed == (match->operation == POLICY_IN);
}

static bool binary_is_listed(const struct policy_match_binaries *match, const char *binary)
{
	size_t length = strlen(binary);

	for (size_t i = 0; i < match->values.count; i++) {
		const struct policy_text *value = &match->values.items[i];
		bool prefix =
			match->operation == POLICY_PREFIX || match->operation == POLICY_NOT_PREFIX;
		bool postfix = match->operation == POLICY_POSTFIX ||
			       match->operation == POLICY_NOT_POSTFIX;
		const char *start = postfix && length > value->length
					    ? binary + length - value->length
					    : binary;

		if ((prefix || postfix ? length >= value->length : length == value->length) &&
			!memcmp(start, value->data, value->length))
			return true;
	}
	return false;
}

static bool binaries_match(
	const struct policy_match_binaries *match, const struct observed_process *process)
{
	bool negated = match->operation == POLICY_NOT_IN || match->operation == POLICY_NOT_PREFIX ||
		       match->operation == POLICY_NOT_POSTFIX;
	bool listed = false;

	if (!process || !process->binary)
		return false;
	for (; process && !listed; process = match->follow_children ? process->parent : NULL)
		listed = process->binary && binary_is_listed(match, process->binary);
	return listed != negated;
}

static bool namespaces_match(
	const struct policy_match_namespaces *match, const struct observation *observation)
{
	uint32_t inode = observation->process.namespaces[match->namespace];
	bool listed = false;

	for (size_t i = 0; i < match->texts.count && !listed; i++) {
		uint32_t wanted = match->inodes[i];

		if (wanted == POLICY_HOST_NAMESPACE)
			wanted = observation->host_namespaces[match->namespace];
		listed = inode == wanted;
	}
	return listed == (match->operation == POLICY_IN);
}

static bool namespace_changes_match(
	const struct policy_match_namespace_changes *match, const struct observed_process *process)
{
	bool changed = false;

	for (int i = 0; i < POLICY_NAMESPACE_COUNT; i++)
		if ((match->namespaces >> i & 1) == (match->operation == POLICY_IN) &&
			process->namespaces[i] != process->namespaces_at_exec[i])
			changed = true;
	return changed;
}

/* isNamespaceCapability: only of processes outside of the host's user namespace. */
static bool is_out_of_scope(
	const struct policy_match_capabilities *match, const struct observation *observation)
{
	return match->is_namespace_capability &&
	       observation->process.namespaces[POLICY_NAMESPACE_USER] ==
		       observation->host_namespaces[POLICY_NAMESPACE_USER];
}

static bool capabilities_match(
	const struct policy_match_capabilities *match, const struct observation *observation)
{
	uint64_t has = observation->process.capabilities[match->type] & match->capabilities;

	return !is_out_of_scope(match, observation) &&
	       (has != 0) == (match->operation == POLICY_IN);
}

static bool capability_changes_match(
	const struct policy_match_capabilities *match, const struct observation *observation)
{
	const struct observed_process *process = &observation->process;
	uint64_t changed =
		process->capabilities[match->type] ^ process->capabilities_at_exec[match->type];

	return !is_out_of_scope(match, observation) && changed &&
	       ((changed & match->capabilities) != 0) == (match->operation == POLICY_IN);
}

static bool arguments_match(const struct policy_match_args *items, size_t count,
	const struct policy_arguments *arguments, const struct observed_argument *observed,
	const struct observation *observation)
{
	for (size_t i = 0; i < count; i++) {
		const struct policy_match_args *match = &items[i];
		const struct observed_argument *second =
			match->second_argument
				? &observed[match->second_argument - arguments->items]
				: NULL;

		if (match->operation == POLICY_CEL_EXPR) {
			if (!selector_model_expression_holds(match, observed))
				return false;
			continue;
		}
		if (!selector_model_argument_matches(match,
			    &observed[match->argument - arguments->items], second, observation))
			return false;
	}
	return true;
}

#define ALL(array, condition)                                                                      \
	({                                                                                         \
		bool all_ = true;                                                                  \
		for (size_t i_ = 0; i_ < selector->array.count; i_++) {                            \
			const __typeof__(*selector->array.items) *match =                          \
				&selector->array.items[i_];                                        \
			all_ &= (condition);                                                       \
		}                                                                                  \
		all_;                                                                              \
	})

bool selector_model_matches(const struct policy_hook *hook, const struct policy_selector *selector,
	const struct observation *observation)
{
	const struct observed_process *process = &observation->process;

	return ALL(match_pids, pids_match(match, process)) &&
	       ALL(match_binaries, binaries_match(match, process)) &&
	       ALL(match_parent_binaries, binaries_match(match, process->parent)) &&
	       ALL(match_namespaces, namespaces_match(match, observation)) &&
	       ALL(match_namespace_changes, namespace_changes_match(match, process)) &&
	       ALL(match_capabilities, capabilities_match(match, observation)) &&
	       ALL(match_capability_changes, capability_changes_match(match, observation)) &&
	       (!selector->match_workloads.source || observation->workload_matches) &&
	       arguments_match(selector->match_args.items, selector->match_args.count, &hook->args,
		       observation->args, observation) &&
	       arguments_match(selector->match_data.items, selector->match_data.count, &hook->data,
		       observation->data, observation);
}

bool selector_model_return_matches(
	const struct policy_selector *selector, const struct observation *observation)
{
	return ALL(match_return_args,
		match->operation == POLICY_CEL_EXPR
			? selector_model_expression_holds(match, &observation->return_value)
			: selector_model_argument_matches(
				  match, &observation->return_value, NULL, observation));
}

int selector_model_first_match(
	const struct policy_hook *hook, const struct observation *observation)
{
	if (!hook->selectors.count)
		return 0;
	for (size_t i = 0; i < hook->selectors.count; i++)
		if (selector_model_matches(hook, &hook->selectors.items[i], observation))
			return (int)i;
	return -1;
}
