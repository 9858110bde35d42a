/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader makes of a policy: the model, spellings, warnings, macros, no memory. */
#include "policy/policy.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "policy/read.h"
#include "policy/words.h"
#include "tests/unit/failing-memory.h"
#include "tests/unit/policy-files.h"
#include "tests/unit/unit.h"

#define HEAD "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: p}\nspec:\n"

static struct policy_set *set;

static void tear_down(void)
{
	set = policy_set_free(set);
}

static const char *first_problem(void)
{
	static char text[4096];
	_cleanup_buf_ struct buf buf = {0};

	if (!set->report.count)
		return "";
	policy_problem_text(&buf, "f", &set->report.problems[0]);
	snprintf(text, sizeof(text), "%s", buf_string(&buf));
	return text;
}

static const struct policy_spec *parse(const char *spec)
{
	_cleanup_buf_ struct buf text = {0};

	set = policy_set_free(set);
	buf_append_string(&text, HEAD);
	buf_append_string(&text, spec);
	ck_assert_int_eq(policy_set_parse(text.data, text.length, &set), 0);
	ck_assert_msg(!set->report.errors, "%s", first_problem());
	return &set->policies[0].spec;
}

static const struct policy_match_args *parse_match(
	const char *type, const char *operation, const char *values)
{
	char spec[1024];

	snprintf(spec, sizeof(spec),
		"  kprobes:\n"
		"  - call: f\n"
		"    syscall: false\n"
		"    args: [{index: 3, type: %s}]\n"
		"    selectors: [{matchArgs: [{index: 3, operator: %s, values: [%s]}]}]\n",
		type, operation, values);
	return &parse(spec)->hooks[POLICY_KPROBE].items[0].selectors.items[0].match_args.items[0];
}

START_TEST(test_defaults)
{
	const struct policy_spec *spec = parse("  kprobes: [{call: sys_read}]\n");
	const struct policy_hook *hook = spec->hooks[POLICY_KPROBE].items;

	ck_assert_int_eq(hook->kind, POLICY_KPROBE);
	ck_assert(hook->syscall); /* the schema's default, whatever the documents say */
	ck_assert(!hook->return_value);
	ck_assert_ptr_null(hook->return_arg.source);
	ck_assert_ptr_null(hook->message.data);
	ck_assert_int_eq(hook->return_arg_action, POLICY_ACTION_POST);
	ck_assert_ptr_null(spec->host_selector.source);
	ck_assert_ptr_null(spec->pod_selector.source);
	spec = parse("  hostSelector: {}\n  podSelector: ~\n  loader: true\n");
	ck_assert_ptr_nonnull(spec->host_selector.source);
	ck_assert_ptr_null(spec->pod_selector.source);
	ck_assert(spec->loader);
}
END_TEST

START_TEST(test_argument)
{
	const struct policy_spec *spec = parse(
		"  fentries:\n"
		"  - {call: f, syscall: false, args: [{index: 2, type: char_buf, sizeArgIndex: 4,"
		" maxData: true, returnCopy: true, label: buffer}, {index: 0, type: string,"
		" source: current_task, resolve: 'mm.owner.comm', btfType: task_struct}]}\n");
	const struct policy_arguments *args = &spec->hooks[POLICY_FENTRY].items[0].args;

	ck_assert_uint_eq(args->count, 2);
	ck_assert_int_eq(args->items[0].index, 2);
	ck_assert_int_eq(args->items[0].type, POLICY_TYPE_CHAR_BUF);
	ck_assert_int_eq(args->items[0].size_arg_index, 4);
	ck_assert(args->items[0].max_data && args->items[0].return_copy);
	ck_assert_str_eq(args->items[0].label.data, "buffer");
	ck_assert_int_eq(args->items[1].value_source, POLICY_SOURCE_CURRENT_TASK);
	ck_assert_str_eq(args->items[1].resolve.data, "mm.owner.comm");
}
END_TEST

/* The spellings of the schema, of the documents and of the parser are one operator. */
START_TEST(test_spellings)
{
	static const struct {
		const char *word, *type, *value;
		enum policy_operator operation;
	} cases[] = {
		{"GT", "int", "'1'", POLICY_GREATER_THAN},
		{"gt", "int", "'1'", POLICY_GREATER_THAN},
		{"eq", "string", "a", POLICY_EQUAL},
		{"NotSportPriv", "sock", "", POLICY_NOT_S_PORT_PRIV},
		{"NotSPortPriv", "sock", "", POLICY_NOT_S_PORT_PRIV},
		{"SubStringIgnCase", "string", "a", POLICY_SUB_STRING_IGN_CASE},
		{"SubStringIgnoreCase", "string", "a", POLICY_SUB_STRING_IGN_CASE},
		{"Saddr", "sock", "'::1'", POLICY_S_ADDR},
		{"dport", "skb", "'1'", POLICY_D_PORT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_int_eq(
			parse_match(cases[i].type, cases[i].word, cases[i].value)->operation,
			cases[i].operation);
	parse("  kprobes: [{call: sys_x, selectors: [{matchActions: [{action: sigkill}],"
	      " matchNamespaces: [{namespace: MNT, operator: In, values: [host_ns]}]}]}]\n");
}
END_TEST

START_TEST(test_integer_values)
{
	const struct policy_match_args *match = parse_match("int", "Equal", "'-1', '0x10', '010'");

	ck_assert_uint_eq(match->values.count, 3);
	ck_assert_int_eq((int64_t)match->values.items[0].range.minimum, -1);
	ck_assert_uint_eq(match->values.items[1].range.maximum, 16);
	ck_assert_uint_eq(match->values.items[2].range.minimum, 8);
	match = parse_match("int64", "InRange", "'-5:5'");
	ck_assert_int_eq((int64_t)match->values.items[0].range.minimum, -5);
	ck_assert_int_eq((int64_t)match->values.items[0].range.maximum, 5);
	/* InMap: base 10, and ranges either way round, as Tetragon has it. */
	match = parse_match("uint64", "InMap", "'010', '7:3', '0x20'");
	ck_assert_uint_eq(match->values.items[0].range.minimum, 10);
	ck_assert_uint_eq(match->values.items[1].range.minimum, 3);
	ck_assert_uint_eq(match->values.items[1].range.maximum, 7);
	ck_assert_uint_eq(match->values.items[2].range.minimum, 32);
	match = parse_match("capability", "Equal", "CAP_SYS_ADMIN, '1'");
	ck_assert_uint_eq(match->values.items[0].range.minimum, 21);
}
END_TEST

/* As files without quotes have them; a list's and an option's too. */
START_TEST(test_values_without_quotes)
{
	const struct policy_match_args *match = parse_match("int", "Equal", "-1, 0x10, 010, 5");
	const struct policy_spec *spec;

	ck_assert_uint_eq(match->values.count, 4);
	ck_assert_int_eq((int64_t)match->values.items[0].range.minimum, -1);
	ck_assert_uint_eq(match->values.items[1].range.minimum, 16);
	ck_assert_uint_eq(match->values.items[2].range.minimum, 8);
	ck_assert_uint_eq(match->values.items[3].range.minimum, 5);
	match = parse_match("uint64", "InMap", "010, 2:5");
	ck_assert_uint_eq(match->values.items[0].range.minimum, 8);
	ck_assert_uint_eq(match->values.items[1].range.maximum, 5);
	match = parse_match("sock", "DPort", "0x35");
	ck_assert_uint_eq(match->values.items[0].range.minimum, 53);
	match = parse_match("string", "Equal", "7");
	ck_assert_str_eq(match->values.items[0].text.data, "7");
	spec = parse("  options: [{name: disable-kprobe-multi, value: yes},"
		     " {name: uprobe-heap-size, value: 65536}]\n"
		     "  lists: [{name: l, values: [1, 2]}]\n"
		     "  kprobes: [{call: sys_x, args: [{index: 0, type: int}], selectors: ["
		     "{matchNamespaces: [{namespace: Pid, operator: In, values: [4026531836]}],"
		     " matchArgs: [{index: 0, operator: InMap, values: ['list:l']}],"
		     " matchActions: [{action: Post, rateLimit: 5}]}]}]\n");
	ck_assert_str_eq(spec->options.items[0].value.data, "true");
	ck_assert_str_eq(spec->options.items[1].value.data, "65536");
	ck_assert_str_eq(spec->lists.items[0].values.items[1].data, "2");
}
END_TEST

START_TEST(test_text_values)
{
	const struct policy_match_args *match =
		parse_match("string", "Equal", "\"security.capability\\0\"");

	ck_assert_uint_eq(match->values.items[0].text.length, strlen("security.capability"));
	match = parse_match("char_buf", "Equal", "\"a\\0\"");
	ck_assert_uint_eq(match->values.items[0].text.length, 2);
	match = parse_match("file", "FileType", "reg, pipe");
	ck_assert_uint_eq(match->values.items[0].bits, 1 << (S_IFREG >> 12));
	ck_assert_uint_eq(match->values.items[1].bits, 1 << (S_IFIFO >> 12));
}
END_TEST

START_TEST(test_network_values)
{
	const struct policy_match_args *match =
		parse_match("sock", "DAddr", "127.0.0.1/8, '::1', 10.0.0.1");

	ck_assert_int_eq(match->values.items[0].address.family, AF_INET);
	ck_assert_uint_eq(match->values.items[0].address.prefix_length, 8);
	ck_assert_int_eq(match->values.items[1].address.family, AF_INET6);
	ck_assert_uint_eq(match->values.items[1].address.prefix_length, 128);
	ck_assert_uint_eq(match->values.items[1].address.bytes[15], 1);
	ck_assert_uint_eq(match->values.items[2].address.prefix_length, 32);
	match = parse_match("sock", "Protocol", "IPPROTO_TCP, udp, '132'");
	ck_assert_uint_eq(match->values.items[0].range.minimum, IPPROTO_TCP);
	ck_assert_uint_eq(match->values.items[1].range.minimum, IPPROTO_UDP);
	ck_assert_uint_eq(match->values.items[2].range.minimum, 132);
	match = parse_match("sock", "Family", "AF_INET6, '2'");
	ck_assert_uint_eq(match->values.items[0].range.minimum, AF_INET6);
	ck_assert_uint_eq(match->values.items[1].range.minimum, AF_INET);
	match = parse_match("sock", "State", "TCP_SYN_RECV");
	ck_assert_uint_eq(match->values.items[0].range.minimum, 3);
	match = parse_match("skb", "SPort", "'80', '8000:9000'");
	ck_assert_uint_eq(match->values.items[1].range.maximum, 9000);
	match = parse_match("cap_effective", "NotEqual", "'0', 'CAP_KILL,cap_setuid'");
	ck_assert_uint_eq(match->values.items[0].bits, 0);
	ck_assert_uint_eq(match->values.items[1].bits, 1 << 5 | 1 << 7);
}
END_TEST

/* index: the field's number; if none such is listed, the place in the list. */
START_TEST(test_tracepoint_index)
{
	const struct policy_spec *spec =
		parse("  tracepoints:\n"
		      "  - subsystem: raw_syscalls\n"
		      "    event: sys_enter\n"
		      "    args: [{index: 5, type: uint64}, {index: 4, type: syscall64}]\n"
		      "    selectors: [{matchArgs: [{index: 4, operator: Equal, values: ['1']},"
		      " {index: 0, operator: Equal, values: ['1']}]}]\n");
	const struct policy_hook *hook = spec->hooks[POLICY_TRACEPOINT].items;
	const struct policy_match_args *match = hook->selectors.items[0].match_args.items;

	ck_assert_ptr_eq(match[0].argument, &hook->args.items[1]);
	ck_assert_ptr_eq(match[1].argument, &hook->args.items[0]);
}
END_TEST

/* What is not of the call has no place in it. */
START_TEST(test_data_without_index)
{
	const struct policy_spec *spec = parse(
		"  kprobes: [{call: sys_x, data: [{type: uint32, source: current_task, resolve:"
		" loginuid.val}], selectors: [{matchData: [{args: [0], operator: NotEqual, values:"
		" ['1000']}]}]}]\n");
	const struct policy_hook *hook = spec->hooks[POLICY_KPROBE].items;

	ck_assert_ptr_eq(hook->selectors.items[0].match_data.items[0].argument, hook->data.items);
}
END_TEST

/* index of matchData: the place in the list. */
START_TEST(test_data_index)
{
	const struct policy_spec *spec =
		parse("  kprobes:\n"
		      "  - call: sys_x\n"
		      "    data: [{index: 1, type: int, source: current_task, resolve: pid},"
		      " {index: 0, type: string, source: current_task, resolve: comm}]\n"
		      "    selectors: [{matchData: [{index: 0, operator: GT, values: ['1']},"
		      " {index: 1, operator: Prefix, values: [a]}]}]\n");
	const struct policy_hook *hook = spec->hooks[POLICY_KPROBE].items;
	const struct policy_match_args *match = hook->selectors.items[0].match_data.items;

	ck_assert_ptr_eq(match[0].argument, &hook->data.items[0]);
	ck_assert_ptr_eq(match[1].argument, &hook->data.items[1]);
}
END_TEST

START_TEST(test_two_policies)
{
	static const char text[] =
		HEAD "  loader: true\n---\napiVersion: cilium.io/v1alpha1\nkind:"
		     " TracingPolicyNamespaced\nmetadata: {name: p, namespace: web}\nspec:"
		     " {kprobes: [{call: sys_x}], loader: true}\n---\n";
	_cleanup_buf_ struct buf buf = {0};

	ck_assert_int_eq(policy_set_parse(text, strlen(text), &set), 0);
	ck_assert_msg(!set->report.errors, "%s", first_problem());
	ck_assert_uint_eq(set->count, 2);
	ck_assert_int_eq(set->policies[1].kind, POLICY_TRACING_POLICY_NAMESPACED);
	ck_assert_str_eq(set->policies[1].metadata.namespace.data, "web");
	policy_describe(&buf, &set->policies[1]);
	ck_assert_str_eq(buf_string(&buf), "TracingPolicyNamespaced \"p\": 1 kprobe, loader");
}
END_TEST

/* Tools write fields with nothing in them. */
START_TEST(test_empty_texts)
{
	parse("  kprobes: [{call: sys_x, message: '', returnArgAction: '', args: [{index: 0, type:"
	      " int, resolve: '', source: '', label: ''}], selectors: [{matchActions: [{action:"
	      " Post, rateLimit: '', rateLimitScope: ''}]}]}]\n");
	ck_assert_uint_eq(set->report.warnings, 1); /* a scope without a limit */
	parse("  kprobes: [{call: sys_x, selectors: [{matchActions: [{action: Sigkill, rateLimit:"
	      " '', kernelStackTrace: false, userStackTrace: false}]}]}]\n");
	ck_assert_uint_eq(set->report.warnings, 3); /* each does nothing */
}
END_TEST

START_TEST(test_lists)
{
	const struct policy_spec *spec =
		parse("  lists: [{name: k, type: generated_ftrace, pattern: '^ksys_'},"
		      " {name: s, type: syscalls, values: [sys_dup]}, {name: f, values: [a, b]}]\n"
		      "  kprobes: [{call: 'list:k'}, {call: 'list:s', syscall: false},"
		      " {call: 'list:f'}]\n");
	const struct policy_hook *hooks = spec->hooks[POLICY_KPROBE].items;

	ck_assert_ptr_eq(hooks[0].call_list, &spec->lists.items[0]);
	ck_assert(!hooks[0].syscall); /* the list's type decides */
	ck_assert(hooks[1].syscall);
	ck_assert(!hooks[2].syscall);
}
END_TEST

START_TEST(test_macros)
{
	const struct policy_spec *spec =
		parse("  selectorsMacros:\n"
		      "    shells: {matchBinaries: [{operator: In, values: [/bin/sh]}]}\n"
		      "    kill: {matchActions: [{action: Sigkill}], matchPIDs: [{operator: NotIn,"
		      " values: [1]}]}\n"
		      "  kprobes: [{call: sys_x, selectors: [{macros: [shells, kill],"
		      " matchBinaries: [{operator: NotIn, values: [/bin/bash]}]}, {}]}]\n");
	const struct policy_selector *selector =
		spec->hooks[POLICY_KPROBE].items[0].selectors.items;

	ck_assert_uint_eq(selector[0].match_binaries.count, 2);
	ck_assert_str_eq(selector[0].match_binaries.items[1].values.items[0].data, "/bin/sh");
	ck_assert_uint_eq(selector[0].match_pids.count, 1);
	ck_assert_int_eq(selector[0].match_actions.items[0].action, POLICY_ACTION_SIGKILL);
	ck_assert_uint_eq(selector[1].match_pids.count, 0);
}
END_TEST

/* A macro is copied where it is used, so that its size times its uses must be bounded. */
START_TEST(test_macro_bomb)
{
	_cleanup_buf_ struct buf text = {0};

	buf_append_string(&text, HEAD "  selectorsMacros:\n    m: {matchBinaries: [{operator: In,"
				      " values: [/a");
	for (int i = 0; i < 5000; i++)
		buf_append_string(&text, ",/a");
	buf_append_string(&text, "]}]}\n  kprobes:\n");
	for (int i = 0; i < 1000; i++)
		buf_append_string(&text, "  - {call: sys_x, selectors: [{macros: [m]}]}\n");
	ck_assert_int_eq(policy_set_parse(text.data, text.length, &set), 0);
	ck_assert_uint_eq(set->report.errors, 1);
	ck_assert_ptr_nonnull(strstr(first_problem(), "make more than 100000 values"));
	ck_assert_ptr_nonnull(strstr(first_problem(), "kprobes[19]"));
}
END_TEST

START_TEST(test_rate_limits)
{
	static const struct {
		const char *text;
		uint32_t milliseconds;
	} cases[] = {{"5", 5000}, {"10s", 10000}, {"1m", 60000}, {"2H", 7200000}, {"0", 0},
		{"4000000h", UINT32_MAX}};
	char spec[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(spec, sizeof(spec),
			"  kprobes: [{call: sys_x, selectors: [{matchActions: [{action: Post,"
			" rateLimit: '%s', rateLimitScope: global}]}]}]\n",
			cases[i].text);
		ck_assert_uint_eq(parse(spec)
					  ->hooks[POLICY_KPROBE]
					  .items[0]
					  .selectors.items[0]
					  .match_actions.items[0]
					  .rate_limit_ms,
			cases[i].milliseconds);
	}
}
END_TEST

/* What Tetragon passes over in silence holds, and is said. */
START_TEST(test_warnings)
{
	static const struct {
		const char *spec, *warning;
	} cases[] = {
		{"  kprobes: [{call: sys_x, selectors: [{matchActions: [{action: Sigkill,"
		 " argError: -1}]}]}]\n",
			"argError: does nothing with the action Sigkill"},
		{"  kprobes: [{call: sys_x, selectors: [{matchActions: [{action: Override}]}]}]\n",
			"makes the call return 0"},
		{"  kprobes: [{call: sys_x, selectors: [{matchBinaries: [{operator: In,"
		 " values: [sshd]}]}]}]\n",
			"absolute path: \"sshd\" never matches"},
		{"  kprobes: [{call: sys_x, returnArg: {index: 0, type: int}}]\n",
			"does nothing without return: true"},
		{"  kprobes: [{call: sys_x, args: [{index: 0, type: int, maxData: true}]}]\n",
			"maxData: does nothing"},
		{"  kprobes: [{call: sys_x, args: [{index: 0, type: fd, sizeArgIndex: 2}]}]\n",
			"sizeArgIndex: does nothing"},
		{"  kprobes: [{call: sys_x, args: [{index: 0, type: fd, returnCopy: true}]}]\n",
			"returnCopy: does nothing"},
		{"  tracepoints: [{subsystem: a, event: b, args: [{index: 5, type: char_buf,"
		 " returnCopy: true}]}]\n",
			"the hook sees no return"},
		{"  kprobes: [{call: sys_x, selectors: [{matchActions: [{action: Post,"
		 " imaHash: true}]}]}]\n",
			"does nothing; allowed: in lsmhooks"},
		{"  lsmhooks: [{hook: file_open, selectors: [{matchActions: [{action: Post,"
		 " imaHash: true}]}]}]\n",
			"file_post_open (Linux 6.9) has it"},
		{"  kprobes: [{call: f, syscall: false, args: [{index: 0, type: sock}],"
		 " selectors: [{matchArgs: [{index: 0, operator: DPortPriv, values: ['1']}]}]}]\n",
			"DPortPriv takes no values"},
		{"  kprobes: [{call: sys_x, args: [{index: 0, type: int}, {index: 0, type: int,"
		 " resolve: a}], selectors: [{matchArgs: [{index: 0, operator: GT, values:"
		 " ['1']}]}]}]\n",
			"index 0 is listed more than once"},
		{"  kprobes: [{call: sys_x, selectors: [{matchActions: [{action: Post,"
		 " rateLimitScope: global}]}]}]\n",
			"does nothing without rateLimit"},
		{"  kprobes: [{call: sys_x, args: [{index: 0, type: string}], selectors: "
		 "[{matchArgs:"
		 " [{index: 0, operator: Equal, values: ['/etc/*']}]}]}]\n",
			"there are no wildcards"},
		{"  kprobes: [{call: sys_x, selectors: [{matchBinaries: [{operator: In,"
		 " values: ['/usr/bin/*']}]}]}]\n",
			"there are no wildcards"},
		{"  kprobes:\n  - call: sys_x\n    args: [{index: 0, type: string}]\n    "
		 "selectors:\n"
		 "    - matchArgs:\n      - index: 0\n        operator: Equal\n        values:\n"
		 "        - |\n          /etc/passwd\n",
			"the end of line at its end is compared too"},
		{"  kprobes: [{call: sys_x, args: [{index: 0, type: string}], selectors: "
		 "[{matchArgs:"
		 " [{index: 0, operator: Prefix, values: ['/srv ']}]}]}]\n",
			"the blank at its end is compared too"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		parse(cases[i].spec);
		ck_assert_uint_eq(set->report.warnings, 1);
		ck_assert_msg(strstr(first_problem(), ": warning: ") &&
				      strstr(first_problem(), cases[i].warning),
			"%s", first_problem());
	}
}
END_TEST

START_TEST(test_namespace_of_none)
{
	static const char text[] = "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\n"
				   "metadata: {name: p, namespace: shop}\nspec: {loader: true}\n";

	set = policy_set_free(set);
	ck_assert_int_eq(policy_set_parse(text, strlen(text), &set), 0);
	ck_assert_uint_eq(set->report.errors, 0);
	ck_assert_msg(strstr(first_problem(), "f:3:32: warning: metadata.namespace: "), "%s",
		first_problem());
}
END_TEST

START_TEST(test_long_message)
{
	_cleanup_buf_ struct buf spec = {0};

	buf_append_string(&spec, "  kprobes: [{call: sys_x, message: '");
	for (int i = 0; i < 85; i++)
		buf_append_string(&spec, "€"); /* three bytes each */
	buf_append_string(&spec, "€€'}]\n");
	parse(buf_string(&spec));
	ck_assert_uint_eq(set->report.warnings, 1);
	ck_assert_uint_eq(set->policies[0].spec.hooks[POLICY_KPROBE].items[0].message.length, 255);
}
END_TEST

START_TEST(test_hostile_names)
{
	static const char text[] = HEAD "  \"\\e[31m\\n\": 1\n  kprobes: [{call: sys_x}]\n";

	ck_assert_int_eq(policy_set_parse(text, strlen(text), &set), 0);
	ck_assert_uint_eq(set->report.errors, 1);
	ck_assert_ptr_nonnull(strstr(first_problem(), "spec[\"\\x1b[31m\\x0a\"]: unknown field"));
}
END_TEST

START_TEST(test_many_problems)
{
	_cleanup_buf_ struct buf text = {0};

	buf_append_string(&text, HEAD "  kprobes:\n");
	for (int i = 0; i < 150; i++)
		buf_append_string(&text, "  - {cal: x}\n"); /* two problems each */
	ck_assert_int_eq(policy_set_parse(text.data, text.length, &set), 0);
	ck_assert_uint_eq(set->report.errors, 300);
	ck_assert_uint_eq(set->report.count, POLICY_PROBLEMS_MAX);
	ck_assert_uint_eq(set->report.omitted, 300 - POLICY_PROBLEMS_MAX);
}
END_TEST

START_TEST(test_no_memory)
{
	_cleanup_buf_ struct buf text = {0};
	struct error error = {0};
	char path[4096];
	unsigned int n = 0;
	int r;

	ck_assert_int_eq(
		read_file_limited(source_path("tests/fuzz/corpus/fuzz-policy/everything", path),
			1 << 20, &text),
		0);
	buf_append_string(&text, "  unknown: 1\n"); /* problems need memory as well */
	do {
		memory_fail_after(n++);
		r = policy_set_parse(text.data, text.length, &set);
		memory_restore();
		ck_assert_msg(r == 0 || (r == -ENOMEM && !set), "%u: %d", n, r);
	} while (r < 0);
	ck_assert_uint_ge(n, 5);
	ck_assert_uint_eq(set->report.errors, 1);
	set = policy_set_free(set);
	ck_assert_int_eq(policy_set_read("/nonexistent", &set, &error), -ENOENT);
	ck_assert_str_eq(error.message, "/nonexistent: No such file or directory");
	ck_assert_ptr_null(set);
}
END_TEST

START_TEST(test_suggestions)
{
	static const struct policy_word words[] = {
		{"kprobes", 0}, {"uprobes", 1}, {"In", 2}, {"NotIn", 3}, {0}};

	ck_assert_str_eq(policy_word_suggest(words, "kprobe", 6), "kprobes");
	ck_assert_str_eq(policy_word_suggest(words, "KPROBES", 7), "kprobes");
	ck_assert_str_eq(policy_word_suggest(words, "in", 2), "In");
	ck_assert_ptr_null(policy_word_suggest(words, "selectors", 9));
	ck_assert_uint_eq(policy_word_distance("abcd", 4, "acbd", 4, 3), 1);
	ck_assert_uint_eq(policy_word_distance("abc", 3, "", 0, 3), 3);
	ck_assert_uint_eq(policy_word_distance("abc", 3, "xyzabc", 6, 2), 3);
}
END_TEST

RUN_SUITE_IN(NULL, tear_down, "policy", test_defaults, test_argument, test_spellings,
	test_integer_values, test_values_without_quotes, test_text_values, test_network_values,
	test_tracepoint_index, test_data_index, test_data_without_index, test_two_policies,
	test_empty_texts, test_lists, test_macros, test_macro_bomb, test_rate_limits, test_warnings,
	test_namespace_of_none, test_long_message, test_hostile_names, test_many_problems,
	test_no_memory, test_suggestions)
