/* SPDX-License-Identifier: Apache-2.0 */
/* What an action says: where it works, and which parameters go with it. */
#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "policy/integer.h"
#include "policy/read.h"

enum parameter {
	ARG_ERROR,
	ARG_SIG,
	ARG_SOCK,
	ARG_INDEX,
	ARG_VALUE,
	ARG_URL,
	ARG_FQDN,
	ARG_REGS,
	ARG_NEW_SYMBOL,
	ARG_NEW_ADDR,
	ARG_NEW_OFFSET,
	RATE_LIMIT,
	RATE_LIMIT_SCOPE,
	KERNEL_STACK_TRACE,
	USER_STACK_TRACE,
	IMA_HASH,
	PARAMETER_COUNT
};
static const char *const parameter_names[PARAMETER_COUNT] = {
	[ARG_ERROR] = "argError",
	[ARG_SIG] = "argSig",
	[ARG_SOCK] = "argSock",
	[ARG_INDEX] = "argIndex",
	[ARG_VALUE] = "argValue",
	[ARG_URL] = "argUrl",
	[ARG_FQDN] = "argFqdn",
	[ARG_REGS] = "argRegs",
	[ARG_NEW_SYMBOL] = "argNewSymbol",
	[ARG_NEW_ADDR] = "argNewAddr",
	[ARG_NEW_OFFSET] = "argNewOffset",
	[RATE_LIMIT] = "rateLimit",
	[RATE_LIMIT_SCOPE] = "rateLimitScope",
	[KERNEL_STACK_TRACE] = "kernelStackTrace",
	[USER_STACK_TRACE] = "userStackTrace",
	[IMA_HASH] = "imaHash",
};

#define BIT(n)	  (1U << (n))
#define ALL_HOOKS (BIT(POLICY_HOOK_KINDS) - 1)
#define CALLS	  (BIT(POLICY_KPROBE) | BIT(POLICY_FENTRY))
#define REGISTERS (BIT(ARG_REGS) | BIT(ARG_NEW_SYMBOL) | BIT(ARG_NEW_ADDR) | BIT(ARG_NEW_OFFSET))

static const struct {
	unsigned int hooks, parameters, required;
} actions[POLICY_ACTION_COUNT] = {
	[POLICY_ACTION_POST] = {ALL_HOOKS, BIT(RATE_LIMIT) | BIT(RATE_LIMIT_SCOPE) |
						   BIT(KERNEL_STACK_TRACE) | BIT(USER_STACK_TRACE) |
						   BIT(IMA_HASH)},
	[POLICY_ACTION_SIGKILL] = {ALL_HOOKS},
	[POLICY_ACTION_OVERRIDE] = {BIT(POLICY_KPROBE) | BIT(POLICY_LSM_HOOK) | BIT(POLICY_UPROBE),
		BIT(ARG_ERROR) | REGISTERS},
	[POLICY_ACTION_GET_URL] = {CALLS | BIT(POLICY_TRACEPOINT), BIT(ARG_URL), BIT(ARG_URL)},
	[POLICY_ACTION_DNS_LOOKUP] = {CALLS | BIT(POLICY_TRACEPOINT), BIT(ARG_FQDN), BIT(ARG_FQDN)},
	[POLICY_ACTION_NO_POST] = {ALL_HOOKS},
	[POLICY_ACTION_SIGNAL] = {ALL_HOOKS, BIT(ARG_SIG), BIT(ARG_SIG)},
	[POLICY_ACTION_TRACK_SOCK] = {CALLS, BIT(ARG_SOCK)},
	[POLICY_ACTION_UNTRACK_SOCK] = {CALLS, BIT(ARG_SOCK)},
	[POLICY_ACTION_NOTIFY_ENFORCER] = {BIT(POLICY_KPROBE) | BIT(POLICY_TRACEPOINT),
		BIT(ARG_ERROR) | BIT(ARG_SIG)},
	[POLICY_ACTION_CLEANUP_ENFORCER_NOTIFICATION] = {BIT(POLICY_KPROBE) |
							 BIT(POLICY_TRACEPOINT)},
	[POLICY_ACTION_SET] = {BIT(POLICY_USDT), BIT(ARG_INDEX) | BIT(ARG_VALUE),
		BIT(ARG_INDEX) | BIT(ARG_VALUE)},
};

static const char *action_word(const struct policy_action *action)
{
	return policy_word(policy_action_words, action->action);
}

static const struct yaml_value *given(const struct policy_action *action, enum parameter parameter)
{
	const struct yaml_value *value = yaml_value_get(action->source, parameter_names[parameter]);

	return yaml_value_is_null(value) ? NULL : value;
}

static void check_parameters(struct policy_checker *checker, const struct policy_action *action)
{
	for (int i = 0; i < PARAMETER_COUNT; i++) {
		const struct yaml_value *value = given(action, (enum parameter)i);

		if (!value && actions[action->action].required & BIT(i))
			report_error(checker->report, action->source, "the action %s needs %s",
				action_word(action), parameter_names[i]);
		if (!value || actions[action->action].parameters & BIT(i))
			continue;
		/* Policies in the wild have argError beside Sigkill, from a time when it was one
		 * action with Override; Tetragon passes it over as well. Programs write every
		 * parameter down, with nothing in it. */
		if (i == RATE_LIMIT && action->rate_limit.length)
			report_error(checker->report, value, "only Post can be limited, not %s",
				action_word(action));
		else if ((i == KERNEL_STACK_TRACE && action->kernel_stack_trace) ||
			 (i == USER_STACK_TRACE && action->user_stack_trace))
			report_error(checker->report, value, "only Post has stack traces, not %s",
				action_word(action));
		else
			report_warning(checker->report, value, "does nothing with the action %s",
				action_word(action));
	}
}

static void check_hook_kind(struct policy_checker *checker, const struct policy_action *action)
{
	unsigned int hooks = actions[action->action].hooks;
	_cleanup_buf_ struct buf allowed = {0};

	if (hooks & BIT(checker->hook->kind))
		return;
	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++)
		if (hooks & BIT(kind))
			buf_printf(&allowed, "%s%s", allowed.length ? ", " : "",
				policy_hook_sections[kind]);
	report_error(checker->report, yaml_value_get(action->source, "action"),
		"%s does not work in %s; allowed: in %s", action_word(action),
		policy_hook_sections[checker->hook->kind],
		buf_string(&allowed) ? allowed.data : "");
}

/* 5 (seconds), 10s, 1m, 1h. */
static int parse_rate_limit(const struct policy_text *text, uint32_t *ret_ms)
{
	uint64_t number, multiplier = 1000;
	size_t length = text->length;

	if (length)
		switch (text->data[length - 1]) {
		case 'h':
		case 'H':
			multiplier *= 60;
			/* fallthrough */
		case 'm':
		case 'M':
			multiplier *= 60;
			/* fallthrough */
		case 's':
		case 'S':
			length--;
			break;
		default:
			break;
		}
	if (!length || text->data[0] < '0' || text->data[0] > '9' ||
		integer_parse_decimal_unsigned(text->data, length, &number) < 0 ||
		number > UINT32_MAX)
		return -EINVAL;
	*ret_ms = (uint32_t)MIN(number * multiplier, (uint64_t)POLICY_RATE_LIMIT_MS_MAX);
	return 0;
}

static void check_post(struct policy_checker *checker, struct policy_action *action)
{
	const struct yaml_value *scope = given(action, RATE_LIMIT_SCOPE);
	bool lsm = checker->hook->kind == POLICY_LSM_HOOK;

	if (action->rate_limit.length &&
		parse_rate_limit(&action->rate_limit, &action->rate_limit_ms) < 0)
		report_error(checker->report, action->rate_limit.source,
			"%s is no time; allowed: seconds, or a number with s, m or h",
			QUOTE(action->rate_limit.data, action->rate_limit.length));
	if (scope && !action->rate_limit.length)
		report_warning(checker->report, scope, "does nothing without rateLimit");
	if (lsm && action->kernel_stack_trace)
		report_error(checker->report, given(action, KERNEL_STACK_TRACE),
			"lsmhooks have no stack traces");
	if (lsm && action->user_stack_trace)
		report_error(checker->report, given(action, USER_STACK_TRACE),
			"lsmhooks have no stack traces");
	if ((checker->hook->kind == POLICY_UPROBE || checker->hook->kind == POLICY_USDT) &&
		action->kernel_stack_trace)
		report_error(checker->report, given(action, KERNEL_STACK_TRACE),
			"a program that gets there is in no function of the kernel; allowed: "
			"userStackTrace");
	if (!lsm && action->ima_hash)
		report_warning(checker->report, given(action, IMA_HASH),
			"does nothing; allowed: in lsmhooks");
	else if (action->ima_hash && checker->hook->hook.data &&
		 !strcmp(checker->hook->hook.data, "file_open"))
		report_warning(checker->report, given(action, IMA_HASH),
			"a file that is being opened cannot be read yet, so that there is only the "
			"hash that a policy of IMA made before, or that of a file opened for "
			"writing only; file_post_open (Linux 6.9) has it");
}

static void check_override(struct policy_checker *checker, const struct policy_action *action)
{
	bool uprobe = checker->hook->kind == POLICY_UPROBE;
	unsigned int count = 0;

	for (int i = ARG_REGS; i <= ARG_NEW_OFFSET; i++) {
		if (!given(action, (enum parameter)i))
			continue;
		count++;
		if (!uprobe)
			report_error(checker->report, given(action, (enum parameter)i),
				"allowed: in uprobes only; elsewhere argError");
	}
	if (count > 1)
		report_error(checker->report, action->source,
			"argRegs, argNewSymbol, argNewAddr and argNewOffset exclude each other");
	for (size_t i = 0; i < action->arg_regs.count; i++) {
		const struct policy_text *assignment = &action->arg_regs.items[i];
		const char *equal = strchr(assignment->data, '=');

		if (!equal || equal == assignment->data || !equal[1])
			report_error(checker->report, assignment->source,
				"%s sets no register; allowed: REGISTER=VALUE",
				QUOTE(assignment->data, assignment->length));
	}
	if (!count && !given(action, ARG_ERROR))
		report_warning(checker->report, action->source,
			"Override without argError makes the call return 0, as if it had "
			"succeeded");
	if (checker->hook->kind == POLICY_LSM_HOOK && action->arg_error > 0)
		report_error(checker->report, given(action, ARG_ERROR),
			"an LSM hook returns 0 or a negative errno; allowed: -4095 to 0");
}

/* argSock counts the arguments as they are listed. */
static void check_sock(struct policy_checker *checker, const struct policy_action *action)
{
	const struct policy_arguments *args = &checker->hook->args;
	const struct yaml_value *at = given(action, ARG_SOCK);
	size_t position = (size_t)action->arg_sock;

	if (position < args->count && (args->items[position].type == POLICY_TYPE_SOCK ||
					      args->items[position].type == POLICY_TYPE_SOCKET))
		return;
	report_error(checker->report, at ? at : action->source,
		"the argument at position %zu, counted from 0 as listed, is no sock%s", position,
		at ? "" : " (argSock is 0 if it is not given)");
}

static void check_enforcer(struct policy_checker *checker, const struct policy_action *action)
{
	if (!checker->policy->spec.enforcers.count)
		report_error(checker->report, yaml_value_get(action->source, "action"),
			"%s needs spec.enforcers", action_word(action));
	if (action->action == POLICY_ACTION_NOTIFY_ENFORCER && !given(action, ARG_ERROR) &&
		!given(action, ARG_SIG))
		report_error(checker->report, action->source,
			"the action NotifyEnforcer needs argError or argSig");
}

static void check_set(struct policy_checker *checker, const struct policy_action *action)
{
	const struct policy_arguments *args = &checker->hook->args;

	for (size_t i = 0; i < args->count; i++)
		if (args->items[i].index == action->arg_index)
			return;
	report_error(checker->report, given(action, ARG_INDEX),
		"no argument with index %lld is listed", (long long)action->arg_index);
}

static void check_network(struct policy_checker *checker, const struct policy_action *action)
{
	const struct policy_text *text =
		action->action == POLICY_ACTION_GET_URL ? &action->arg_url : &action->arg_fqdn;

	if (action->action == POLICY_ACTION_GET_URL) {
		if (strncmp(text->data, "http://", 7) != 0 &&
			strncmp(text->data, "https://", 8) != 0)
			report_error(checker->report, text->source,
				"%s is no URL; allowed: http://… or https://…",
				QUOTE(text->data, text->length));
	} else if (!text->length || strpbrk(text->data, " /:@")) {
		report_error(checker->report, text->source, "%s is no domain name",
			QUOTE(text->data, text->length));
	}
}

void check_action(struct policy_checker *checker, struct policy_action *action)
{
	size_t errors = checker->report->errors;

	check_hook_kind(checker, action);
	check_parameters(checker, action);
	if (checker->report->errors > errors)
		return;
	switch (action->action) {
	case POLICY_ACTION_POST:
		check_post(checker, action);
		break;
	case POLICY_ACTION_SIGNAL:
		if (!action->arg_sig)
			report_error(checker->report, given(action, ARG_SIG),
				"0 is no signal; allowed: 1 to 64");
		break;
	case POLICY_ACTION_OVERRIDE:
		check_override(checker, action);
		break;
	case POLICY_ACTION_GET_URL:
	case POLICY_ACTION_DNS_LOOKUP:
		check_network(checker, action);
		break;
	case POLICY_ACTION_TRACK_SOCK:
	case POLICY_ACTION_UNTRACK_SOCK:
		check_sock(checker, action);
		break;
	case POLICY_ACTION_NOTIFY_ENFORCER:
	case POLICY_ACTION_CLEANUP_ENFORCER_NOTIFICATION:
		check_enforcer(checker, action);
		break;
	case POLICY_ACTION_SET:
		check_set(checker, action);
		break;
	default:
		break;
	}
}
