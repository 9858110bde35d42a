/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a policy, and its simplest parts: texts, labels, lists. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/yaml_document.h"

/* Tetragon takes five arguments of a function, we take those that registers and BTF can give. */
#define POLICY_ARGUMENTS_MAX	  10
#define POLICY_ARGUMENT_INDEX_MAX 9
/* Fields of a format file, the four common ones included. */
#define POLICY_TRACEPOINT_INDEX_MAX	31
#define POLICY_RAW_TRACEPOINT_INDEX_MAX 11
#define POLICY_USDT_INDEX_MAX		11
#define POLICY_SIZE_ARG_INDEX_MAX	10 /* counted from 1 */
#define POLICY_RESOLVE_DEPTH_MAX	10
/* What the verifier takes may be less; these bound what is kept in memory. */
#define POLICY_HOOKS_MAX	    1024 /* of one section */
#define POLICY_SELECTORS_MAX	    64	 /* of one hook */
#define POLICY_FILTERS_MAX	    32	 /* of one kind in one selector, its macros' included */
#define POLICY_ACTIONS_MAX	    8
#define POLICY_VALUES_MAX	    8192 /* of one filter */
#define POLICY_TAGS_MAX		    16
#define POLICY_TAG_LENGTH_MAX	    128
#define POLICY_TAG_LENGTH_MIN	    2
#define POLICY_MESSAGE_LENGTH_MAX   256
#define POLICY_MESSAGE_LENGTH_MIN   2
#define POLICY_NAME_LENGTH_MAX	    253
#define POLICY_SYMBOL_LENGTH_MAX    255
#define POLICY_PATH_LENGTH_MAX	    4095
#define POLICY_PREFIX_LENGTH_MAX    256 /* of a kernel's LPM trie; of postfixes too */
#define POLICY_SUBSTRING_LENGTH_MAX 255
#define POLICY_LISTS_MAX	    64
/* Copied by the uses of macros: a few bytes must not stand for gigabytes. */
#define POLICY_MACRO_VALUES_MAX	 100000
#define POLICY_MACROS_MAX	 64
#define POLICY_ENFORCERS_MAX	 1
#define POLICY_RATE_LIMIT_MS_MAX UINT32_MAX

struct policy_text {
	const char *data; /* with a NUL after it; NULL for "not given" */
	size_t length;	  /* NUL bytes may stand inside a value */
	const struct yaml_value *source;
};

/* Arrays are a pointer and a count in this order: the reader fills them by their place. */
struct policy_texts {
	struct policy_text *items;
	size_t count;
};
struct policy_integers {
	int64_t *items;
	size_t count;
};
struct policy_label {
	struct policy_text key, value;
};
struct policy_labels {
	struct policy_label *items;
	size_t count;
};

/* podSelector, containerSelector, hostSelector, nodeSelector */

enum policy_label_operator {
	POLICY_LABEL_IN,
	POLICY_LABEL_NOT_IN,
	POLICY_LABEL_EXISTS,
	POLICY_LABEL_DOES_NOT_EXIST
};
struct policy_label_expression {
	const struct yaml_value *source;
	struct policy_text key;
	int operation; /* enum policy_label_operator */
	struct policy_texts values;
};
struct policy_label_selector {
	const struct yaml_value *source; /* NULL: not given, which is not the same as {} */
	struct policy_labels match_labels;
	struct {
		struct policy_label_expression *items;
		size_t count;
	} match_expressions;
};

/* lists */

enum policy_list_type {
	POLICY_LIST_VALUES, /* no type: functions or numbers as they are */
	POLICY_LIST_SYSCALLS,
	POLICY_LIST_GENERATED_SYSCALLS,
	POLICY_LIST_GENERATED_FTRACE
};
struct policy_list {
	const struct yaml_value *source;
	struct policy_text name, pattern;
	int type; /* enum policy_list_type */
	struct policy_texts values;
	bool validated; /* written by Tetragon itself; means nothing here */
};
