/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * maxData: what an argument has beyond its bytes in the record goes out in pieces before it. A
 * piece is put together behind the slot's data, of which nothing is in use there then.
 */
#pragma once

#include "policy/argument.bpf.h"

const volatile bool hook_has_max_data;

_Static_assert(sizeof(struct hit_data_record) + HIT_PIECE_MAX <= HIT_ARGUMENT_MAX, "piece");

static __always_inline __u64 pieces_bytes(const struct hit_argument *argument, __u32 index)
{
	const volatile struct hook_argument *hook = hook_argument(index);

	if (!hook || !(hook->flags & ARGUMENT_MAX_DATA) || argument->status != ARGUMENT_CUT ||
		argument->size <= argument->length)
		return 0;
	return BOUNDED(argument->size - argument->length, HIT_MAX_DATA);
}

/* How many bytes will go before the record, at most. */
static __always_inline __u32 pieces_bytes_of_all(struct hit_slot *slot, __u32 count)
{
	__u32 bytes = 0;

	if (!hook_has_max_data)
		return 0;
	for (__u32 i = 0; i < HOOK_ARGUMENTS_MAX; i++)
		if (i < count)
			bytes += pieces_bytes(&slot->record.arguments[i], i);
	return bytes;
}

/* The piece that begins at `offset`; returns how long it was. */
__noinline int argument_piece(__u32 slot_index, __u32 index, __u64 offset)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	struct hit_data_record *piece;
	__u64 value = 0, length;
	__u32 size;
	int status;

	if (!hook_has_max_data || !argument)
		return 0;
	size = argument->size;
	if (offset >= size || offset >= HIT_MAX_DATA ||
		!argument_value(slot, slot_index, index, &value))
		return 0;
	piece = (void *)&slot->data[HIT_DATA_MAX];
	slot->buffer_at = HIT_DATA_MAX + sizeof(*piece);
	slot->buffer_room = BOUNDED(BOUNDED(size, HIT_MAX_DATA) - offset, HIT_PIECE_MAX);
	slot->buffer_skip = offset;
	status = buffer_read(slot, argument, slot_index, index, value);
	argument->size = size;
	length = slot->buffer_at - (HIT_DATA_MAX + sizeof(*piece));
	length = BOUNDED(length, HIT_PIECE_MAX);
	if (status == ARGUMENT_UNREADABLE || !length)
		return 0;
	header_init(&piece->header, RECORD_HIT_DATA, slot->record.header.time);
	piece->call = slot->record.call;
	piece->argument = index;
	piece->offset = offset;
	piece->length = length;
	piece->padding = 0;
	if (!emit_bounded(&piece->header, RECORD_HIT_DATA, sizeof(*piece) + length,
		    sizeof(*piece) + HIT_PIECE_MAX, false))
		return 0;
	argument->flags |= HIT_ARGUMENT_PIECES;
	return length;
}

__noinline int argument_pieces(__u32 slot_index, __u32 index)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;

	if (!hook_has_max_data || !argument || !pieces_bytes(argument, index))
		return 0;
	for (__u32 i = 0; i < HIT_PIECES_MAX; i++)
		if (argument_piece(slot_index, index, argument->length + i * HIT_PIECE_MAX) <
			HIT_PIECE_MAX)
			break;
	return 0;
}

static __always_inline void pieces_send(__u32 slot_index, __u32 count)
{
	if (!hook_has_max_data)
		return;
	for (__u32 i = 0; i < HOOK_ARGUMENTS_MAX; i++)
		if (i < count)
			argument_pieces(slot_index, i);
}
