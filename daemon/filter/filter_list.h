/* SPDX-License-Identifier: Apache-2.0 */
/* Export filters as parsed; filter_list.c makes them, filter_match.c applies them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/filter/capabilities.h"
#include "daemon/filter/event_set.h"
#include "daemon/filter/filter.h"
#include "daemon/filter/labels.h"
#include "daemon/filter/regex.h"
#include "daemon/filter/regex_list.h"
#include "lib/buf.h"

struct cel;

/* In the order in which they are looked at: what costs little first. */
enum filter_field {
	FILTER_EVENT_SET,
	FILTER_PID,
	FILTER_IN_INIT_TREE,
	FILTER_HEALTH_CHECK,
	FILTER_POLICY_NAMES,
	FILTER_NAMESPACE,
	FILTER_CAPABILITIES,
	FILTER_PID_SET,
	FILTER_LABELS,
	FILTER_BINARY_REGEX,
	FILTER_PARENT_BINARY_REGEX,
	FILTER_CONTAINER_NAME_REGEX,
	FILTER_CONTAINER_ID,
	FILTER_POD_REGEX,
	FILTER_NAMESPACE_REGEX,
	FILTER_ANCESTOR_BINARY_REGEX,
	FILTER_ARGUMENTS_REGEX,
	FILTER_PARENT_ARGUMENTS_REGEX,
	FILTER_CEL_EXPRESSION,
	FILTER_FIELD_MAX,
};

struct filter_numbers {
	uint32_t *items;
	size_t count;
};

struct filter_texts {
	char **items;
	size_t count;
};

/* One object. Only fields whose bit is set in `fields` count; all of those must match. */
struct filter {
	uint32_t fields; /* 1 << enum filter_field */
	struct event_set event_set;
	unsigned int event_set_line, event_set_column; /* in the text */
	bool in_init_tree, health_check;
	struct capability_filter capabilities;
	struct filter_numbers pid, pid_set;
	struct filter_texts policy_names, namespaces;
	struct {
		struct label_selector **items;
		size_t count;
	} labels;
	struct {
		struct cel **items;
		size_t count;
	} cel_expressions;
	struct regex_list regex[FILTER_FIELD_MAX]; /* of the fields that are lists of them */
};

/* What matching needs and must not allocate for each event. */
struct filter_scratch {
	struct regex_machine *machine;
	struct buf arguments, parent_arguments; /* joined */
};

struct filter_list {
	struct filter *filters;
	size_t count;
	struct filter_scratch *scratch;
};

/* Kinds that no filter holds back: what they say would be missing otherwise, and nobody would know.
 */
bool filter_kind_always_passes(enum event_kind kind);
