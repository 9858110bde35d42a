/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCRE2 with its limits set for text that an attacker chooses: a search takes at most a few
 * milliseconds and a few megabytes, whatever the expression and the text are, and then says that it
 * ran away; many that do are given less. Bytes, not characters; `$` is the end of the text only, as
 * in RE2.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

#define REGEX_PATTERN_MAX 4096 /* bytes */
#define REGEX_GROUPS_MAX  32   /* capture groups of one expression */

struct regex;
/* What searching needs besides the expression: limits and memory. Used by one thread at a time. */
struct regex_machine;

enum regex_result {
	REGEX_NO,
	REGEX_YES,
	REGEX_RUN_AWAY
};

int regex_machine_new(struct regex_machine **ret_machine);
struct regex_machine *regex_machine_free(struct regex_machine *machine);
/* How many searches ran away so far. */
uint64_t regex_machine_run_aways(const struct regex_machine *machine);

/* -EINVAL with what is wrong at which byte, -ENOMEM. */
int regex_compile(
	const char *pattern, size_t length, struct regex **ret_regex, struct error *error);
struct regex *regex_free(struct regex *regex);
size_t regex_group_count(const struct regex *regex);

/* Search in `text` from byte `start` on; what is before `start` counts for \b and look-behind.
 * Going on in the same text, with a `start` above 0, goes on with the same time budget. */
enum regex_result regex_search(const struct regex *regex, struct regex_machine *machine,
	const char *text, size_t length, size_t start);
/* After REGEX_YES: where group `group` (0: the whole match) begins and ends; (size_t)-1 if it took
 * no part. Valid until the next search. */
void regex_group(
	const struct regex_machine *machine, size_t group, size_t *ret_start, size_t *ret_end);
