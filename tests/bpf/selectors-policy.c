/* SPDX-License-Identifier: Apache-2.0 */
/* Random policies. */
#include "lib/util.h"
#include "policy/argument_types.h"
#include "policy/words.h"
#include "tests/bpf/selectors.h"

/* ---- hooks ---- */

struct hook_plan {
	bool tracepoint;
	size_t args_count, data_count;
	enum policy_argument_type types[SELECTED_ARGUMENTS_MAX];
};

size_t list_combinations(struct combination *combinations, size_t size)
{
	size_t count = 0;

	for (int type = 0; type < POLICY_TYPE_COUNT; type++) {
		uint64_t operators =
			policy_class_operators(policy_type_class((enum policy_argument_type)type));

		/* of an array in a tracepoint, and of a field of one: no call has them */
		if (type == POLICY_TYPE_AUTO || type == POLICY_TYPE_DATA_LOC)
			continue;
		for (int operation = 0; operation < POLICY_IN; operation++)
			if ((operators >> operation & 1) && count < size)
				combinations[count++] =
					(struct combination){(enum policy_argument_type)type,
						(enum policy_operator)operation};
	}
	return count;
}

static bool holds_capabilities(enum policy_argument_type type)
{
	return policy_type_class(type) == POLICY_CLASS_CAPABILITIES ||
	       policy_type_class(type) == POLICY_CLASS_CREDENTIALS;
}

static bool can_plan(const struct hook_plan *plan, enum policy_argument_type type)
{
	return policy_type_class(type) != POLICY_CLASS_NONE && type != POLICY_TYPE_AUTO &&
	       type != POLICY_TYPE_DATA_LOC && (plan->tracepoint || type != POLICY_TYPE_SYSCALL64);
}

static void plan_hook(struct hook_plan *plan, struct combination first)
{
	size_t count = 1 + random_below(SELECTED_ARGUMENTS_MAX);

	plan->tracepoint = first.type == POLICY_TYPE_SYSCALL64 || one_in(3);
	if (first.operation == POLICY_CAPABILITIES_GAINED && count < 2)
		count = 2;
	for (size_t i = 0; i < count; i++) {
		do
			plan->types[i] = (enum policy_argument_type)random_below(POLICY_TYPE_COUNT);
		while (!can_plan(plan, plan->types[i]));
	}
	plan->types[0] = first.type;
	if (first.operation == POLICY_CAPABILITIES_GAINED)
		while (!holds_capabilities(plan->types[1]))
			plan->types[1] = (enum policy_argument_type)random_below(POLICY_TYPE_COUNT);
	plan->args_count = count;
	plan->data_count = 0;
	if (!plan->tracepoint && count > 2 && one_in(2)) {
		plan->data_count = 1 + random_below((uint32_t)count - 2);
		plan->args_count -= plan->data_count;
	}
}

static void put_arguments(
	struct buf *yaml, const struct hook_plan *plan, const char *key, size_t begin, size_t count)
{
	if (!count)
		return;
	buf_printf(yaml, "    %s:\n", key);
	for (size_t i = begin; i < begin + count; i++) {
		buf_printf(yaml, "    - {index: %zu, type: \"%s\"", i,
			policy_word(policy_argument_type_words, plan->types[i]));
		if (policy_type_class(plan->types[i]) == POLICY_CLASS_BUFFER)
			buf_printf(yaml, ", sizeArgIndex: %zu", SIZE_RAW(i) + 1);
		buf_append_literal(yaml, "}\n");
	}
}

/* Arguments by their places among the hook's, or some of them in an order of their own. */
static void put_expression(
	struct buf *yaml, const struct hook_plan *plan, size_t begin, size_t count, size_t argument)
{
	enum policy_argument_type types[SELECTED_ARGUMENTS_MAX];
	size_t named = count;

	for (size_t i = 0; i < count; i++)
		types[i] = plan->types[begin + i];
	buf_append_literal(yaml, "      - {operator: CelExpr");
	if (argument || one_in(2)) {
		named = 1 + random_below(SELECTED_ARGUMENTS_MAX);
		buf_append_literal(yaml, ", args: [");
		for (size_t i = 0; i < named; i++) {
			size_t place = i ? random_below((uint32_t)count) : argument;

			buf_printf(yaml, "%s%zu", i ? ", " : "", place);
			types[i] = plan->types[begin + place];
		}
		buf_append_char(yaml, ']');
	}
	buf_append_literal(yaml, ", values: [\"");
	random_expression(yaml, types, named);
	buf_append_literal(yaml, "\"]}\n");
}

static void put_match(struct buf *yaml, const struct hook_plan *plan, size_t begin, size_t count,
	const struct combination *given)
{
	struct combination what;
	size_t argument = given ? 0 : random_below((uint32_t)count), second = argument, values;
	uint64_t operators;

	if (given) {
		what = *given;
	} else {
		what.type = plan->types[begin + argument];
		operators = policy_class_operators(policy_type_class(what.type));
		do
			what.operation = (enum policy_operator)random_below(POLICY_IN);
		while (!(operators >> what.operation & 1));
	}
	if (what.operation == POLICY_CEL_EXPR) {
		put_expression(yaml, plan, begin, count, argument);
		return;
	}
	if (what.operation == POLICY_CAPABILITIES_GAINED) {
		for (size_t i = 0; i < count; i++)
			if (i != argument && holds_capabilities(plan->types[begin + i]))
				second = i;
		buf_printf(yaml, "      - {args: [%zu, %zu]", argument, second);
	} else {
		buf_printf(yaml, "      - {args: [%zu]", argument);
	}
	buf_printf(yaml, ", operator: %s",
		policy_word(policy_argument_operator_words, what.operation));
	values = random_value_count(what.operation);
	for (size_t i = 0; i < values; i++) {
		buf_append_string(yaml, i ? ", " : ", values: [");
		random_value(yaml, what.operation, what.type);
	}
	buf_append_string(yaml, values ? "]}\n" : "}\n");
}

/* ---- filters on the process ---- */

const char *const binary_paths[BINARY_COUNT] = {
	"/usr/bin/cat",
	"/usr/bin/cat2",
	"/usr/bin/bash",
	"/usr/sbin/cat",
	"/bin/cat",
	"/opt/a",
	"/opt/ab",
	"/x/opt/a",
};

static void put_pids(struct buf *yaml)
{
	buf_printf(yaml,
		"      matchPIDs: [{operator: %s, isNamespacePID: %s, followForks: %s, values: "
		"[%s, "
		"%u",
		ANY_OF("In", "NotIn"), ANY_OF("true", "false"), ANY_OF("true", "false"),
		ANY_OF("0", "1"), random_below(1000000));
	if (one_in(2))
		buf_printf(yaml, ", %d", one_in(2) ? getpid() : getppid());
	buf_append_literal(yaml, "]}]\n");
}

static void put_binaries(struct buf *yaml, const char *filter)
{
	size_t count = 1 + random_below(2);

	buf_printf(yaml, "      %s:\n", filter);
	for (size_t i = 0; i < count; i++) {
		const char *operation =
			ANY_OF("In", "NotIn", "Prefix", "NotPrefix", "Postfix", "NotPostfix");
		const char *path = binary_paths[random_below(BINARY_COUNT)];

		if (strstr(operation, "refix"))
			path = ANY_OF("/usr", "/usr/bin/cat", "/o", "/opt/a");
		if (strstr(operation, "ostfix"))
			path = ANY_OF("cat", "/bash", "a", "opt/a");
		buf_printf(yaml, "      - {operator: %s, values: [\"%s\", \"%s\"]%s}\n", operation,
			path, one_in(2) ? path : "/opt/a",
			strstr(operation, "In") && one_in(2) ? ", followChildren: true" : "");
	}
}

static void put_namespaces(struct buf *yaml)
{
	static const char *const names[] = {
		"Uts", "Ipc", "Mnt", "Pid", "PidForChildren", "Net", "Cgroup", "User"};
	uint32_t inodes[POLICY_NAMESPACE_COUNT];
	static const uint8_t kinds[] = {0, 1, 2, 3, 4, 5, 8, 9};
	size_t which = random_below(ARRAY_SIZE(names));

	host_namespaces(inodes);
	buf_printf(yaml, "      matchNamespaces: [{namespace: %s, operator: %s, values: [",
		names[which], ANY_OF("In", "NotIn"));
	if (one_in(2))
		buf_append_literal(yaml, "host_ns");
	else
		buf_printf(yaml, "\"%u\"", inodes[kinds[which]] + random_below(2));
	buf_append_literal(yaml, ", \"4026999999\"]}]\n");
}

static void put_namespace_changes(struct buf *yaml)
{
	buf_printf(yaml, "      matchNamespaceChanges: [{operator: %s, values: [%s, %s]}]\n",
		ANY_OF("In", "NotIn"), ANY_OF("Uts", "Ipc", "Mnt", "Pid"),
		ANY_OF("PidForChildren", "Net", "Cgroup", "User"));
}

static void put_process_capabilities(struct buf *yaml, const char *filter)
{
	buf_printf(yaml,
		"      %s: [{type: %s, operator: %s, isNamespaceCapability: %s, values: [%s, "
		"%s]}]\n",
		filter, ANY_OF("Effective", "Inheritable", "Permitted"), ANY_OF("In", "NotIn"),
		ANY_OF("true", "false", "false"), ANY_OF("CAP_CHOWN", "CAP_SYS_PTRACE"),
		ANY_OF("CAP_CHOWN", "CAP_NET_RAW"));
}

static void put_process_filter(struct buf *yaml, unsigned int filter)
{
	switch (filter) {
	case 0:
		put_pids(yaml);
		break;
	case 1:
		put_binaries(yaml, "matchBinaries");
		break;
	case 2:
		put_binaries(yaml, "matchParentBinaries");
		break;
	case 3:
		put_namespaces(yaml);
		break;
	case 4:
		put_namespace_changes(yaml);
		break;
	case 5:
		put_process_capabilities(yaml, "matchCapabilities");
		break;
	case 6:
		put_process_capabilities(yaml, "matchCapabilityChanges");
		break;
	default:
		buf_append_literal(
			yaml, "      matchWorkloads: {podSelector: {matchLabels: {a: b}}}\n");
		break;
	}
}

static void put_selector(
	struct buf *yaml, const struct hook_plan *plan, const struct combination *given)
{
	size_t args = given ? 1 : random_below(3);
	size_t data = plan->data_count ? random_below(2) : 0;
	bool process = !given && (one_in(2) || !(args + data));

	buf_printf(yaml, "    - label: \"%u\"\n", random_below(1000));
	if (process)
		put_process_filter(yaml, random_below(PROCESS_FILTERS));
	if (args)
		buf_append_literal(yaml, "      matchArgs:\n");
	for (size_t i = 0; i < args; i++)
		put_match(yaml, plan, 0, plan->args_count, given);
	if (data)
		buf_append_literal(yaml, "      matchData:\n");
	for (size_t i = 0; i < data; i++)
		put_match(yaml, plan, plan->args_count, plan->data_count, NULL);
}

static void put_head(struct buf *yaml, const struct hook_plan *plan)
{
	buf_append_literal(yaml,
		"apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\n"
		"metadata: {name: random}\nspec:\n  lists:\n"
		"  - {name: calls, type: syscalls, values: [sys_read, sys_getpid]}\n");
	buf_printf(yaml, "  - {name: numbers, values: [\"%u\", \"0x%x\", \"%u\"]}\n",
		random_below(12), random_below(100), random_below(128));
	buf_append_string(yaml, plan->tracepoint ? "  tracepoints:\n  - subsystem: raw_syscalls\n"
						   "    event: sys_enter\n    raw: true\n"
						 : "  kprobes:\n  - call: f\n    syscall: false\n");
	put_arguments(yaml, plan, "args", 0, plan->args_count);
	put_arguments(yaml, plan, "data", plan->args_count, plan->data_count);
	buf_append_literal(yaml, "    selectors:\n");
}

void random_policy(struct buf *yaml, struct combination first, int process_filter)
{
	struct hook_plan plan;
	size_t selectors = 1 + random_below(4);

	plan_hook(&plan, first);
	put_head(yaml, &plan);
	for (size_t i = 0; i < selectors; i++) {
		if (process_filter < 0) {
			put_selector(yaml, &plan, i == 0 ? &first : NULL);
			continue;
		}
		buf_append_literal(yaml, "    - label: process\n");
		put_process_filter(
			yaml, i ? random_below(PROCESS_FILTERS) : (unsigned int)process_filter);
	}
}

void random_narrow_policy(struct buf *yaml)
{
	static const uint8_t types[] = {POLICY_TYPE_STRING, POLICY_TYPE_INT, POLICY_TYPE_UINT8,
		POLICY_TYPE_INT16, POLICY_TYPE_UINT32, POLICY_TYPE_INT64, POLICY_TYPE_UINT64};
	static const uint8_t of_numbers[] = {POLICY_EQUAL, POLICY_GREATER_THAN, POLICY_LESS_THAN,
		POLICY_MASK, POLICY_IN_RANGE, POLICY_IN_MAP, POLICY_NOT_EQUAL, POLICY_CEL_EXPR};
	size_t selectors = 1 + random_below(3);
	struct hook_plan plan = {.args_count = 2,
		.types = {one_in(2) ? POLICY_TYPE_STRING : types[random_below(ARRAY_SIZE(types))],
			types[random_below(ARRAY_SIZE(types))]}};
	struct combination first = {.type = plan.types[0]};

	put_head(yaml, &plan);
	for (size_t i = 0; i < selectors; i++) {
		if (first.type == POLICY_TYPE_STRING)
			first.operation = one_in(2) ? POLICY_EQUAL : POLICY_PREFIX;
		else
			first.operation = of_numbers[random_below(ARRAY_SIZE(of_numbers))];
		buf_append_literal(yaml, "    - matchArgs:\n");
		put_match(yaml, &plan, 0, plan.args_count, &first);
		if (one_in(3))
			put_match(yaml, &plan, 0, plan.args_count, NULL);
	}
}
