/* SPDX-License-Identifier: Apache-2.0 */
/* args, data and returnArg. */
#include "policy/read.h"

#define AT(member) .offset = offsetof(struct policy_argument, member)
static const struct field argument_fields[] = {
	/* Required of the call's own arguments, see check_index(). */
	{"index", FIELD_INTEGER, AT(index), .maximum = POLICY_TRACEPOINT_INDEX_MAX},
	{"type", FIELD_WORD, AT(type), .words = policy_argument_type_words},
	{"source", FIELD_WORD, AT(value_source), .words = policy_argument_source_words},
	{"resolve", FIELD_TEXT, AT(resolve), .length_max = 1024},
	{"btfType", FIELD_TEXT, AT(btf_type), .length_max = POLICY_SYMBOL_LENGTH_MAX},
	{"btfTypeModule", FIELD_TEXT, AT(btf_type_module), .length_max = POLICY_SYMBOL_LENGTH_MAX},
	{"sizeArgIndex", FIELD_INTEGER, AT(size_arg_index), .maximum = POLICY_SIZE_ARG_INDEX_MAX},
	{"returnCopy", FIELD_BOOLEAN, AT(return_copy)},
	{"maxData", FIELD_BOOLEAN, AT(max_data)},
	{"label", FIELD_TEXT, AT(label), .length_max = 128},
	{0},
};
const struct object_type read_argument_type = {
	.size = sizeof(struct policy_argument),
	.fields = argument_fields,
	.source_offset = offsetof(struct policy_argument, source),
};
