/* SPDX-License-Identifier: Apache-2.0 */
/* matchActions and matchReturnActions. Which parameter goes with which action: check_actions.c. */
#include "policy/read.h"

#define REMOVED "was removed from TracingPolicy with the FD actions of Tetragon 1.8"

#define AT(member) .offset = offsetof(struct policy_action, member)
static const struct field action_fields[] = {
	{"action", FIELD_WORD, .required = true, AT(action), .words = policy_action_words,
		.any_case = true},
	/* fmod_ret can return any int; -4095 is the last errno. */
	{"argError", FIELD_INTEGER, AT(arg_error), .minimum = -4095, .maximum = INT32_MAX},
	{"argSig", FIELD_INTEGER, AT(arg_sig), .maximum = 64},
	{"argSock", FIELD_INTEGER, AT(arg_sock), .maximum = POLICY_ARGUMENT_INDEX_MAX},
	{"argIndex", FIELD_INTEGER, AT(arg_index), .maximum = POLICY_USDT_INDEX_MAX},
	{"argValue", FIELD_INTEGER, AT(arg_value), .minimum = INT32_MIN, .maximum = UINT32_MAX},
	{"argUrl", FIELD_TEXT, AT(arg_url), .length_max = 2048},
	{"argFqdn", FIELD_TEXT, AT(arg_fqdn), .length_max = 253},
	{"argRegs", FIELD_TEXTS, AT(arg_regs), .count_max = 32, .length_max = 64},
	{"argNewSymbol", FIELD_TEXT, AT(arg_new_symbol), .length_max = POLICY_SYMBOL_LENGTH_MAX},
	{"argNewAddr", FIELD_INTEGER, AT(arg_new_addr), .maximum = INT64_MAX},
	{"argNewOffset", FIELD_INTEGER, AT(arg_new_offset), .maximum = INT64_MAX},
	{"rateLimit", FIELD_TEXT, AT(rate_limit), .integers_too = true, .length_max = 32},
	{"rateLimitScope", FIELD_WORD, AT(rate_limit_scope),
		.words = policy_rate_limit_scope_words},
	{"kernelStackTrace", FIELD_BOOLEAN, AT(kernel_stack_trace)},
	{"userStackTrace", FIELD_BOOLEAN, AT(user_stack_trace)},
	{"imaHash", FIELD_BOOLEAN, AT(ima_hash)},
	{"argFd", FIELD_ANYTHING, .refused = REMOVED},
	{"argName", FIELD_ANYTHING, .refused = REMOVED},
	{0},
};
const struct object_type read_action_type = {
	.size = sizeof(struct policy_action),
	.fields = action_fields,
	.source_offset = offsetof(struct policy_action, source),
};
