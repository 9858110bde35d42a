/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Selectors: steps, each one question with where to go on for each answer. Compiled from the policy
 * by daemon/policy/engine/compile.c; what they mean is in policy/selector_model.h.
 */
#pragma once

#include "policy/argument.bpf.h"
#include "policy/number.bpf.h"
#include "policy/process.bpf.h"
#include "policy/steps.bpf.h"
#include "policy/text.bpf.h"

/* Scopes of the process's container; the host's are at 0. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* only user space writes it */
	__uint(max_entries, CONTAINERS_MAX + 1);
	__type(key, __u64);
	__type(value, struct container_scopes);
} container_scopes SEC(".maps");

static __always_inline bool process_is_in_scope(__u32 scope)
{
	struct task_container *kept = current_container();
	__u64 container_id = kept ? kept->container_id : 0;
	struct container_scopes *scopes = bpf_map_lookup_elem(&container_scopes, &container_id);
	__u32 word = scope / 64;

	asm volatile("" : "+r"(word));
	if (!scopes || word >= SCOPE_WORDS)
		return false;
	return scopes->words[word] >> (scope % 64) & 1;
}

static __always_inline int text_answers(__u32 slot_index, struct hit_slot *slot,
	const struct hook_step *step, const struct hit_argument *argument)
{
	__u32 at = argument->offset, size = argument->length, length = step->length;
	__u32 fold = 0;

	bool is_bloom = step->operation == STEP_TEXT_BLOOM;
	__u64 word;

	/* Of what was cut, one end was not seen: a path's beginning, the end of all else. No value
	 * is as long as that is. */
	switch (is_bloom ? step->second : step->operation) {
	case STEP_TEXT_EQUAL:
		if ((is_bloom ? size < length : size != length) || argument->status == ARGUMENT_CUT)
			return 0;
		at += size - length;
		break;
	case STEP_TEXT_PREFIX:
		if (argument->flags & PATH_CUT)
			return -1;
		if (size < length)
			return 0;
		break;
	case STEP_TEXT_POSTFIX:
		if (argument->status == ARGUMENT_CUT && !(argument->flags & PATH_CUT))
			return -1;
		if (size < length)
			return 0;
		at += size - length;
		break;
	case STEP_TEXT_SUB_STRING_IGN_CASE:
		fold = 1;
		/* fall through */
	case STEP_TEXT_SUB_STRING:
		return text_is_in(slot_index, at, size, step->offset, length << 1 | fold) > 0;
	}
	/* The first eight bytes decide most; the rest is a function's. */
	asm volatile("" : "+r"(at));
	if (at > HIT_DATA_MAX)
		return 0;
	word = word_at(&slot->data[at]);
	if (is_bloom)
		return !!(step->low & TEXT_BLOOM_BIT(word & step->high));
	if ((word ^ step->low) & step->high)
		return 0;
	return length <= TEXT_WORD || text_is_at(slot_index, at, step->offset, length, 0) > 0;
}

static __always_inline bool is_between(__u64 number, const struct hook_step *step)
{
	return number >= step->low && number <= step->high;
}

/* Whether the first `bits` bits of both are the same; 16 bytes in network order. */
static __always_inline bool address_is_in(const __u8 address[16], __u32 network, __u32 bits)
{
	const char *first = hook_text(network), *second = hook_text(network + 8);
	__u64 difference;

	if (!first || !second)
		return false;
	difference = __builtin_bswap64(word_at(address) ^ word_at(first));
	if (bits < 64)
		return !bits || !(difference >> (64 - bits));
	if (difference)
		return false;
	difference = __builtin_bswap64(word_at(address + 8) ^ word_at(second));
	return bits == 64 || !(difference >> (128 - bits));
}

#define AF_INET	 2
#define AF_INET6 10

/* Verified on its own, with the step's index: a question about an address. */
__noinline int socket_answers(__u32 slot_index, __u32 step_index)
{
	struct hook_step *step = bpf_map_lookup_elem(&hook_steps, &step_index);
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument;
	struct hit_socket *socket;
	__u32 at;

	if (!steps_occur(SOCKET_STEPS) || !slot || !step)
		return -1;
	argument = hit_argument(slot, step->argument);
	if (!argument)
		return -1;
	if (is_reader(argument->reader, ARGUMENT_SOCKADDR_UN, ARGUMENT_SOCKADDR_UN))
		return step->operation == STEP_FAMILY ? is_between(argument->integer, step) : -1;
	if (argument->length < sizeof(*socket))
		return -1;
	at = argument->offset;
	asm volatile("" : "+r"(at));
	if (at > HIT_DATA_MAX)
		return -1;
	socket = (struct hit_socket *)&slot->data[at];
	if (step->operation == STEP_FAMILY)
		return is_between(socket->family, step);
	if (step->operation == STEP_PROTOCOL)
		return is_between(socket->protocol, step);
	if (step->operation == STEP_STATE)
		return is_between(socket->state, step);
	if (socket->family != AF_INET && socket->family != AF_INET6)
		return -1;
	if (step->operation == STEP_SOURCE_PORT)
		return is_between(socket->source_port, step);
	if (step->operation == STEP_DESTINATION_PORT)
		return is_between(socket->destination_port, step);
	if (socket->family != step->low)
		return 0;
	return address_is_in(
		step->operation == STEP_SOURCE_ADDRESS ? socket->source : socket->destination,
		step->offset, step->length);
}

/* Capabilities of an argument: a set of its own, or a credential's effective ones. */
static __always_inline bool capabilities_read(
	struct hit_slot *slot, __u32 index, __u64 *ret_capabilities)
{
	struct hit_argument *argument = hit_argument(slot, index);
	struct credentials *credentials;
	__u32 at;

	if (!argument)
		return false;
	if (argument->reader != ARGUMENT_CRED) {
		*ret_capabilities = argument->integer;
		return argument->status == ARGUMENT_READ;
	}
	at = argument->offset;
	asm volatile("" : "+r"(at));
	if (argument->length < sizeof(*credentials) || at > HIT_DATA_MAX)
		return false;
	credentials = (struct credentials *)&slot->data[at];
	*ret_capabilities = credentials->cap_effective;
	return true;
}

/* 1, 0, or -1: what is asked for could not be read, or is not there. */
static __always_inline int argument_answers(
	__u32 slot_index, struct hit_slot *slot, const struct hook_step *step, __u32 step_index)
{
	struct hit_argument *argument = hit_argument(slot, step->argument);

	if (!argument)
		return -1;
	if (argument->status == ARGUMENT_UNREAD)
		argument_read(slot_index, step->argument);
	if (argument->status != ARGUMENT_READ && argument->status != ARGUMENT_CUT)
		return -1;
	switch (step->operation) {
	case STEP_RANGE:
		return is_between(argument->integer, step);
	case STEP_RANGE_SIGNED:
		return (__s64)argument->integer >= (__s64)step->low &&
		       (__s64)argument->integer <= (__s64)step->high;
	case STEP_MASK:
		return !!(argument->integer & step->low);
	case STEP_FILE_TYPE:
		return step->low >> ((argument->integer & S_IFMT) >> 12) & 1;
	case STEP_TEXT_EQUAL:
	case STEP_TEXT_PREFIX:
	case STEP_TEXT_POSTFIX:
	case STEP_TEXT_SUB_STRING:
	case STEP_TEXT_SUB_STRING_IGN_CASE:
	case STEP_TEXT_BLOOM:
		return text_answers(slot_index, slot, step, argument);
	case STEP_CAPABILITIES_GAINED: {
		if (!steps_occur(STEP_BIT(STEP_CAPABILITIES_GAINED)))
			return -1;
		__u64 first = 0, second = 0;

		argument = hit_argument(slot, step->second);
		if (!argument)
			return -1;
		if (argument->status == ARGUMENT_UNREAD)
			argument_read(slot_index, step->second);
		if (!capabilities_read(slot, step->argument, &first) ||
			!capabilities_read(slot, step->second, &second))
			return -1;
		return !!(first & ~second & step->low);
	}
	default:
		if (steps_occur(NUMBER_STEPS) && step->operation >= STEP_READ)
			return number_answers(slot_index, step_index);
		return socket_answers(slot_index, step_index);
	}
}

/* One step; slot->step goes on. */
static __always_inline int step_take(__u32 slot_index)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hook_step *step;
	__u32 index;
	int answer;

	if (!slot)
		return -1;
	index = slot->step;
	step = bpf_map_lookup_elem(&hook_steps, &index);
	if (!step) {
		slot->step = STEP_NO_MATCH;
		return -1;
	}
	if (step->operation == STEP_SCOPE)
		answer = process_is_in_scope(step->low);
	else if (step->operation >= STEP_PID)
		answer = process_answers(
			step->operation, step->argument, step->second, step->low, step->high);
	else
		answer = argument_answers(slot_index, slot, step, index);
	slot->step = answer > 0 ? step->then : answer < 0 ? step->unknown : step->otherwise;
	return 0;
}

__noinline int steps_block(__u32 slot_index)
{
	struct hit_slot *slot = hit_slot(slot_index);

	if (!slot)
		return -1;
	for (__u32 i = 0; i < HOOK_STEPS_BLOCK; i++) {
		if (i >= steps_count || slot->step >= STEP_MATCH)
			break;
		step_take(slot_index);
	}
	return 0;
}

/* From `step` on. The selector that matched, or -1. Steps only lead forward, so that there are at
 * most as many as there are. */
static __always_inline int steps_run(struct hit_slot *slot, __u32 slot_index, __u32 step)
{
	slot->step = step;
	for (__u32 i = 0; i < HOOK_STEPS_MAX; i += HOOK_STEPS_BLOCK) {
		if (i >= steps_count || slot->step >= STEP_MATCH)
			break;
		steps_block(slot_index);
	}
	if (slot->step < STEP_MATCH || slot->step == STEP_NO_MATCH)
		return -1;
	return slot->step & ~STEP_MATCH;
}
