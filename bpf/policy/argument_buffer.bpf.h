/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes in one piece or in many. */
#pragma once

#include "kernel_io.h"
#include "policy/abi.bpf.h"
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

/* A call's iovec, of a 32-bit program: its addresses and sizes are narrower. */
static __always_inline bool segments_are_narrow(__u64 address)
{
	return system_calls_32 && !is_kernel_address(address) && call_is_compat();
}

/* Segment `number` of the iovec at `address`, into the slot. Verified on its own: which width it
 * has is then no question of the loop around it. */
__noinline int segment_read(__u32 slot_index, __u64 address, __u32 number)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct io_segment_32 narrow = {};

	if (!hook_reads_any(ARGUMENT_CHAR_IOVEC, ARGUMENT_IOV_ITER) || !slot)
		return ARGUMENT_UNREADABLE;
	if (!segments_are_narrow(address))
		return read_memory(slot, &slot->segment, sizeof(slot->segment),
			       address + number * sizeof(slot->segment))
			       ? ARGUMENT_UNREADABLE
			       : ARGUMENT_READ;
	if (read_memory(slot, &narrow, sizeof(narrow), address + number * sizeof(narrow)))
		return ARGUMENT_UNREADABLE;
	slot->segment.address = narrow.address;
	slot->segment.size = narrow.size;
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
		struct io_segment segment;
		int status;

		if (i >= count)
			break;
		if (segment_read(slot_index, address, i) == ARGUMENT_UNREADABLE)
			return ARGUMENT_UNREADABLE;
		segment = slot->segment;
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

/* What there is to be read: one piece of memory, or an iovec of them. */
struct buffer_source {
	__u64 address;
	__u64 size; /* of the one; how many they are */
	__u64 skip; /* of the first */
	bool is_iovec;
};

static __always_inline void buffer_of_iter(
	struct buffer_source *source, const struct iov_iter *iter)
{
	__u64 skip = BPF_CORE_READ(iter, iov_offset);

	switch (iter_segments(iter)) {
	case ITER_SEGMENTS_ONE:
		if (!bpf_core_field_exists(iter->ubuf))
			break;
		source->address = (__u64)BPF_CORE_READ(iter, ubuf) + skip;
		source->size = BPF_CORE_READ(iter, count);
		break;
	case ITER_SEGMENTS_MANY:
		source->address = (__u64)BPF_CORE_READ(iter, kvec);
		source->size = BPF_CORE_READ(iter, nr_segs);
		source->skip = skip;
		source->is_iovec = true;
		break;
	case ITER_SEGMENTS_NONE:
		break;
	}
}

/* To where the slot says; the argument's size becomes what there is of it. */
static __always_inline int buffer_read(struct hit_slot *slot, struct hit_argument *argument,
	__u32 slot_index, __u32 index, __u64 value)
{
	const volatile struct hook_argument *hook = hook_argument(index);
	const struct iov_iter *iter = (void *)value;
	struct buffer_source source = {.address = value};
	__u64 segment_size = segments_are_narrow(value) ? sizeof(struct io_segment_32)
							: sizeof(struct io_segment);
	bool is_iter = is_reader(argument->reader, ARGUMENT_IOV_ITER, ARGUMENT_IOV_ITER);
	int status = ARGUMENT_READ;

	if (!hook)
		return ARGUMENT_UNREADABLE;
	argument->size = 0;
	if (is_iter) {
		source.address = 0;
		buffer_of_iter(&source, iter);
	} else if (hook->size_raw == HOOK_NO_SIZE) {
		source.size = hook->flags & ARGUMENT_RETURN_COPY ? BUFFER_SIZE_MAX : hook->size;
	} else {
		source.size = raw_value(slot, hook->size_raw);
		source.is_iovec =
			is_reader(argument->reader, ARGUMENT_CHAR_IOVEC, ARGUMENT_CHAR_IOVEC);
	}
	if (!source.is_iovec) {
		status = buffer_append(slot_index, index, source.address, source.size);
	} else {
		for (__u32 i = 0; i < HIT_SEGMENTS_MAX; i += HIT_SEGMENTS_BLOCK) {
			if (i >= source.size || status != ARGUMENT_READ)
				break;
			status = buffer_append_segments(slot_index, index,
				source.address + i * segment_size, source.size - i,
				i ? 0 : source.skip);
		}
	}
	if (is_iter) /* the segments may have more than is meant */
		argument->size = BOUNDED(BPF_CORE_READ(iter, count), BUFFER_SIZE_MAX);
	return status;
}

/* What a call has put there is as much as it returned; the rest was there before. */
static __always_inline __u64 buffer_limit(struct hit_slot *slot, __u32 index)
{
	const volatile struct hook_argument *hook = hook_argument(index);
	__u64 returned;

	if (!hook || !(hook->flags & ARGUMENT_RETURN_COPY))
		return BUFFER_SIZE_MAX;
	returned = raw_value(slot, HOOK_RAW_RETURN);
	if (returned <= BUFFER_SIZE_MAX)
		return returned || (hook->flags & ARGUMENT_RETURN_SIZE) ? returned
									: BUFFER_SIZE_MAX;
	if ((hook->flags & ARGUMENT_RETURN_SIZE) || returned >= -(__u64)4095 ||
		returned <= 0xffffffff) /* an error, of 64 or of 32 bits */
		return 0;
	return BUFFER_SIZE_MAX; /* an address */
}

__noinline int argument_buffer(__u32 slot_index, __u32 index, __u64 value)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	__u64 begin, length, limit;

	if (!hook_reads_any(ARGUMENT_CHAR_BUF, ARGUMENT_CONST_BUF) || !argument)
		return ARGUMENT_UNREADABLE;
	begin = data_begin(slot);
	limit = buffer_limit(slot, index);
	slot->buffer_at = begin;
	slot->buffer_room = BOUNDED(BOUNDED(HIT_DATA_MAX - begin, HIT_ARGUMENT_MAX), limit);
	slot->buffer_skip = 0;
	if (buffer_read(slot, argument, slot_index, index, value) == ARGUMENT_UNREADABLE)
		return ARGUMENT_UNREADABLE;
	argument->size = BOUNDED(argument->size, limit);
	length = slot->buffer_at - begin;
	if (length > argument->size)
		length = argument->size;
	return data_end(slot, argument, begin, length, argument->size);
}
