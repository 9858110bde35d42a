/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether anything can match at all, by what is in the registers and by how a string begins. Most
 * calls are a miss, and a miss that has to take the steps costs two to four times as much. Only
 * ever a "no" that the steps would say too, now and when they are asked again at the return: what
 * cannot be read is theirs to decide.
 */
#pragma once

#include "policy/argument_integer.bpf.h"
#include "policy/slot.bpf.h"

const volatile struct number_prefilter number_prefilter;
const volatile struct text_prefilter text_prefilter;

static __always_inline bool number_passes(__u64 value)
{
	value = integer_extend(value, number_prefilter.size, number_prefilter.is_signed);
	if (value & number_prefilter.bits)
		return true;
	if (number_prefilter.is_signed)
		value ^= 1ULL << 63;
	for (__u32 i = 0; i < PREFILTER_CHOICES_MAX; i++) {
		if (i >= number_prefilter.count)
			break;
		if (value >= number_prefilter.ranges[i].low &&
			value <= number_prefilter.ranges[i].high)
			return true;
	}
	return false;
}

/* Whole words are read: where a string ends shortly before memory does, that fails, which says
 * nothing about the string. */
static __always_inline bool text_passes(__u64 address)
{
	__u64 words[PREFILTER_TEXT_WORDS] = {};
	__u32 size = text_prefilter.is_long ? sizeof(words) : sizeof(words[0]);

	if (is_kernel_address(address) ? bpf_probe_read_kernel(words, size, (void *)address)
				       : bpf_probe_read_user(words, size, (void *)address))
		return true;
	for (__u32 i = 0; i < PREFILTER_CHOICES_MAX; i++) {
		const volatile struct text_beginning *beginning = &text_prefilter.beginnings[i];

		if (i >= text_prefilter.count)
			break;
		if (!((words[0] ^ beginning->words[0]) & beginning->masks[0]) &&
			!((words[1] ^ beginning->words[1]) & beginning->masks[1]))
			return true;
	}
	return false;
}

/* `value_of(from, raw)` is raw[] as the program has it. */
#define PREFILTER_PASSES(value_of, from)                                                           \
	((!number_prefilter.is_used || number_passes(value_of((from), number_prefilter.raw))) &&   \
		(!text_prefilter.is_used || text_passes(value_of((from), text_prefilter.raw))))
