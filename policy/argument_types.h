/* SPDX-License-Identifier: Apache-2.0 */
/* What an argument of each type is to a selector, and which operators go with it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/model.h"

enum policy_type_class {
	POLICY_CLASS_NONE,    /* no operator works on it */
	POLICY_CLASS_UNKNOWN, /* auto: known once the policy is loaded */
	POLICY_CLASS_INTEGER,
	POLICY_CLASS_TEXT,   /* compared up to its NUL */
	POLICY_CLASS_BUFFER, /* bytes, compared with all of their length */
	POLICY_CLASS_PATH,
	POLICY_CLASS_SOCKET,	   /* two addresses, a protocol, a state */
	POLICY_CLASS_PACKET,	   /* two addresses, a protocol */
	POLICY_CLASS_ADDRESS,	   /* one address: SAddr and SPort are its */
	POLICY_CLASS_SOCKET_PATH,  /* sockaddr_un */
	POLICY_CLASS_CAPABILITIES, /* a mask */
	POLICY_CLASS_CREDENTIALS   /* masks, for CapabilitiesGained */
};

enum policy_type_class policy_type_class(enum policy_argument_type type);
/* Of an integer: 8 to 64. */
unsigned int policy_type_bits(enum policy_argument_type type);
bool policy_type_is_signed(enum policy_argument_type type);
/* A bit for each operator of arguments that goes with the class. */
uint64_t policy_class_operators(enum policy_type_class class);
