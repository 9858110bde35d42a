/* SPDX-License-Identifier: Apache-2.0 */
/* Random policies. Values are few, so that arguments meet them. */
#include <linux/capability.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"
#include "policy/argument_types.h"
#include "policy/words.h"
#include "tests/bpf/selectors.h"

static uint64_t state;

void random_seed(uint64_t seed)
{
	state = seed;
}

uint64_t random_bits(void) /* splitmix64 */
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t random_below(uint32_t limit)
{
	return (uint32_t)(random_bits() >> 32) % limit;
}

bool one_in(uint32_t times)
{
	return random_below(times) == 0;
}

size_t random_text(char *text, size_t longest)
{
	static const char letters[] = "aAbzZ@[`{/.1";
	size_t length = random_below(one_in(4) ? 60 : 9);

	if (one_in(12))
		length = one_in(3) ? longest : random_below((uint32_t)longest + 1);
	if (length > longest)
		length = longest;
	for (size_t i = 0; i < length; i++)
		text[i] = letters[random_below(one_in(2) ? 2 : sizeof(letters) - 1)];
	return length;
}

uint64_t random_integer(enum policy_argument_type type)
{
	unsigned int bits = policy_type_bits(type);
	bool is_signed = policy_type_is_signed(type);
	uint64_t maximum = UINT64_MAX >> (64 - bits + is_signed);
	uint64_t minimum = is_signed ? ~maximum : 0, value;

	switch (random_below(6)) {
	case 0:
		return maximum - random_below(2);
	case 1:
		return minimum + random_below(2);
	case 2:
		value = random_bits() >> random_below(64);
		return value & maximum;
	case 3:
		return is_signed ? (uint64_t)-1 - random_below(4) : random_below(20);
	default:
		return random_below(12);
	}
}

static const char *any_of(const char *const *words, size_t count)
{
	return words[random_below((uint32_t)count)];
}
#define ANY_OF(...)                                                                                \
	({                                                                                         \
		static const char *const words_[] = {__VA_ARGS__};                                 \
		any_of(words_, ARRAY_SIZE(words_));                                                \
	})

static void put_quoted(struct buf *yaml, const char *text, size_t length)
{
	buf_append_char(yaml, '"');
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == '"' || c == '\\' || c == 0x7f)
			buf_printf(yaml, "\\x%02x", c);
		else
			buf_append_char(yaml, (char)c);
	}
	buf_append_char(yaml, '"');
}

static void put_number(struct buf *yaml, enum policy_argument_type type, uint64_t value)
{
	if (policy_type_is_signed(type))
		buf_printf(yaml, "%lld", (long long)value);
	else
		buf_printf(yaml, "%llu", (unsigned long long)value);
}

static void put_range(struct buf *yaml, enum policy_argument_type type)
{
	uint64_t low = random_integer(type), high = random_integer(type);

	if (policy_type_is_signed(type) ? (int64_t)low > (int64_t)high : low > high) {
		uint64_t greater = low;

		low = high;
		high = greater;
	}
	buf_append_char(yaml, '"');
	put_number(yaml, type, low);
	buf_append_char(yaml, ':');
	put_number(yaml, type, high);
	buf_append_char(yaml, '"');
}

static void put_integer_value(
	struct buf *yaml, enum policy_operator operation, enum policy_argument_type type)
{
	uint64_t value = random_integer(type);
	bool in_map = operation == POLICY_IN_MAP || operation == POLICY_NOT_IN_MAP;

	if (operation == POLICY_IN_RANGE || operation == POLICY_NOT_IN_RANGE ||
		(in_map && one_in(3))) {
		put_range(yaml, type);
		return;
	}
	if (in_map && one_in(6)) {
		buf_append_string(yaml, ANY_OF("\"list:numbers\"", "\"list:calls\""));
		return;
	}
	if (type == POLICY_TYPE_CAPABILITY && operation != POLICY_MASK && one_in(2)) {
		buf_append_string(yaml, ANY_OF("CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_BPF"));
		return;
	}
	if (operation == POLICY_MASK && !value)
		value = 1;
	buf_append_char(yaml, '"');
	put_number(yaml, type, value);
	buf_append_char(yaml, '"');
}

/* A path that there is, and parts of it. */
static size_t random_path(char *text, size_t longest)
{
	const char *path = open_files[random_below((uint32_t)open_file_count)].path;
	size_t length = strlen(path), begin = 0;

	if (one_in(2))
		length = 1 + random_below((uint32_t)length);
	if (one_in(2))
		begin = random_below((uint32_t)length);
	if (length - begin > longest)
		begin = length - longest;
	memcpy(text, path + begin, length - begin);
	return length - begin;
}

static void put_text_value(
	struct buf *yaml, enum policy_operator operation, enum policy_type_class class)
{
	static char text[POLICY_PATH_LENGTH_MAX + 1];
	bool whole = operation == POLICY_EQUAL || operation == POLICY_NOT_EQUAL;
	bool part = operation == POLICY_SUB_STRING || operation == POLICY_SUB_STRING_IGN_CASE;
	size_t longest = whole	? POLICY_PATH_LENGTH_MAX
			 : part ? POLICY_SUBSTRING_LENGTH_MAX
				: POLICY_PREFIX_LENGTH_MAX;
	size_t length;

	if (class == POLICY_CLASS_PATH && whole && one_in(2)) {
		const char *path = open_files[random_below((uint32_t)open_file_count)].path;

		put_quoted(yaml, path, strlen(path));
		return;
	}
	if (class == POLICY_CLASS_PATH && !one_in(4))
		length = random_path(text, longest);
	else if (class == POLICY_CLASS_SOCKET_PATH)
		length = random_text(text, MIN(longest, (size_t)107));
	else
		length = random_text(text, longest);
	if (!length && !whole)
		text[length++] = 'a';
	if (class == POLICY_CLASS_BUFFER && length && one_in(4))
		text[random_below((uint32_t)length)] = (char)random_below(3);
	put_quoted(yaml, text, length);
}

static void put_address(struct buf *yaml)
{
	if (one_in(2)) {
		buf_printf(yaml, "\"%u.%u.%u.%u", one_in(2) ? 10 : random_below(256),
			random_below(3), random_below(256), random_below(256));
		if (one_in(2))
			buf_printf(yaml, "/%u", random_below(33));
	} else {
		buf_printf(yaml, "\"%s:%x:%x::%x", ANY_OF("2001", "fe80"), random_below(2),
			random_below(65536), random_below(65536));
		if (one_in(2))
			buf_printf(yaml, "/%u", random_below(129));
	}
	buf_append_char(yaml, '"');
}

static void put_port(struct buf *yaml)
{
	uint32_t ports[2] = {one_in(3) ? random_below(65536) : 1020 + random_below(8)};

	ports[1] = ports[0] + random_below(65536 - ports[0]);
	if (one_in(3))
		buf_printf(yaml, "\"%u:%u\"", ports[0], ports[1]);
	else
		buf_printf(yaml, "\"%u\"", ports[0]);
}

static void put_capabilities(struct buf *yaml)
{
	if (one_in(2))
		buf_printf(yaml, "\"%u\"", 1 + random_below(15));
	else
		buf_printf(yaml, "\"%s,%s\"", ANY_OF("CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_BPF"),
			ANY_OF("CAP_CHOWN", "CAP_KILL"));
}

static void put_value(
	struct buf *yaml, enum policy_operator operation, enum policy_argument_type type)
{
	enum policy_type_class class = policy_type_class(type);

	switch (operation) {
	case POLICY_S_PORT:
	case POLICY_NOT_S_PORT:
	case POLICY_D_PORT:
	case POLICY_NOT_D_PORT:
		put_port(yaml);
		return;
	case POLICY_S_ADDR:
	case POLICY_NOT_S_ADDR:
	case POLICY_D_ADDR:
	case POLICY_NOT_D_ADDR:
		put_address(yaml);
		return;
	case POLICY_PROTOCOL:
		buf_append_string(yaml, ANY_OF("tcp", "IPPROTO_UDP", "\"1\"", "\"100:300\""));
		return;
	case POLICY_FAMILY:
		buf_append_string(yaml, ANY_OF("AF_INET", "inet6", "AF_UNIX", "\"16\""));
		return;
	case POLICY_STATE:
		buf_append_string(yaml, ANY_OF("TCP_ESTABLISHED", "listen", "\"2:5\""));
		return;
	case POLICY_FILE_TYPE:
	case POLICY_NOT_FILE_TYPE:
		buf_append_string(yaml, ANY_OF("sock", "lnk", "reg", "blk", "dir", "chr", "fifo"));
		return;
	default:
		break;
	}
	if (class == POLICY_CLASS_INTEGER)
		put_integer_value(yaml, operation, type);
	else if (class == POLICY_CLASS_CAPABILITIES)
		put_capabilities(yaml);
	else
		put_text_value(yaml, operation, class);
}

static size_t value_count(enum policy_operator operation)
{
	switch (operation) {
	case POLICY_GREATER_THAN:
	case POLICY_LESS_THAN:
		return 1;
	case POLICY_S_PORT_PRIV:
	case POLICY_NOT_S_PORT_PRIV:
	case POLICY_D_PORT_PRIV:
	case POLICY_NOT_D_PORT_PRIV:
	case POLICY_CAPABILITIES_GAINED:
		return 0;
	default:
		return 1 + random_below(one_in(8) ? 24 : 3);
	}
}

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
	values = value_count(what.operation);
	for (size_t i = 0; i < values; i++) {
		buf_append_string(yaml, i ? ", " : ", values: [");
		put_value(yaml, what.operation, what.type);
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
		"      matchPIDs: [{operator: %s, isNamespacePID: %s, followForks: %s, values: [1, "
		"%u",
		ANY_OF("In", "NotIn"), ANY_OF("true", "false"), ANY_OF("true", "false"),
		random_below(1000000));
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
