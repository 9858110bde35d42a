/* SPDX-License-Identifier: Apache-2.0 */
/* Have a hook's arguments read by the kernel side, and look at what came out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/include/policy.h"

/* struct hit_slot of bpf/policy/slot.bpf.h */
struct hit_slot_seen {
	uint32_t busy, used, step, incomplete;
	uint64_t raw[HOOK_RAW_MAX];
	struct hit_record record;
	char data[HIT_DATA_MAX + HIT_ARGUMENT_MAX];
};

struct reading {
	struct hook_argument arguments[HOOK_ARGUMENTS_ALL];
	uint32_t count; /* 0: one */
	uint64_t raw[HOOK_RAW_MAX];
	struct hit_slot_seen slot; /* what came out */
};

/* Read raw[] in this process. Exits where the program is refused. */
void read_given(struct reading *reading);
/* Read in the tracepoint's program while `act` runs; false when it was not reached. */
bool read_in_tracepoint(
	struct reading *reading, const char *program, void (*act)(void *context), void *context);

const char *argument_bytes(const struct reading *reading, size_t index);
bool is_bytes(const struct reading *reading, size_t index, const void *bytes, size_t length);
bool is_text(const struct reading *reading, size_t index, const char *text);

/* TAP */
void ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
void diag(const char *format, ...) __attribute__((format(printf, 1, 2)));
int finish(void);
