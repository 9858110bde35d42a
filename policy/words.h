/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the policy language: each table ends with a NULL name, and names a value first by
 * the word that is documented, then by those that Tetragon takes as well. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct policy_word {
	const char *name;
	int value;
};

extern const struct policy_word policy_kind_words[];
extern const struct policy_word policy_label_operator_words[];
extern const struct policy_word policy_list_type_words[];
extern const struct policy_word policy_option_words[];
extern const struct policy_word policy_argument_type_words[];
extern const struct policy_word policy_argument_source_words[];
extern const struct policy_word policy_argument_operator_words[];
extern const struct policy_word policy_membership_operator_words[];
extern const struct policy_word policy_binary_operator_words[];
extern const struct policy_word policy_namespace_words[];
extern const struct policy_word policy_capability_set_words[];
extern const struct policy_word policy_capability_words[];
extern const struct policy_word policy_action_words[];
extern const struct policy_word policy_return_action_words[];
extern const struct policy_word policy_rate_limit_scope_words[];
extern const struct policy_word policy_protocol_words[];
extern const struct policy_word policy_family_words[];
extern const struct policy_word policy_tcp_state_words[];
extern const struct policy_word policy_file_type_words[];

/* -EINVAL if there is no such word. */
int policy_word_parse(
	const struct policy_word *words, const char *text, size_t length, int *ret_value);
int policy_word_parse_any_case(
	const struct policy_word *words, const char *text, size_t length, int *ret_value);
/* The documented word; "?" for a value that has none. */
const char *policy_word(const struct policy_word *words, int value);
/* "Equal, NotEqual, …": each value once, by its documented word. */
void policy_words_list(struct buf *buf, const struct policy_word *words);
/* The word most like what was written, or NULL if none is near. */
const char *policy_word_suggest(const struct policy_word *words, const char *text, size_t length);
/* How many letters must be changed, added, left out or swapped, case aside; more than `limit` is
 * said as limit + 1. Words of more than 64 letters are never near. */
size_t policy_word_distance(
	const char *a, size_t a_length, const char *b, size_t b_length, size_t limit);
