/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Comparing text that was read with the values of a policy. Loops with a bound, each in a global
 * function: the verifier looks at it once, on kernels without bpf_loop() too. Loops within loops
 * are functions within functions for the same reason.
 */
#pragma once

#include "policy/slot.bpf.h"
#include "policy/steps.bpf.h"

#define TEXT_WORD	   8
#define TEXT_SEARCH_BLOCK  64
#define TEXT_SEARCH_BLOCKS (HIT_ARGUMENT_MAX / TEXT_SEARCH_BLOCK)

/* Bytes of all values and a word more, so that words can be read past the end. */
const volatile __u32 texts_size = TEXT_WORD;
const volatile __u32 text_longest; /* bytes of the longest value: the verifier goes no further */

#define SEARCH_STEPS (STEP_BIT(STEP_TEXT_SUB_STRING) | STEP_BIT(STEP_TEXT_SUB_STRING_IGN_CASE))

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, TEXT_WORD); /* user space makes it texts_size */
} hook_texts SEC(".maps");

static __always_inline const char *hook_text(__u32 offset)
{
	__u32 zero = 0;
	const char *texts = bpf_map_lookup_elem(&hook_texts, &zero);

	asm volatile("" : "+r"(offset));
	if (!texts || offset > texts_size - TEXT_WORD)
		return NULL;
	return texts + offset;
}

static __always_inline __u64 word_at(const void *address)
{
	return *(const __u64 *)address;
}

/* Upper case letters of ASCII made small, eight at once. */
static __always_inline __u64 word_lower(__u64 word)
{
	__u64 low = word & 0x7f7f7f7f7f7f7f7fULL;
	__u64 is_upper = (low + 0x3f3f3f3f3f3f3f3fULL) & ~(low + 0x2525252525252525ULL) & ~word &
			 0x8080808080808080ULL;

	return word | is_upper >> 2;
}

/* Whether `length` bytes of the data from `at` are those of the values from `offset`. A length of
 * up to HIT_ARGUMENT_MAX. Little endian, as all supported architectures. */
__noinline int text_is_at(__u32 slot_index, __u32 at, __u32 offset, __u32 length, __u32 fold)
{
	struct hit_slot *slot = hit_slot(slot_index);

	if (!slot)
		return 0;
	for (__u32 i = 0; i < HIT_ARGUMENT_MAX; i += TEXT_WORD) {
		__u32 data_at = at + i;
		const char *text;
		__u64 difference, word;

		if (i >= length)
			return 1;
		if (i >= text_longest)
			return 0;
		asm volatile("" : "+r"(data_at));
		text = hook_text(offset + i);
		if (!text || data_at > HIT_DATA_MAX)
			return 0;
		word = word_at(&slot->data[data_at]);
		if (fold)
			word = word_lower(word);
		difference = word ^ word_at(text);
		if (length - i < TEXT_WORD)
			return !(difference << (64 - 8 * (length - i)));
		if (difference)
			return 0;
	}
	return length <= HIT_ARGUMENT_MAX;
}

/* The same at any of TEXT_SEARCH_BLOCK places from `at`, the last one being `last`. */
__noinline int text_search_block(
	__u32 slot_index, __u32 at, __u32 last, __u32 offset, __u32 length_and_fold)
{
	struct hit_slot *slot = hit_slot(slot_index);
	__u32 length = length_and_fold >> 1, fold = length_and_fold & 1;
	const char *text = hook_text(offset);
	__u8 first;

	if (!steps_occur(SEARCH_STEPS) || !slot || !text)
		return 0;
	first = *text;
	for (__u32 i = 0; i < TEXT_SEARCH_BLOCK; i++) {
		__u32 place = at + i;
		__u8 byte;

		asm volatile("" : "+r"(place));
		if (place > last || place > HIT_DATA_MAX)
			return 0;
		byte = slot->data[place];
		if (fold && byte >= 'A' && byte <= 'Z')
			byte |= 0x20;
		if (byte == first && text_is_at(slot_index, place, offset, length, fold) > 0)
			return 1;
	}
	return 0;
}

/* Whether the values' text stands anywhere in `size` bytes of the data from `at`. */
__noinline int text_is_in(
	__u32 slot_index, __u32 at, __u32 size, __u32 offset, __u32 length_and_fold)
{
	__u32 length = length_and_fold >> 1;

	if (!steps_occur(SEARCH_STEPS))
		return 0;
	if (!length)
		return 1;
	if (length > size)
		return 0;
	for (__u32 i = 0; i < TEXT_SEARCH_BLOCKS; i++) {
		__u32 begin = i * TEXT_SEARCH_BLOCK;

		if (begin > size - length)
			return 0;
		if (text_search_block(slot_index, at + begin, at + size - length, offset,
			    length_and_fold) > 0)
			return 1;
	}
	return 0;
}
