/* SPDX-License-Identifier: Apache-2.0 */
/* Random selectors and what they are asked about: the parts of test-selectors.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/include/policy.h"
#include "lib/buf.h"
#include "policy/model.h"
#include "policy/selector_model.h"

/* ---- chance ---- */

void random_seed(uint64_t seed);
uint64_t random_bits(void);
uint32_t random_below(uint32_t limit);
bool one_in(uint32_t times);
/* 0 to `longest` bytes, mostly few; letters that lie close to where cases begin and end. */
size_t random_text(char *text, size_t longest);
/* Of 0, the ends of the type's range and their neighbours, small ones, any. */
uint64_t random_integer(enum policy_argument_type type);
const char *any_of(const char *const *words, size_t count);
#define ANY_OF(...)                                                                                \
	({                                                                                         \
		static const char *const words_[] = {__VA_ARGS__};                                 \
		any_of(words_, ARRAY_SIZE(words_));                                                \
	})
/* One that the operator takes of arguments of the type, and how many there are to be. */
void random_value(struct buf *yaml, enum policy_operator operation, enum policy_argument_type type);
size_t random_value_count(enum policy_operator operation);

/* ---- files that are open in this process ---- */

#define FILES_OPEN_MAX 24

struct open_file {
	char path[4096], in_mount[4096]; /* the latter as seen from the root of its mount */
	int fd;
	uint32_t mode;
	uint64_t address, dentry; /* struct file, struct dentry */
};
extern struct open_file open_files[FILES_OPEN_MAX];
extern size_t open_file_count;

void files_open(void);
void files_remove(void);

/* ---- policies ---- */

#define SELECTED_ARGUMENTS_MAX 5
#define BINARY_COUNT	       8

extern const char *const binary_paths[BINARY_COUNT];

/* What every policy has at least one question about. */
struct combination {
	enum policy_argument_type type;
	enum policy_operator operation;
};

/* All that there are; the result is as many as `combinations` holds at most. */
size_t list_combinations(struct combination *combinations, size_t size);
/* A policy of one hook, as YAML; only_process: with filters on the process alone. */
/* process_filter: one of process alone comes first, by its place among them; -1: as `first` says.
 */
#define PROCESS_FILTERS 8
void random_policy(struct buf *yaml, struct combination first, int process_filter);
/* For CelExpr: of arguments of these types, one of which is an integer; about the first if that is
 * one. */
void random_expression(struct buf *yaml, const enum policy_argument_type *types, size_t count);
/* One in which mostly every selector asks the same argument, as a prefilter needs it. */
void random_narrow_policy(struct buf *yaml);

/* ---- what is seen at a hook ---- */

struct sample {
	struct observed_argument args[SELECTED_ARGUMENTS_MAX], data[SELECTED_ARGUMENTS_MAX];
	uint64_t raw[HOOK_RAW_MAX];
};

/* Where raw[] has the size of the buffer in raw[index]. */
#define SIZE_RAW(index) ((index) + SELECTED_ARGUMENTS_MAX)

/* Memory of the kernel, and its address there. */
void objects_use(char *memory, uint64_t address, size_t bytes);
/* New arguments for the hook. Stays valid until the next. */
void random_sample(const struct policy_hook *hook, struct sample *sample);

/* This process and those before it, as a model knows them. */
struct observed_process *observe_ancestors(void);
/* Anything that a process may change of itself: capabilities, namespaces. It may go on in a child.
 * Returns a pidfd of the parent. */
int become_another(void);
/* And what the kernel side is to believe of its past and its binary. */
void random_process(const struct policy_hook *hook, struct observation *observation,
	struct process_state *state, struct process_state *parent_state);
void host_namespaces(uint32_t ret_inodes[POLICY_NAMESPACE_COUNT]);

/* ---- what has occurred ---- */

struct occurrences {
	uint32_t of_argument[POLICY_TYPE_COUNT][POLICY_IN][2];
	uint32_t of_filter[16][8][2];
};

/* Count every entry that decided about its selector: without it, the answer is another. */
void count_decisions(struct occurrences *occurrences, const struct policy_hook *hook,
	const struct observation *observation);
/* How many questions have not had both answers. */
size_t count_missing(const struct occurrences *occurrences, bool print);
/* A filter of the process that has not had both answers with each of its operators; -1: none. */
int missing_filter(const struct occurrences *occurrences);
bool has_occurred(const struct occurrences *occurrences, struct combination combination);
