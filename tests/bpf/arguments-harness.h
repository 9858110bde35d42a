/* SPDX-License-Identifier: Apache-2.0 */
/* Have a hook's arguments read by the kernel side, and look at what came out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bpf/arguments-seen.h"

struct reading {
	struct hook_argument arguments[HOOK_ARGUMENTS_ALL];
	uint32_t count; /* 0: one */
	uint64_t raw[HOOK_RAW_MAX];
	uint32_t only_pid; /* in a tracepoint: of this process only */
	/* Memory of the kernel with what a test makes: which raw[] are in it, given as offsets, and
	 * which of its own 64-bit words. */
	char memory[4096];
	uint32_t memory_raws;
	uint32_t memory_words[4], memory_words_count;
	struct slot_seen slot; /* what came out */
	/* and what came out before it, in pieces of argument 0: where it began, and where it ended
	 * without a gap */
	char pieces[HIT_MAX_DATA];
	uint32_t pieces_begin, pieces_end;
};

/* Not by plain loads, where the kernel lets programs have them. */
extern bool read_by_helpers;

/* One argument that begins at raw[0]. */
struct reading *new_reading(enum argument_reader reader);
/* Where `member` is in the running kernel's struct; exits when it has none. */
uint32_t member_offset(const char *type, const char *member);
bool have_type(const char *type);
bool has_member(const char *type, const char *member);
/* One step more of argument `index`, from the current task when it is the first. */
void resolve_pointer(struct reading *reading, size_t index, const char *type, const char *member);
void resolve_member(struct reading *reading, size_t index, const char *type, const char *member);
/* An open file's struct file, or what its private_data points to. */
void resolve_file(struct reading *reading, size_t index, int fd);
void resolve_private_data(struct reading *reading, size_t index, int fd);

/* Read raw[] in this process. Exits where the program is refused. */
void read_given(struct reading *reading);
/* Read in the tracepoint's program while `act` runs; false when it was not reached. */
bool read_in_tracepoint(
	struct reading *reading, const char *program, void (*act)(void *context), void *context);

/* How many instructions the verifier follows for a hook with every reader; 0: it refuses it. */
unsigned long instructions_of_all(const char *program);

const char *argument_bytes(const struct reading *reading, size_t index);
bool is_bytes(const struct reading *reading, size_t index, const void *bytes, size_t length);
bool is_text(const struct reading *reading, size_t index, const char *text);

bool is_status(const struct reading *reading, size_t index, enum argument_status status);

/* TAP */
void ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
void diag(const char *format, ...) __attribute__((format(printf, 1, 2)));
int finish(void);

void test_paths(void);
void test_sockets(void);
void test_addresses(void);
void test_packets(void);
void test_pieces(void);
void test_credentials(void);
void test_loading(void);
