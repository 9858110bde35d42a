/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/argument_types.h"

#define BIT(operation) (1ULL << (operation))

struct type_information {
	enum policy_type_class class;
	uint8_t bits;
	bool is_signed;
};

#define SIGNED(bits_)                                                                              \
	{                                                                                          \
		POLICY_CLASS_INTEGER, bits_, true                                                  \
	}
#define UNSIGNED(bits_)                                                                            \
	{                                                                                          \
		POLICY_CLASS_INTEGER, bits_, false                                                 \
	}

/* What is not here has POLICY_CLASS_NONE. */
static const struct type_information types[POLICY_TYPE_COUNT] = {
	[POLICY_TYPE_AUTO] = {POLICY_CLASS_UNKNOWN},
	[POLICY_TYPE_INT] = SIGNED(32),
	[POLICY_TYPE_SINT8] = SIGNED(8),
	[POLICY_TYPE_INT8] = SIGNED(8),
	[POLICY_TYPE_UINT8] = UNSIGNED(8),
	[POLICY_TYPE_SINT16] = SIGNED(16),
	[POLICY_TYPE_INT16] = SIGNED(16),
	[POLICY_TYPE_UINT16] = UNSIGNED(16),
	[POLICY_TYPE_UINT32] = UNSIGNED(32),
	[POLICY_TYPE_SINT32] = SIGNED(32),
	[POLICY_TYPE_INT32] = SIGNED(32),
	[POLICY_TYPE_ULONG] = UNSIGNED(64),
	[POLICY_TYPE_UINT64] = UNSIGNED(64),
	[POLICY_TYPE_SIZE_T] = UNSIGNED(64),
	[POLICY_TYPE_LONG] = SIGNED(64),
	[POLICY_TYPE_SINT64] = SIGNED(64),
	[POLICY_TYPE_INT64] = SIGNED(64),
	[POLICY_TYPE_SYSCALL64] = SIGNED(64),
	[POLICY_TYPE_CAPABILITY] = SIGNED(32),
	[POLICY_TYPE_BPF_CMD] = SIGNED(32),
	[POLICY_TYPE_STRING] = {POLICY_CLASS_TEXT},
	[POLICY_TYPE_FILENAME] = {POLICY_CLASS_TEXT},
	[POLICY_TYPE_NET_DEVICE] = {POLICY_CLASS_TEXT},
	[POLICY_TYPE_DATA_LOC] = {POLICY_CLASS_TEXT},
	[POLICY_TYPE_CHAR_BUF] = {POLICY_CLASS_BUFFER},
	[POLICY_TYPE_CHAR_IOVEC] = {POLICY_CLASS_BUFFER},
	[POLICY_TYPE_IOV_ITER] = {POLICY_CLASS_BUFFER},
	[POLICY_TYPE_FD] = {POLICY_CLASS_PATH},
	[POLICY_TYPE_FILE] = {POLICY_CLASS_PATH},
	[POLICY_TYPE_PATH] = {POLICY_CLASS_PATH},
	[POLICY_TYPE_DENTRY] = {POLICY_CLASS_PATH},
	[POLICY_TYPE_KIOCB] = {POLICY_CLASS_PATH},
	[POLICY_TYPE_LINUX_BINPRM] = {POLICY_CLASS_PATH},
	[POLICY_TYPE_SOCK] = {POLICY_CLASS_SOCKET},
	[POLICY_TYPE_SOCKET] = {POLICY_CLASS_SOCKET},
	[POLICY_TYPE_SKB] = {POLICY_CLASS_PACKET},
	[POLICY_TYPE_SOCKADDR] = {POLICY_CLASS_ADDRESS},
	[POLICY_TYPE_SOCKADDR_UN] = {POLICY_CLASS_SOCKET_PATH},
	[POLICY_TYPE_KERNEL_CAP_T] = {POLICY_CLASS_CAPABILITIES},
	[POLICY_TYPE_CAP_INHERITABLE] = {POLICY_CLASS_CAPABILITIES},
	[POLICY_TYPE_CAP_PERMITTED] = {POLICY_CLASS_CAPABILITIES},
	[POLICY_TYPE_CAP_EFFECTIVE] = {POLICY_CLASS_CAPABILITIES},
	[POLICY_TYPE_CRED] = {POLICY_CLASS_CREDENTIALS},
};

#define INTEGER_OPERATORS                                                                          \
	(BIT(POLICY_EQUAL) | BIT(POLICY_NOT_EQUAL) | BIT(POLICY_GREATER_THAN) |                    \
		BIT(POLICY_LESS_THAN) | BIT(POLICY_MASK) | BIT(POLICY_IN_RANGE) |                  \
		BIT(POLICY_NOT_IN_RANGE) | BIT(POLICY_IN_MAP) | BIT(POLICY_NOT_IN_MAP) |           \
		BIT(POLICY_CEL_EXPR))
#define TEXT_OPERATORS                                                                             \
	(BIT(POLICY_EQUAL) | BIT(POLICY_NOT_EQUAL) | BIT(POLICY_PREFIX) | BIT(POLICY_NOT_PREFIX) | \
		BIT(POLICY_POSTFIX) | BIT(POLICY_NOT_POSTFIX) | BIT(POLICY_SUB_STRING) |           \
		BIT(POLICY_SUB_STRING_IGN_CASE))
#define SOURCE_OPERATORS                                                                           \
	(BIT(POLICY_S_PORT) | BIT(POLICY_NOT_S_PORT) | BIT(POLICY_S_PORT_PRIV) |                   \
		BIT(POLICY_NOT_S_PORT_PRIV) | BIT(POLICY_S_ADDR) | BIT(POLICY_NOT_S_ADDR))
#define DESTINATION_OPERATORS                                                                      \
	(BIT(POLICY_D_PORT) | BIT(POLICY_NOT_D_PORT) | BIT(POLICY_D_PORT_PRIV) |                   \
		BIT(POLICY_NOT_D_PORT_PRIV) | BIT(POLICY_D_ADDR) | BIT(POLICY_NOT_D_ADDR))
#define PACKET_OPERATORS                                                                           \
	(SOURCE_OPERATORS | DESTINATION_OPERATORS | BIT(POLICY_PROTOCOL) | BIT(POLICY_FAMILY))

enum policy_type_class policy_type_class(enum policy_argument_type type)
{
	return types[type].class;
}

unsigned int policy_type_bits(enum policy_argument_type type)
{
	return types[type].bits;
}

bool policy_type_is_signed(enum policy_argument_type type)
{
	return types[type].is_signed;
}

uint64_t policy_class_operators(enum policy_type_class class)
{
	switch (class) {
	case POLICY_CLASS_NONE:
		return 0;
	case POLICY_CLASS_UNKNOWN:
		return BIT(POLICY_IN) - 1;
	case POLICY_CLASS_INTEGER:
		return INTEGER_OPERATORS;
	case POLICY_CLASS_TEXT:
	case POLICY_CLASS_BUFFER:
		return TEXT_OPERATORS;
	case POLICY_CLASS_PATH:
		return TEXT_OPERATORS | BIT(POLICY_FILE_TYPE) | BIT(POLICY_NOT_FILE_TYPE);
	case POLICY_CLASS_SOCKET:
		return PACKET_OPERATORS | BIT(POLICY_STATE);
	case POLICY_CLASS_PACKET:
		return PACKET_OPERATORS;
	case POLICY_CLASS_ADDRESS:
		return SOURCE_OPERATORS | BIT(POLICY_FAMILY);
	case POLICY_CLASS_SOCKET_PATH:
		return TEXT_OPERATORS | BIT(POLICY_FAMILY);
	case POLICY_CLASS_CAPABILITIES:
		return BIT(POLICY_EQUAL) | BIT(POLICY_NOT_EQUAL) | BIT(POLICY_MASK) |
		       BIT(POLICY_CAPABILITIES_GAINED);
	case POLICY_CLASS_CREDENTIALS:
		return BIT(POLICY_CAPABILITIES_GAINED);
	}
	return 0;
}
