/* SPDX-License-Identifier: Apache-2.0 */
/* Records of matches made from plain values, with the hook they belong to. */
#pragma once

#include "bpf/include/policy.h"
#include "daemon/event.h"
#include "daemon/policy/hit/hit.h"
#include "lib/buf.h"

struct hit_sample {
	struct hook_description *hook; /* from malloc(), one reference */
	struct hit_record record;
	struct buf data, bytes;
	uint64_t kernel_stack[4], user_stack[4];
	char hash[FILE_HASH_MAX]; /* if the record says so */
};

/* Policy "p", function "sys_openat" (or what the kind has), no argument, of process 7. */
void hit_sample_init(struct hit_sample *sample, enum event_kind kind);
void hit_sample_done(struct hit_sample *sample);
/* The next argument; its number. */
uint32_t hit_sample_integer(
	struct hit_sample *sample, enum policy_argument_type type, int64_t value);
uint32_t hit_sample_bytes(struct hit_sample *sample, enum policy_argument_type type,
	enum argument_reader reader, const void *bytes, size_t length);
#define hit_sample_text(sample, type, reader, text)                                                \
	hit_sample_bytes((sample), (type), (reader), (text), strlen(text))
void hit_sample_return(struct hit_sample *sample, enum policy_argument_type type, int64_t value);
void hit_sample_label(struct hit_sample *sample, uint32_t argument, const char *label);
/* One argument of each reader, a return value, two stacks, a message, tags, a selector. */
void hit_sample_fill(struct hit_sample *sample);
/* The record as the ring would have it; valid until the sample changes. */
const void *hit_sample_record(struct hit_sample *sample, size_t *ret_size);
/* The same as an event's hit; stacks are only addresses, in `frames`. */
void hit_sample_event(struct hit_sample *sample, struct event *event);
