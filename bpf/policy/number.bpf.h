/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The operators of CelExpr's expressions: compiled by daemon/policy/engine/compile_expression.c,
 * what they mean is in policy/cel.h. */
#pragma once

#include "policy/argument_integer.bpf.h"
#include "policy/slot.bpf.h"
#include "policy/steps.bpf.h"

static __always_inline __u64 number_side(struct hit_slot *slot, __u32 side, __u64 constant)
{
	__u64 index = side & (HOOK_NUMBERS_MAX - 1);

	if (side & NUMBER_CONSTANT)
		return constant;
	asm volatile("" : "+r"(index));
	if (index >= HOOK_NUMBERS_MAX)
		return 0;
	if (side & NUMBER_KEPT)
		return slot->numbers[index];
	return index < HOOK_ARGUMENTS_ALL ? slot->record.arguments[index].integer : 0;
}

/* Verified on its own, with the step's index: an operator of an expression. */
__noinline int number_answers(__u32 slot_index, __u32 step_index)
{
	struct hook_step *step = bpf_map_lookup_elem(&hook_steps, &step_index);
	struct hit_slot *slot = hit_slot(slot_index);
	__u64 left, right, index;

	if (!steps_occur(NUMBER_STEPS) || !slot || !step)
		return -1;
	left = number_side(slot, step->left, step->low);
	right = number_side(slot, step->right, step->high);
	switch (step->operation) {
	case STEP_NUMBER_ADD:
		left += right;
		break;
	case STEP_NUMBER_SUBTRACT:
		left -= right;
		break;
	case STEP_NUMBER_AND:
		left &= right;
		break;
	case STEP_NUMBER_OR:
		left |= right;
		break;
	case STEP_NUMBER_XOR:
		left ^= right;
		break;
	case STEP_NUMBER_EQUAL:
		return left == right;
	case STEP_NUMBER_LESS:
		return step->is_signed ? (__s64)left < (__s64)right : left < right;
	default: /* STEP_READ */
		return 1;
	}
	index = step->result & (HOOK_NUMBERS_MAX - 1);
	asm volatile("" : "+r"(index));
	if (index >= HOOK_NUMBERS_MAX)
		return -1;
	slot->numbers[index] = integer_extend(left, step->size, step->is_signed);
	return 1;
}
