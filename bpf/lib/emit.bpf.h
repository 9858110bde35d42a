/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Into the ring: numbering, fairness, counting what is lost, and when to wake the consumer. */
#pragma once

#include "lib/bounded.bpf.h"
#include "kernel.h"
#include "event.h"

/* Set before load. */
const volatile __u32 ring_bytes = RING_BYTES_DEFAULT;
const volatile __u64 throttle_bytes; /* per container and THROTTLE_INTERVAL_NS; 0 = no limit */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES_DEFAULT);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_state);
} cpus SEC(".maps");

/* When a record that wakes was last made, on any CPU. Read and written without a lock: a lost
 * update costs one wake-up too many or one sweep's delay. A map and not a variable: policies'
 * programs share it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} last_waking SEC(".maps");

static __always_inline struct cpu_state *this_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpus, &zero);
}

static __always_inline void count_lost(struct cpu_state *cpu, __u32 kind, __u32 reason)
{
	if (cpu && kind < RECORD_KIND_MAX && reason < LOSS_REASON_MAX)
		__sync_fetch_and_add(&cpu->lost[kind][reason], 1);
}

/* A helper failed where the record is still worth sending (a flag in it says what is missing). */
static __always_inline void count_failed_read(void)
{
	struct cpu_state *cpu = this_cpu();

	if (cpu)
		__sync_fetch_and_add(&cpu->failed_reads, 1);
}

/* Take `bytes` from the container's share of the ring; false when it is used up. While the consumer
 * does not keep up and the ring is half full, shares are small, or one container would take the
 * rest of it too, and others lose theirs. The share is kept in two plain fields: two CPUs may both
 * pass at its edge, and nothing worse. */
static __always_inline bool charge(
	struct container_entry *container, __u32 kind, __u32 bytes, __u64 now)
{
	__u64 share = throttle_bytes;

	if (!container || !share)
		return true;
	if (now - container->interval_start >= THROTTLE_INTERVAL_NS) {
		container->interval_start = now;
		container->interval_bytes = 0;
	}
	if (container->interval_bytes + bytes > share / THROTTLE_FULL_DIVISOR) {
		__u64 pending = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);

		if (pending > ring_bytes / 4 * 3)
			share /= THROTTLE_FULL_DIVISOR;
		else if (pending > ring_bytes / 2)
			share /= THROTTLE_CROWDED_DIVISOR;
	}
	if (container->interval_bytes + bytes > share) {
		if (kind < RECORD_KIND_MAX)
			__sync_fetch_and_add(&container->throttled[kind], 1);
		return false;
	}
	container->interval_bytes += bytes;
	return true;
}

static __always_inline void header_init(struct record_header *header, __u32 kind, __u64 now)
{
	header->kind = kind;
	header->version = RECORD_VERSION;
	header->time = now;
	header->cpu = bpf_get_smp_processor_id();
	header->flags = 0;
}

/* Send one record of `size` bytes, at most `limit`, said again where it matters: the verifier
 * of 5.10 forgets the bounds of a number that the compiler keeps on the stack meanwhile. `kind` is
 * the header's, as a constant: what is read back from memory is any number to the verifier. Waking
 * costs the sender more than all the rest (an interrupt to the consumer's CPU), so fork and exit
 * never wake below the fill mark, and others only when the stream was quiet: in between the
 * consumer looks by itself every 5 ms. */
static __always_inline bool emit_bounded(
	struct record_header *header, __u32 kind, __u32 size, __u32 limit, bool wakes)
{
	struct cpu_state *cpu = this_cpu();
	__u64 flags = BPF_RB_NO_WAKEUP;

	if (!cpu)
		return false;
	header->size = size;
	__sync_fetch_and_add(&cpu->sequence, 1); /* its result cannot be had on 5.10 */
	header->sequence = cpu->sequence;
	if (wakes) {
		__u32 zero = 0;
		__u64 *last = bpf_map_lookup_elem(&last_waking, &zero);

		if (last) {
			if (header->time - *last > QUIET_WAKE_NS)
				flags = BPF_RB_FORCE_WAKEUP;
			*last = header->time;
		}
	}
	if (flags == BPF_RB_NO_WAKEUP &&
		bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > ring_bytes / RING_WAKE_DIVISOR)
		flags = BPF_RB_FORCE_WAKEUP;
	if (bpf_ringbuf_output(&ring, header, limit ? BOUNDED(size, limit) : size, flags)) {
		count_lost(cpu, kind, LOSS_RING_FULL);
		return false;
	}
	return true;
}

static __always_inline bool emit(struct record_header *header, __u32 kind, __u32 size, bool wakes)
{
	return emit_bounded(header, kind, size, 0, wakes);
}

/* A record that is not made because of its container's share still uses up its number. */
static __always_inline void skip_throttled(__u32 kind)
{
	struct cpu_state *cpu = this_cpu();

	if (cpu)
		__sync_fetch_and_add(&cpu->sequence, 1);
	count_lost(cpu, kind, LOSS_THROTTLED);
}
