/* SPDX-License-Identifier: Apache-2.0 */
/* The model of selectors, held against what the policy language says of each operator and filter.
 */
#include "policy/selector_model.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/buf.h"
#include "policy/policy.h"
#include "tests/unit/unit.h"

static struct policy_set *set;

static void tear_down(void)
{
	set = policy_set_free(set);
}

/* A policy of one kprobe with these args and one selector. */
static const struct policy_hook *parse(const char *args, const char *selector)
{
	_cleanup_buf_ struct buf text = {0};

	buf_printf(&text,
		"apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: p}\n"
		"spec:\n  lists: [{name: numbers, values: ['7', '0x10']}, {name: calls,"
		" type: syscalls, values: [sys_dup]}]\n  kprobes:\n"
		"  - {call: f, syscall: false, return: true, returnArg: {index: 0, type: int},"
		" args: [%s], selectors: [%s]}\n",
		args, selector);
	set = policy_set_free(set);
	ck_assert_int_eq(policy_set_parse(text.data, text.length, &set), 0);
	ck_assert_msg(!set->report.errors, "%s: %s", selector, set->report.problems[0].message);
	return set->policies[0].spec.hooks[POLICY_KPROBE].items;
}

static bool match_argument(const char *type, const char *operation, const char *values,
	const struct observed_argument *argument)
{
	const struct policy_hook *hook;
	struct observation observation = {.args = argument};
	char args[128], selector[1024];

	snprintf(args, sizeof(args), "{index: 0, type: %s}", type);
	snprintf(selector, sizeof(selector),
		"{matchArgs: [{index: 0, operator: %s, values: [%s]}]}", operation, values);
	hook = parse(args, selector);
	return selector_model_matches(hook, hook->selectors.items, &observation);
}

static bool match_integer(
	const char *type, const char *operation, const char *values, int64_t integer)
{
	struct observed_argument argument = {.readable = true, .integer = (uint64_t)integer};

	return match_argument(type, operation, values, &argument);
}

START_TEST(test_integers)
{
	static const struct {
		const char *type, *operation, *values;
		int64_t integer;
		bool matches;
	} cases[] = {
		{"int", "Equal", "'1', '-2'", -2, true},
		{"int", "Equal", "'1', '-2'", 2, false},
		{"int", "NotEqual", "'1', '-2'", 2, true},
		{"int", "NotEqual", "'1', '-2'", 1, false},
		{"int", "GreaterThan", "'-1'", 0, true},
		{"int", "GreaterThan", "'-1'", -1, false},
		{"uint64", "GreaterThan", "'5'", -1, true}, /* 2^64 - 1 */
		{"int64", "LessThan", "'5'", -1, true},
		{"uint64", "LessThan", "'5'", -1, false},
		{"int", "LT", "'5'", 5, false},
		{"uint32", "Mask", "'0x3', '8'", 2, true},
		{"uint32", "Mask", "'0x3', '8'", 8, true},
		{"uint32", "Mask", "'0x3', '8'", 4, false},
		{"int", "InRange", "'-5:5', '10:10'", -5, true},
		{"int", "InRange", "'-5:5', '10:10'", 5, true},
		{"int", "InRange", "'-5:5', '10:10'", 10, true},
		{"int", "InRange", "'-5:5', '10:10'", 6, false},
		{"int", "NotInRange", "'-5:5', '10:10'", 6, true},
		{"int", "NotInRange", "'-5:5', '10:10'", 0, false},
		{"int", "InMap", "'1', '3:5'", 4, true},
		{"int", "InMap", "'1', '3:5'", 2, false},
		{"int", "NotInMap", "'1', '3:5'", 2, true},
		{"int", "InMap", "'list:numbers'", 16, true},
		{"int", "InMap", "'list:numbers'", 8, false},
		{"int", "NotInMap", "'list:numbers', '8'", 8, false},
		{"capability", "Equal", "CAP_SYS_ADMIN", 21, true},
		{"int8", "Equal", "'-1'", -1, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(match_integer(cases[i].type, cases[i].operation, cases[i].values,
				      cases[i].integer) == cases[i].matches,
			"%s %s %s %lld", cases[i].type, cases[i].operation, cases[i].values,
			(long long)cases[i].integer);
}
END_TEST

START_TEST(test_texts)
{
	static const struct {
		const char *type, *operation, *values, *text;
		bool matches;
	} cases[] = {
		{"file", "Equal", "/etc/passwd, /etc/shadow", "/etc/shadow", true},
		{"file", "Equal", "/etc/passwd", "/etc/passwd2", false},
		{"file", "NotEqual", "/etc/passwd, /etc/shadow", "/etc/shadow", false},
		{"file", "NotEqual", "/etc/passwd, /etc/shadow", "/etc/group", true},
		{"path", "Prefix", "/etc, /boot/", "/etcetera", true},
		{"path", "Prefix", "/etc, /boot/", "/boot", false},
		{"path", "NotPrefix", "/etc, /boot/", "/boot", true},
		{"path", "NotPrefix", "/etc, /boot/", "/etc/x", false},
		{"string", "Postfix", ".so, .ko", "/a.ko", true},
		{"string", "Postfix", ".so, .ko", "so", false},
		{"string", "NotPostfix", ".so, .ko", "/a.ko", false},
		{"string", "SubString", "pass", "/etc/passwd", true},
		{"string", "SubString", "PASS", "/etc/passwd", false},
		{"string", "SubStringIgnCase", "PASS", "/etc/passwd", true},
		{"string", "SubString", "passwords", "pass", false},
		{"string", "Equal", "\"name\\0\"", "name", true},
		{"string", "Equal", "''", "", true},
		{"sockaddr_un", "Prefix", "'@'", "@abstract", true},
		{"net_device", "Equal", "lo", "lo", true},
		{"linux_binprm", "Postfix", "nop", "/bin/nop", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct observed_argument argument = {
			.readable = true,
			.text = {.data = cases[i].text, .length = strlen(cases[i].text)},
		};

		ck_assert_msg(match_argument(cases[i].type, cases[i].operation, cases[i].values,
				      &argument) == cases[i].matches,
			"%s %s %s", cases[i].operation, cases[i].values, cases[i].text);
		argument.readable = false;
		ck_assert_msg(!match_argument(cases[i].type, cases[i].operation, cases[i].values,
				      &argument),
			"%s matches what could not be read", cases[i].operation);
	}
}
END_TEST

START_TEST(test_bytes)
{
	struct observed_argument argument = {
		.readable = true, .text = {.data = "a\0b", .length = 3}};

	ck_assert(match_argument("char_buf", "Equal", "\"a\\0b\"", &argument));
	ck_assert(!match_argument("char_buf", "Equal", "\"a\"", &argument));
	ck_assert(!match_argument("char_buf", "Equal", "\"a\\0b\\0\"", &argument));
	ck_assert(match_argument("char_buf", "SubString", "\"\\0b\"", &argument));
	ck_assert(match_argument("char_buf", "SubStringIgnCase", "B", &argument));
	ck_assert(match_argument("char_buf", "Postfix", "b", &argument));
}
END_TEST

START_TEST(test_file_types)
{
	struct observed_argument argument = {.readable = true, .mode = S_IFIFO | 0600};

	ck_assert(match_argument("file", "FileType", "reg, fifo", &argument));
	ck_assert(match_argument("file", "FileType", "pipe", &argument));
	ck_assert(!match_argument("file", "FileType", "reg", &argument));
	ck_assert(match_argument("fd", "NotFileType", "reg, dir", &argument));
	ck_assert(!match_argument("fd", "NotFileType", "reg, fifo", &argument));
}
END_TEST

static struct observed_argument internet_socket(const char *source, const char *destination)
{
	struct observed_argument argument = {.readable = true};
	int family = strchr(source, ':') ? AF_INET6 : AF_INET;

	argument.socket.family = (uint16_t)family;
	argument.socket.protocol = IPPROTO_TCP;
	argument.socket.state = TCP_ESTABLISHED;
	argument.socket.source_port = 40000;
	argument.socket.destination_port = 443;
	ck_assert_int_eq(inet_pton(family, source, argument.socket.source), 1);
	ck_assert_int_eq(inet_pton(family, destination, argument.socket.destination), 1);
	return argument;
}

START_TEST(test_sockets)
{
	struct observed_argument argument = internet_socket("10.1.2.3", "192.168.7.1");
	static const struct {
		const char *operation, *values;
		bool matches;
	} cases[] = {
		{"SAddr", "10.1.2.3", true},
		{"SAddr", "10.0.0.0/8, 172.16.0.0/12", true},
		{"SAddr", "10.1.2.0/31", false},
		{"SAddr", "10.1.2.2/31", true},
		{"SAddr", "10.255.255.255/8", true}, /* bits beyond do not count */
		{"SAddr", "0.0.0.0/0", true},
		{"SAddr", "'::/0'", false},
		{"NotSAddr", "'::/0'", true},
		{"NotSAddr", "10.0.0.0/8", false},
		{"DAddr", "192.168.0.0/16", true},
		{"NotDAddr", "127.0.0.1, 192.168.7.1", false},
		{"SPort", "'40000'", true},
		{"SPort", "'443'", false},
		{"DPort", "'1:442', '443'", true},
		{"NotDPort", "'1:500'", false},
		{"NotSPort", "'1:500'", true},
		{"SPortPriv", "", false},
		{"NotSportPriv", "", true},
		{"DPortPriv", "", true},
		{"NotDPortPriv", "", false},
		{"Protocol", "IPPROTO_UDP, tcp", true},
		{"Protocol", "IPPROTO_UDP", false},
		{"Family", "AF_INET", true},
		{"Family", "'10'", false},
		{"State", "TCP_LISTEN, TCP_ESTABLISHED", true},
		{"State", "TCP_SYN_SENT", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(match_argument("sock", cases[i].operation, cases[i].values,
				      &argument) == cases[i].matches,
			"%s %s", cases[i].operation, cases[i].values);
	argument = internet_socket("fe80::1", "2001:db8::5");
	ck_assert(match_argument("skb", "SAddr", "'fe80::/10'", &argument));
	ck_assert(match_argument("skb", "DAddr", "'2001:db8::/32'", &argument));
	ck_assert(!match_argument("skb", "DAddr", "'2001:db9::/32'", &argument));
	ck_assert(match_argument("sockaddr", "Family", "AF_INET6", &argument));
}
END_TEST

/* A socket that has neither ports nor addresses matches nothing that looks at them. */
START_TEST(test_unix_sockets)
{
	struct observed_argument argument = {.readable = true, .socket = {.family = AF_UNIX}};

	ck_assert(!match_argument("sock", "NotDAddr", "127.0.0.1", &argument));
	ck_assert(!match_argument("sock", "NotSPort", "'80'", &argument));
	ck_assert(!match_argument("sock", "SPortPriv", "", &argument));
	ck_assert(match_argument("sock", "Family", "AF_UNIX", &argument));
}
END_TEST

START_TEST(test_capability_arguments)
{
	struct observed_argument arguments[] = {
		{.readable = true, .capabilities = 0x21}, {.readable = true, .capabilities = 0x20}};
	struct observation observation = {.args = arguments};
	const struct policy_hook *hook;

	ck_assert(match_argument("cap_effective", "Equal", "'0x21'", arguments));
	ck_assert(match_argument("cap_effective", "NotEqual", "'0'", arguments));
	ck_assert(match_argument("cap_effective", "Mask", "CAP_CHOWN", arguments));
	ck_assert(!match_argument("cap_effective", "Mask", "CAP_SYS_ADMIN", arguments));
	hook = parse("{index: 0, type: cap_effective}, {index: 1, type: cap_permitted}",
		"{matchArgs: [{args: [0, 1], operator: CapabilitiesGained}]}");
	ck_assert(selector_model_matches(hook, hook->selectors.items, &observation));
	arguments[1].capabilities = 0x31;
	ck_assert(!selector_model_matches(hook, hook->selectors.items, &observation));
}
END_TEST

/* What `auto` turns out to be decides what the values mean. */
START_TEST(test_auto)
{
	struct observed_argument argument = {
		.readable = true, .type = POLICY_TYPE_INT, .integer = 16};

	ck_assert(match_argument("auto", "Equal", "'0x10'", &argument));
	argument.type = POLICY_TYPE_STRING;
	argument.text = (struct policy_text){.data = "0x10", .length = 4};
	ck_assert(match_argument("auto", "Equal", "'0x10'", &argument));
	ck_assert(!match_argument("auto", "Equal", "'16'", &argument));
}
END_TEST

static bool match_process(const char *selector, const struct observation *observation)
{
	const struct policy_hook *hook = parse("", selector);

	return selector_model_matches(hook, hook->selectors.items, observation);
}

START_TEST(test_pids)
{
	struct observed_process init = {.pid = 1, .namespace_pid = 1};
	struct observed_process parent = {.pid = 100, .namespace_pid = 5, .parent = &init};
	struct observation o = {
		.process = {.pid = 101, .namespace_pid = 6, .parent = &parent},
	};

	ck_assert(match_process("{matchPIDs: [{operator: In, values: [101]}]}", &o));
	ck_assert(!match_process("{matchPIDs: [{operator: In, values: [100]}]}", &o));
	ck_assert(match_process("{matchPIDs: [{operator: NotIn, values: [100]}]}", &o));
	ck_assert(match_process(
		"{matchPIDs: [{operator: In, values: [100], followForks: true}]}", &o));
	ck_assert(!match_process(
		"{matchPIDs: [{operator: NotIn, values: [1], followForks: true}]}", &o));
	ck_assert(match_process(
		"{matchPIDs: [{operator: In, values: [6], isNamespacePID: true}]}", &o));
	ck_assert(!match_process(
		"{matchPIDs: [{operator: In, values: [101], isNamespacePID: true}]}", &o));
	/* each entry counts */
	ck_assert(!match_process("{matchPIDs: [{operator: NotIn, values: [7]},"
				 " {operator: NotIn, values: [101]}]}",
		&o));
}
END_TEST

#define NAMESPACE_PIDS(operation, values, follow)                                                  \
	"{matchPIDs: [{operator: " operation ", values: [" values "], isNamespacePID: true, "      \
	"followForks: " follow "}]}"

/* Who has come into a container is no descendant of its first process, though one of the host's. */
START_TEST(test_namespace_pids)
{
	struct observed_process hosts_init = {.pid = 1};
	struct observed_process init = {.pid = 90, .namespace_pid = 1, .parent = &hosts_init};
	struct observation inside = {.process = {.pid = 100, .namespace_pid = 5, .parent = &init}};
	struct observation entered = {
		.process = {.pid = 101, .namespace_pid = 6, .parent = &hosts_init}};
	struct observation host = {.process = {.pid = 102, .parent = &hosts_init}};

	ck_assert(match_process(NAMESPACE_PIDS("In", "1", "true"), &inside));
	ck_assert(!match_process(NAMESPACE_PIDS("NotIn", "0, 1", "true"), &inside));
	ck_assert(!match_process(NAMESPACE_PIDS("In", "0, 1", "true"), &entered));
	ck_assert(match_process(NAMESPACE_PIDS("NotIn", "0, 1", "true"), &entered));
	ck_assert(!match_process(NAMESPACE_PIDS("In", "0, 1", "true"), &host));
	ck_assert(!match_process(NAMESPACE_PIDS("NotIn", "1", "true"), &host));
	/* The process alone: of the host it is 0. */
	ck_assert(match_process(NAMESPACE_PIDS("In", "0", "false"), &host));
	ck_assert(!match_process(NAMESPACE_PIDS("NotIn", "0, 1", "false"), &host));
	ck_assert(match_process(NAMESPACE_PIDS("NotIn", "1", "false"), &host));
	ck_assert(match_process(NAMESPACE_PIDS("NotIn", "0, 1", "false"), &inside));
}
END_TEST

START_TEST(test_binaries)
{
	struct observed_process shell = {.pid = 1, .binary = "/usr/bin/bash"};
	struct observed_process ssh = {.pid = 2, .binary = "/usr/sbin/sshd", .parent = &shell};
	struct observation o = {.process = {.binary = "/usr/bin/cat", .parent = &ssh}};
	static const struct {
		const char *selector;
		bool matches;
	} cases[] = {
		{"{matchBinaries: [{operator: In, values: [/usr/bin/cat, /x]}]}", true},
		{"{matchBinaries: [{operator: In, values: [/usr/bin/ca]}]}", false},
		{"{matchBinaries: [{operator: NotIn, values: [/usr/bin/cat]}]}", false},
		{"{matchBinaries: [{operator: Prefix, values: [/usr/bin/]}]}", true},
		{"{matchBinaries: [{operator: NotPrefix, values: [/usr/bin/]}]}", false},
		{"{matchBinaries: [{operator: Postfix, values: [/cat]}]}", true},
		{"{matchBinaries: [{operator: NotPostfix, values: [/dog]}]}", true},
		{"{matchBinaries: [{operator: In, values: [/usr/bin/bash]}]}", false},
		{"{matchBinaries: [{operator: In, values: [/usr/bin/bash], followChildren: true}]}",
			true},
		{"{matchBinaries: [{operator: NotIn, values: [/usr/bin/bash],"
		 " followChildren: true}]}",
			false},
		{"{matchParentBinaries: [{operator: In, values: [/usr/sbin/sshd]}]}", true},
		{"{matchParentBinaries: [{operator: In, values: [/usr/bin/cat]}]}", false},
		{"{matchBinaries: [{operator: Prefix, values: [/usr]}, {operator: NotIn,"
		 " values: [/usr/bin/cat]}]}",
			false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(match_process(cases[i].selector, &o) == cases[i].matches, "%s",
			cases[i].selector);
	o.process.binary = NULL;
	ck_assert(!match_process("{matchBinaries: [{operator: NotIn, values: [/x]}]}", &o));
}
END_TEST

START_TEST(test_namespaces)
{
	struct observation o = {0};

	for (int i = 0; i < POLICY_NAMESPACE_COUNT; i++)
		o.host_namespaces[i] = o.process.namespaces[i] = o.process.namespaces_at_exec[i] =
			4026531836u + (uint32_t)i;
	o.process.namespaces[POLICY_NAMESPACE_MNT] = 4026532000u;
	ck_assert(match_process(
		"{matchNamespaces: [{namespace: Pid, operator: In, values: [host_ns]}]}", &o));
	ck_assert(!match_process(
		"{matchNamespaces: [{namespace: Mnt, operator: In, values: [host_ns]}]}", &o));
	ck_assert(match_process("{matchNamespaces: [{namespace: Mnt, operator: In,"
				" values: [host_ns, '4026532000']}]}",
		&o));
	ck_assert(!match_process(
		"{matchNamespaces: [{namespace: Mnt, operator: NotIn, values:"
		" [host_ns]}, {namespace: Pid, operator: NotIn, values: [host_ns]}]}",
		&o));
	ck_assert(
		match_process("{matchNamespaceChanges: [{operator: In, values: [Uts, Mnt]}]}", &o));
	ck_assert(!match_process("{matchNamespaceChanges: [{operator: In, values: [Uts]}]}", &o));
	/* NotIn: another one than these */
	ck_assert(match_process("{matchNamespaceChanges: [{operator: NotIn, values: [Uts]}]}", &o));
	ck_assert(
		!match_process("{matchNamespaceChanges: [{operator: NotIn, values: [Mnt]}]}", &o));
	o.process.namespaces[POLICY_NAMESPACE_UTS] = 4026532001u;
	ck_assert(match_process("{matchNamespaceChanges: [{operator: NotIn, values: [Mnt]}]}", &o));
}
END_TEST

#define CAPABILITIES(type, operation, values)                                                      \
	"{matchCapabilities: [{type: " type ", operator: " operation ", values: [" values "]}]}"

START_TEST(test_capabilities)
{
	struct observation o = {.host_namespaces = {[POLICY_NAMESPACE_USER] = 5}};

	o.process.namespaces[POLICY_NAMESPACE_USER] = 5;
	o.process.capabilities[POLICY_CAPABILITIES_EFFECTIVE] = 1 << 21;
	o.process.capabilities[POLICY_CAPABILITIES_PERMITTED] = 1 << 21 | 1;
	o.process.capabilities_at_exec[POLICY_CAPABILITIES_PERMITTED] = 1 << 21;
	ck_assert(match_process(CAPABILITIES("Effective", "In", "CAP_KILL, CAP_SYS_ADMIN"), &o));
	ck_assert(!match_process(CAPABILITIES("Effective", "In", "CAP_CHOWN"), &o));
	ck_assert(match_process(CAPABILITIES("Permitted", "In", "CAP_CHOWN"), &o));
	ck_assert(!match_process(CAPABILITIES("Effective", "NotIn", "CAP_SYS_ADMIN"), &o));
	ck_assert(match_process("{matchCapabilityChanges: [{type: Permitted, operator: In,"
				" values: [CAP_CHOWN]}]}",
		&o));
	ck_assert(!match_process("{matchCapabilityChanges: [{type: Permitted, operator: In,"
				 " values: [CAP_SYS_ADMIN]}]}",
		&o));
	/* NotIn: others have changed, and none of these */
	ck_assert(match_process("{matchCapabilityChanges: [{type: Permitted, operator: NotIn,"
				" values: [CAP_SYS_ADMIN]}]}",
		&o));
	ck_assert(!match_process("{matchCapabilityChanges: [{type: Permitted, operator: NotIn,"
				 " values: [CAP_CHOWN]}]}",
		&o));
	ck_assert(!match_process("{matchCapabilityChanges: [{type: Effective, operator: NotIn,"
				 " values: [CAP_CHOWN, CAP_SYS_ADMIN]}]}",
		&o));
	ck_assert(!match_process("{matchCapabilities: [{operator: In, values: [CAP_SYS_ADMIN],"
				 " isNamespaceCapability: true}]}",
		&o));
	o.process.namespaces[POLICY_NAMESPACE_USER] = 6;
	ck_assert(match_process("{matchCapabilities: [{operator: In, values: [CAP_SYS_ADMIN],"
				" isNamespaceCapability: true}]}",
		&o));
}
END_TEST

static bool is_dup(const struct policy_list *list, uint64_t number)
{
	return !strcmp(list->name.data, "calls") && number == 32;
}

START_TEST(test_selectors)
{
	struct observed_argument arguments[] = {{.readable = true, .integer = 32},
		{.readable = true, .text = {.data = "/etc/passwd", .length = 11}}};
	struct observation o = {.args = arguments, .system_call_in_list = is_dup};
	const char *args = "{index: 2, type: int}, {index: 1, type: file}";
	const struct policy_hook *hook =
		parse(args, "{matchArgs: [{index: 2, operator: Equal, values: ['1']}]},"
			    "{matchArgs: [{index: 2, operator: InMap, values: ['list:calls']},"
			    " {index: 1, operator: Prefix, values: [/etc]}]}, {}");

	ck_assert_int_eq(selector_model_first_match(hook, &o), 1);
	arguments[1].text.length = 3;
	ck_assert_int_eq(selector_model_first_match(hook, &o), 2);
	hook = parse(args, "{matchArgs: [{index: 2, operator: Equal, values: ['1']}]}");
	ck_assert_int_eq(selector_model_first_match(hook, &o), -1);
	hook = parse(args, "");
	ck_assert_int_eq(selector_model_first_match(hook, &o), 0);
	hook = parse(args, "{matchReturnArgs: [{index: 0, operator: LT, values: ['0']}]}");
	ck_assert_int_eq(selector_model_first_match(hook, &o), 0);
	o.return_value = (struct observed_argument){.readable = true, .integer = (uint64_t)-1};
	ck_assert(selector_model_return_matches(hook->selectors.items, &o));
	o.return_value.integer = 0;
	ck_assert(!selector_model_return_matches(hook->selectors.items, &o));
	hook = parse(args, "{matchWorkloads: {podSelector: {}}}");
	ck_assert_int_eq(selector_model_first_match(hook, &o), -1);
	o.workload_matches = true;
	ck_assert_int_eq(selector_model_first_match(hook, &o), 0);
}
END_TEST

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % limit;
}

static void random_texts(struct buf *buf, bool numbers)
{
	for (uint32_t i = 0, n = 1 + random_below(3); i < n; i++) {
		buf_printf(buf, "%s'", i ? ", " : "");
		if (numbers)
			buf_printf(buf, "%d", (int)random_below(8) - 4);
		else
			for (uint32_t j = 0, length = 1 + random_below(3); j < length; j++)
				buf_append_char(buf, (char)('a' + random_below(2)));
		buf_append_char(buf, '\'');
	}
}

/* Whatever the values are: Not… is the opposite, two filters are both, two selectors are either. */
START_TEST(test_logic)
{
	static const struct {
		const char *operation, *opposite;
		bool numbers;
	} pairs[] = {
		{"Equal", "NotEqual", true},
		{"InMap", "NotInMap", true},
		{"Equal", "NotEqual", false},
		{"Prefix", "NotPrefix", false},
		{"Postfix", "NotPostfix", false},
	};

	for (int i = 0; i < 1000; i++) {
		_cleanup_buf_ struct buf selectors = {0}, a = {0}, b = {0};
		uint32_t p = random_below(ARRAY_SIZE(pairs)), q = random_below(ARRAY_SIZE(pairs));
		char text[8] = "";
		struct observed_argument arguments[] = {
			{.readable = true, .integer = (uint64_t)((int64_t)random_below(8) - 4)},
			{.readable = true, .text = {.data = text, .length = random_below(5)}}};
		struct observation o = {.args = arguments};
		const struct policy_hook *hook;
		bool matches[6];

		for (size_t j = 0; j < arguments[1].text.length; j++)
			text[j] = (char)('a' + random_below(2));
		random_texts(&a, pairs[p].numbers);
		random_texts(&b, pairs[q].numbers);
		buf_string(&a);
		buf_string(&b);
#define FILTER	 "{index: %d, operator: %s, values: [%s]}"
#define P(which) pairs[p].numbers ? 0 : 1, pairs[p].which, a.data
#define Q(which) pairs[q].numbers ? 0 : 1, pairs[q].which, b.data
		buf_printf(&selectors,
			"{matchArgs: [" FILTER "]}, {matchArgs: [" FILTER "]}, {matchArgs: [" FILTER
			"]}, {matchArgs: [" FILTER "]}, {matchArgs: [" FILTER ", " FILTER
			"]}, {matchArgs: [" FILTER ", " FILTER "]}",
			P(operation), P(opposite), Q(operation), Q(opposite), P(operation),
			Q(operation), P(opposite), Q(operation));
		hook = parse(
			"{index: 0, type: int}, {index: 1, type: string}", buf_string(&selectors));
		for (size_t j = 0; j < ARRAY_SIZE(matches); j++)
			matches[j] = selector_model_matches(hook, &hook->selectors.items[j], &o);
		ck_assert_msg(matches[0] != matches[1], "%s", selectors.data);
		ck_assert_msg(matches[2] != matches[3], "%s", selectors.data);
		ck_assert_msg(matches[4] == (matches[0] && matches[2]), "%s", selectors.data);
		ck_assert_msg(matches[5] == (matches[1] && matches[2]), "%s", selectors.data);
		ck_assert_int_eq(selector_model_first_match(hook, &o), matches[0] ? 0 : 1);
	}
}
END_TEST

RUN_SUITE_IN(NULL, tear_down, "policy-selectors", test_integers, test_texts, test_bytes,
	test_file_types, test_sockets, test_unix_sockets, test_capability_arguments, test_auto,
	test_pids, test_namespace_pids, test_binaries, test_namespaces, test_capabilities,
	test_selectors, test_logic)
