/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of calls whose return is still to come, found by the number of the call and ordered by
 * age. Bounded in number and bytes: what has no room any more is handed out, oldest first, to
 * become an event without its return. Main thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/decode/decode.h"
#include "daemon/enrich/pool.h"
#include "daemon/enrich/process.h"
#include "daemon/policy/hit/hit.h"

#define PENDING_HITS_MAX       4096
#define PENDING_HITS_BYTES_MAX (8u << 20)
#define PENDING_HITS_BUCKETS   1024 /* a power of two */

struct pending_hit {
	struct pending_hit *hash_next, *older, *newer;
	struct process *process;	     /* counted by the caller */
	const struct hook_description *hook; /* counted by the caller */
	uint64_t kept_since;		     /* CLOCK_BOOTTIME ns */
	bool setup;
	uint32_t size; /* of the record */
	_Alignas(8) char record[];
};

struct pending_hits {
	struct pending_hit *buckets[PENDING_HITS_BUCKETS];
	struct pending_hit *oldest, *newest;
	struct pool pool;
	uint32_t count;
	uint64_t bytes;
};

/* A copy of the record; process, hook and setup are the caller's to fill. NULL: no memory. */
struct pending_hit *pending_hits_add(
	struct pending_hits *pending, const struct hit_record *record, uint64_t now);
/* The entry of this call, taken out; NULL when it is not (any more) there. */
struct pending_hit *pending_hits_take(struct pending_hits *pending, uint64_t call);
/* The oldest, taken out, when there are more than there is room for, or when it is older than
 * `before`. */
struct pending_hit *pending_hits_take_overdue(struct pending_hits *pending, uint64_t before);
/* The oldest of this process, taken out. */
struct pending_hit *pending_hits_take_of(
	struct pending_hits *pending, uint32_t pid, uint64_t start_boottime);
const struct hit_record *pending_hit_record(const struct pending_hit *hit);
/* The memory of one that was taken out. */
void pending_hit_free(struct pending_hits *pending, struct pending_hit *hit);
void pending_hits_done(struct pending_hits *pending);
