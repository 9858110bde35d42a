/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes in one piece or in many. */
#pragma once

#include "kernel_io.h"
#include "policy/argument_data.bpf.h"

/* No call moves more; what is larger was a negative number: a call's error. */
#define BUFFER_SIZE_MAX 0x7fffffff

/* More of the argument. All that there is is counted in its size; what has room is read. */
__noinline int buffer_append(__u32 slot_index, __u32 index, __u64 address, __u64 size)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	__u64 at, length, skip;

	if (!hook_reads_any(ARGUMENT_CHAR_BUF, ARGUMENT_CONST_BUF) || !argument)
		return ARGUMENT_UNREADABLE;
	if (size > BUFFER_SIZE_MAX)
		size = 0;
	argument->size = BOUNDED(argument->size + size, BUFFER_SIZE_MAX);
	skip = BOUNDED(slot->buffer_skip, size);
	slot->buffer_skip -= skip;
	at = BOUNDED(slot->buffer_at, HIT_DATA_MAX + HIT_ARGUMENT_MAX);
	length = BOUNDED(size - skip, slot->buffer_room);
	length = BOUNDED(length, HIT_ARGUMENT_MAX);
	if (length && read_memory(slot, &slot->data[at], length, address + skip))
		return ARGUMENT_UNREADABLE;
	slot->buffer_at = at + length;
	slot->buffer_room -= length;
	return ARGUMENT_READ;
}

/* Up to HIT_SEGMENTS_BLOCK segments of the iovec at `address`, without the first `skip` bytes. */
__noinline int buffer_append_segments(
	__u32 slot_index, __u32 index, __u64 address, __u64 count, __u64 skip)
{
	struct hit_slot *slot = hit_slot(slot_index);

	if (!hook_reads_any(ARGUMENT_CHAR_IOVEC, ARGUMENT_IOV_ITER) || !slot)
		return ARGUMENT_UNREADABLE;
	for (__u32 i = 0; i < HIT_SEGMENTS_BLOCK; i++) {
		struct io_segment segment = {};
		int status;

		if (i >= count)
			break;
		if (read_memory(slot, &segment, sizeof(segment), address + i * sizeof(segment)))
			return ARGUMENT_UNREADABLE;
		if (!i && skip < segment.size) {
			segment.address += skip;
			segment.size -= skip;
		}
		status = buffer_append(slot_index, index, segment.address, segment.size);
		if (status == ARGUMENT_UNREADABLE)
			return status;
	}
	return ARGUMENT_READ;
}

__noinline int buffer_append_iovec(
	__u32 slot_index, __u32 index, __u64 address, __u64 count, __u64 skip)
{
	if (!hook_reads_any(ARGUMENT_CHAR_IOVEC, ARGUMENT_IOV_ITER))
		return ARGUMENT_UNREADABLE;
	for (__u32 i = 0; i < HIT_SEGMENTS_MAX; i += HIT_SEGMENTS_BLOCK) {
		int status;

		if (i >= count)
			break;
		status = buffer_append_segments(slot_index, index,
			address + i * sizeof(struct io_segment), count - i, i ? 0 : skip);
		if (status != ARGUMENT_READ)
			return status;
	}
	return ARGUMENT_READ;
}

enum iter_segments {
	ITER_SEGMENTS_NONE, /* pages, not memory that has an address */
	ITER_SEGMENTS_ONE,  /* ubuf */
	ITER_SEGMENTS_MANY  /* iovec, kvec */
};

static __always_inline enum iter_segments iter_segments(const struct iov_iter *iter)
{
	__u32 type;

	if (bpf_core_field_exists(iter->iter_type))
		type = BPF_CORE_READ(iter, iter_type);
	else
		type = BPF_CORE_READ((struct iov_iter___type *)iter, type) & ~1U;
	if (bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) &&
		type == bpf_core_enum_value(enum iter_type, ITER_UBUF))
		return ITER_SEGMENTS_ONE;
	if (type == bpf_core_enum_value(enum iter_type, ITER_IOVEC) ||
		type == bpf_core_enum_value(enum iter_type, ITER_KVEC))
		return ITER_SEGMENTS_MANY;
	return ITER_SEGMENTS_NONE;
}

static __always_inline int buffer_append_iter(
	__u32 slot_index, __u32 index, const struct iov_iter *iter)
{
	__u64 skip = BPF_CORE_READ(iter, iov_offset);

	switch (iter_segments(iter)) {
	case ITER_SEGMENTS_ONE:
		if (!bpf_core_field_exists(iter->ubuf))
			return ARGUMENT_UNREADABLE;
		return buffer_append(slot_index, index, (__u64)BPF_CORE_READ(iter, ubuf) + skip,
			BPF_CORE_READ(iter, count));
	case ITER_SEGMENTS_MANY:
		return buffer_append_iovec(slot_index, index, (__u64)BPF_CORE_READ(iter, kvec),
			BPF_CORE_READ(iter, nr_segs), skip);
	default:
		return ARGUMENT_READ;
	}
}

/* To where the slot says; `size` is what there is of it. */
static __always_inline int buffer_read(struct hit_slot *slot, struct hit_argument *argument,
	__u32 slot_index, __u32 index, __u64 value)
{
	__u64 size = raw_value(slot, hook_arguments[index].size_raw);
	int status;

	argument->size = 0;
	if (is_reader(argument->reader, ARGUMENT_CHAR_IOVEC, ARGUMENT_CHAR_IOVEC))
		return buffer_append_iovec(slot_index, index, value, size, 0);
	if (is_reader(argument->reader, ARGUMENT_IOV_ITER, ARGUMENT_IOV_ITER)) {
		const struct iov_iter *iter = (void *)value;

		status = buffer_append_iter(slot_index, index, iter);
		/* the segments may have more than is meant */
		size = BPF_CORE_READ(iter, count);
		argument->size = BOUNDED(size, BUFFER_SIZE_MAX);
		return status;
	}
	if (hook_arguments[index].size_raw == HOOK_NO_SIZE)
		size = hook_arguments[index].size;
	return buffer_append(slot_index, index, value, size);
}

__noinline int argument_buffer(__u32 slot_index, __u32 index, __u64 value)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	__u64 begin, length;

	if (!hook_reads_any(ARGUMENT_CHAR_BUF, ARGUMENT_CONST_BUF) || !argument ||
		index >= HOOK_ARGUMENTS_ALL)
		return ARGUMENT_UNREADABLE;
	begin = data_begin(slot);
	slot->buffer_at = begin;
	slot->buffer_room = BOUNDED(HIT_DATA_MAX - begin, HIT_ARGUMENT_MAX);
	slot->buffer_skip = 0;
	if (buffer_read(slot, argument, slot_index, index, value) == ARGUMENT_UNREADABLE)
		return ARGUMENT_UNREADABLE;
	length = slot->buffer_at - begin;
	if (length > argument->size)
		length = argument->size;
	return data_end(slot, argument, begin, length, argument->size);
}
