/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What all readers of arguments do: read memory of the kernel or of the user, and put what was read
 * into the slot's data. What has no room there is cut.
 */
#pragma once

#define KERNEL_READ_LOADS

#include "lib/bounded.bpf.h"
#include "lib/kernel_read.bpf.h"
#include "policy/slot.bpf.h"

_Static_assert(HIT_DATA_MAX % 8 == 0, "data of every argument is aligned");

/* Whether this hook has any of the readers first … last. */
static __always_inline bool hook_reads_any(enum argument_reader first, enum argument_reader last)
{
	return hook_readers & ((2ULL << last) - (1ULL << first));
}

/* Whether argument `reader` is one of first … last, and this hook has any: a comparison only where
 * it can be true. */
static __always_inline bool is_reader(
	__u32 reader, enum argument_reader first, enum argument_reader last)
{
	return hook_reads_any(first, last) && reader >= (__u32)first && reader <= (__u32)last;
}

/* Where the next argument's data begins. HIT_ARGUMENT_MAX bytes can always be written there. */
static __always_inline __u64 data_begin(struct hit_slot *slot)
{
	return BOUNDED(slot->used, HIT_DATA_MAX);
}

/* `length` bytes were written at `begin`, of `size` that there were. */
static __always_inline int data_end(
	struct hit_slot *slot, struct hit_argument *argument, __u64 begin, __u64 length, __u64 size)
{
	if (length > HIT_DATA_MAX - begin)
		length = HIT_DATA_MAX - begin;
	argument->offset = begin;
	argument->length = length;
	argument->size = size;
	slot->used = (begin + length + 7) & ~7ULL;
	return length < size ? ARGUMENT_CUT : ARGUMENT_READ;
}

/* User memory may not be paged in, and a program cannot wait for it: the call itself brings it in,
 * so it is read again when the call returns. Nothing will ever be on the first page. */
static __always_inline void read_failed(struct hit_slot *slot, __u64 address)
{
	if (!is_kernel_address(address) && address >= 4096)
		slot->incomplete = 1;
}

static __always_inline long read_memory(struct hit_slot *slot, void *to, __u64 size, __u64 address)
{
	long r;

	if (is_kernel_address(address))
		return bpf_probe_read_kernel(to, size, (void *)address);
	r = bpf_probe_read_user(to, size, (void *)address);
	if (r)
		read_failed(slot, address);
	return r;
}

/* At most `size` bytes with the NUL, which is put over the last byte of what is longer. */
static __always_inline long read_string(struct hit_slot *slot, void *to, __u64 size, __u64 address)
{
	long r;

	if (is_kernel_address(address))
		return bpf_probe_read_kernel_str(to, size, (void *)address);
	r = bpf_probe_read_user_str(to, size, (void *)address);
	if (r < 0)
		read_failed(slot, address);
	return r;
}

/* Room for a structure, to be filled; NULL when there is none any more: half of one is nothing. */
static __always_inline void *data_structure(
	struct hit_slot *slot, struct hit_argument *argument, __u64 size)
{
	__u64 begin = data_begin(slot);

	argument->offset = begin;
	argument->size = size;
	if (size > HIT_DATA_MAX - begin)
		return NULL;
	argument->length = size;
	slot->used = begin + ((size + 7) & ~7ULL);
	return &slot->data[begin];
}

/* A value of raw[]; 0 when there is no such. */
static __always_inline __u64 raw_value(struct hit_slot *slot, __u64 raw)
{
	asm volatile("" : "+r"(raw));
	if (raw >= HOOK_RAW_MAX)
		return 0;
	asm volatile("" : "+r"(raw));
	return slot->raw[raw];
}
