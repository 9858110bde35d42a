/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* argv and the environment of the process that calls execve. */
#pragma once

#include "base/scratch.bpf.h"
#include "lib/bounded.bpf.h"
#include "lib/emit.bpf.h"

struct data_scratch {
	__u64 address, total, sent; /* of argv; sent: in pieces so far */
	__u64 time;
	struct data_record record;
	char bytes[ARGUMENTS_CHUNK_MAX];
};

/* One for each instance of on_exec; user space sets max_entries. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct data_scratch);
} data_scratches SEC(".maps");

const volatile bool environment_enabled;

/* Append `length` bytes of the current process's memory; returns how many were read. */
static __always_inline __u64 append_user(struct exec_scratch *scratch, __u64 used, __u64 length,
	__u64 limit, unsigned long address, __u32 error_flag)
{
	used = BOUNDED(used, EXEC_TEXT_MAX - ARGUMENTS_INLINE_MAX);
	length = BOUNDED(length, limit);
	/* Exactly what is there: one byte more can lie above the top of the stack and fail it all.
	 */
	if (length && bpf_probe_read_user(&scratch->text[used], length, (void *)address)) {
		scratch->record.header.flags |= error_flag;
		count_failed_read();
		return 0;
	}
	return length;
}

/* The next piece of argv that does not fit into the record. Returns 0 when it went out and there
 * may be more. How far it is stands in the map value: in a register it would be another number in
 * each turn of the loop below, and many verifiers would follow every turn anew (half a
 * million instructions). */
__noinline int arguments_chunk(__u32 instance)
{
	struct data_scratch *scratch = bpf_map_lookup_elem(&data_scratches, &instance);
	__u64 sent, size;

	if (!scratch)
		return -1;
	sent = scratch->sent;
	if (sent >= scratch->total || scratch->total - sent <= ARGUMENTS_INLINE_MAX)
		return -1;
	size = BOUNDED(scratch->total - sent, ARGUMENTS_CHUNK_MAX);
	if (bpf_probe_read_user(scratch->bytes, size, (void *)(scratch->address + sent)))
		return -1;
	header_init(&scratch->record.header, RECORD_DATA, scratch->time);
	scratch->record.offset = sent;
	scratch->record.length = size;
	if (!emit(&scratch->record.header, RECORD_DATA, sizeof(struct data_record) + size, false))
		return -1;
	scratch->sent = sent + size;
	return 0;
}

/* Returns how many bytes went. */
static __always_inline __u64 arguments_chunks(
	__u32 instance, struct exec_record *record, __u64 total, unsigned long address)
{
	struct data_scratch *scratch = bpf_map_lookup_elem(&data_scratches, &instance);

	if (!scratch)
		return 0;
	scratch->address = address;
	scratch->total = total;
	scratch->sent = 0;
	scratch->time = record->header.time;
	scratch->record.process = record->process;
	for (int i = 0; i < ARGUMENTS_CHUNKS_MAX; i++)
		if (arguments_chunk(instance))
			break;
	return scratch->sent;
}

/* argv: by pieces, then the rest into the record. Global, like the next: in its caller the verifier
 * would follow all of it once for each outcome of what stands before. */
__noinline int exec_arguments(__u32 instance)
{
	struct exec_scratch *scratch = exec_scratch(instance);
	__u64 start, end, total, sent = 0;
	struct exec_record *record;

	if (!scratch)
		return -1;
	record = &scratch->record;
	start = scratch->arguments_start;
	end = scratch->arguments_end;
	if (end <= start)
		return 0;
	record->arguments_total = end - start;
	total = end - start;
	if (total > ARGUMENTS_TOTAL_MAX) {
		total = ARGUMENTS_TOTAL_MAX;
		record->header.flags |= RECORD_FLAG_ARGUMENTS_CUT;
	}
	if (total > ARGUMENTS_INLINE_MAX)
		sent = arguments_chunks(instance, record, total, start);
	record->arguments_data = sent;
	if (total - sent > ARGUMENTS_INLINE_MAX) {
		/* a piece could not be read or sent: what follows it cannot be joined */
		record->header.flags |= RECORD_FLAG_ARGUMENTS_ERROR;
		return 0;
	}
	record->arguments_length = append_user(scratch, scratch->used, total - sent,
		ARGUMENTS_INLINE_MAX, start + sent, RECORD_FLAG_ARGUMENTS_ERROR);
	scratch->used += record->arguments_length;
	return 0;
}

__noinline int exec_environment(__u32 instance)
{
	struct exec_scratch *scratch = exec_scratch(instance);
	__u64 start, end, length, used;
	struct exec_record *record;

	if (!scratch)
		return -1;
	record = &scratch->record;
	start = scratch->environment_start;
	end = scratch->environment_end;
	if (end <= start)
		return 0;
	length = end - start;
	if (length > ENVIRONMENT_MAX) {
		length = ENVIRONMENT_MAX;
		record->header.flags |= RECORD_FLAG_ENVIRONMENT_CUT;
	}
	used = BOUNDED(scratch->used, EXEC_TEXT_MAX - ENVIRONMENT_MAX);
	length = BOUNDED(length, ENVIRONMENT_MAX);
	if (bpf_probe_read_user(&scratch->text[used], length, (void *)start)) {
		record->header.flags |= RECORD_FLAG_ENVIRONMENT_ERROR;
		count_failed_read();
		return 0;
	}
	record->environment_length = length;
	scratch->used += length;
	return 0;
}
