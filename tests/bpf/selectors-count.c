/* SPDX-License-Identifier: Apache-2.0 */
/* Which questions have been decisive, with both answers. */
#include <stdio.h>
#include <string.h>

#include "lib/util.h"
#include "policy/argument_types.h"
#include "policy/words.h"
#include "tests/bpf/selectors.h"

enum filter {
	FILTER_PIDS,
	FILTER_BINARIES,
	FILTER_PARENT_BINARIES,
	FILTER_NAMESPACES,
	FILTER_NAMESPACE_CHANGES,
	FILTER_CAPABILITIES,
	FILTER_CAPABILITY_CHANGES,
	FILTER_WORKLOADS,
	FILTERS
};

static const struct {
	const char *name;
	bool has_texts; /* operators of prefixes and postfixes too */
} filters[FILTERS] = {
	[FILTER_PIDS] = {"matchPIDs"},
	[FILTER_BINARIES] = {"matchBinaries", true},
	[FILTER_PARENT_BINARIES] = {"matchParentBinaries", true},
	[FILTER_NAMESPACES] = {"matchNamespaces"},
	[FILTER_NAMESPACE_CHANGES] = {"matchNamespaceChanges"},
	[FILTER_CAPABILITIES] = {"matchCapabilities"},
	[FILTER_CAPABILITY_CHANGES] = {"matchCapabilityChanges"},
	[FILTER_WORKLOADS] = {"matchWorkloads"},
};

/* The selector with one entry of one filter alone: what that one answers. */
static bool answer(const struct policy_hook *hook, const struct policy_selector *alone,
	const struct observation *observation)
{
	return selector_model_matches(hook, alone, observation);
}

/* In, NotIn, and the four of prefixes and postfixes, which follow upon Equal and NotEqual. */
static int operation_column(int operation)
{
	return operation < POLICY_IN ? operation : operation - POLICY_IN;
}

/* What the other entries say is the same whatever this one says: all must be met, so it is decisive
 * if it is the only one that is not, or if all are. */
struct counting {
	struct occurrences *occurrences;
	const struct policy_hook *hook;
	const struct observation *observation;
	size_t unmet; /* of the whole selector */
	bool count;
};

static void look(struct counting *counting, const struct policy_selector *alone, uint32_t slots[2])
{
	bool met = answer(counting->hook, alone, counting->observation);

	if (!counting->count)
		counting->unmet += !met;
	else if (counting->unmet == (met ? 0 : 1))
		slots[met]++;
}

#define LOOK_AT(filter, array, column)                                                             \
	for (size_t i = 0; i < selector->array.count; i++) {                                       \
		const __typeof__(*selector->array.items) *match = &selector->array.items[i];       \
		struct policy_selector alone = {                                                   \
			.array = {.items = &selector->array.items[i], .count = 1}};                \
		int at = operation_column(column);                                                 \
		(void)match;                                                                       \
		look(counting, &alone, counting->occurrences->of_filter[filter][at]);              \
	}

#define LOOK_AT_ARGUMENTS(array)                                                                   \
	for (size_t i = 0; i < selector->array.count; i++) {                                       \
		const struct policy_match_args *match = &selector->array.items[i];                 \
		struct policy_selector alone = {                                                   \
			.array = {.items = &selector->array.items[i], .count = 1}};                \
		look(counting, &alone,                                                             \
			counting->occurrences                                                      \
				->of_argument[match->argument->type][match->operation]);           \
	}

static void look_at_all(struct counting *counting, const struct policy_selector *selector)
{
	LOOK_AT(FILTER_PIDS, match_pids, match->operation);
	LOOK_AT(FILTER_BINARIES, match_binaries, match->operation);
	LOOK_AT(FILTER_PARENT_BINARIES, match_parent_binaries, match->operation);
	LOOK_AT(FILTER_NAMESPACES, match_namespaces, match->operation);
	LOOK_AT(FILTER_NAMESPACE_CHANGES, match_namespace_changes, match->operation);
	LOOK_AT(FILTER_CAPABILITIES, match_capabilities, match->operation);
	LOOK_AT(FILTER_CAPABILITY_CHANGES, match_capability_changes, match->operation);
	LOOK_AT_ARGUMENTS(match_args);
	LOOK_AT_ARGUMENTS(match_data);
	if (selector->match_workloads.source) {
		struct policy_selector alone = {.match_workloads = selector->match_workloads};

		look(counting, &alone, counting->occurrences->of_filter[FILTER_WORKLOADS][0]);
	}
}

void count_decisions(struct occurrences *occurrences, const struct policy_hook *hook,
	const struct observation *observation)
{
	for (size_t i = 0; i < hook->selectors.count; i++) {
		struct counting counting = {occurrences, hook, observation, 0, false};
		const struct policy_selector *selector = &hook->selectors.items[i];

		look_at_all(&counting, selector);
		counting.count = true;
		look_at_all(&counting, selector);
		if (!counting.unmet) /* later ones are not asked */
			return;
	}
}

bool has_occurred(const struct occurrences *occurrences, struct combination combination)
{
	const uint32_t *times = occurrences->of_argument[combination.type][combination.operation];

	return times[0] && times[1];
}

static const int filter_operations[] = {POLICY_IN, POLICY_NOT_IN, POLICY_PREFIX, POLICY_NOT_PREFIX,
	POLICY_POSTFIX, POLICY_NOT_POSTFIX};

static bool filter_is_missing(const struct occurrences *occurrences, int filter, int operation)
{
	int column = operation_column(filter_operations[operation]);
	const uint32_t *times = occurrences->of_filter[filter][column];

	if (operation >= (filters[filter].has_texts ? 6 : 2) ||
		(filter == FILTER_WORKLOADS && operation))
		return false;
	return !times[0] || !times[1];
}

int missing_filter(const struct occurrences *occurrences)
{
	for (int filter = 0; filter < FILTERS; filter++)
		for (size_t i = 0; i < ARRAY_SIZE(filter_operations); i++)
			if (filter_is_missing(occurrences, filter, (int)i))
				return filter;
	return -1;
}

size_t count_missing(const struct occurrences *occurrences, bool print)
{
	struct combination combinations[1024];
	size_t count = list_combinations(combinations, ARRAY_SIZE(combinations)), missing = 0;

	for (size_t i = 0; i < count; i++) {
		if (has_occurred(occurrences, combinations[i]))
			continue;
		missing++;
		if (print)
			printf("# %s %s: not both answers\n",
				policy_word(policy_argument_type_words, combinations[i].type),
				policy_word(
					policy_argument_operator_words, combinations[i].operation));
	}
	for (int filter = 0; filter < FILTERS; filter++)
		for (size_t i = 0; i < ARRAY_SIZE(filter_operations); i++) {
			if (!filter_is_missing(occurrences, filter, (int)i))
				continue;
			missing++;
			if (print)
				printf("# %s, operator %zu: not both answers\n",
					filters[filter].name, i);
		}
	return missing;
}
