/* SPDX-License-Identifier: Apache-2.0 */
/* Matches of policies on their way to events. */
#pragma once

#include <stdint.h>

#include "daemon/enrich/hit_pieces.h"
#include "daemon/enrich/pending_hits.h"
#include "daemon/policy/hit/hit.h"

/* A call that does not return for so long (accept, poll) is an event without its return. */
#define HIT_RETURN_WAIT_NS 30000000000ULL
#define HIT_EVENTS_MAX	   2 /* of one record: of the call before with the same number, and its own */

/* What the hooks are, from whoever loads policies. */
struct hook_source {
	void *data;
	/* The description of hit_record.hook; NULL when it is not known (any more). */
	const struct hook_description *(*hook)(void *data, uint32_t id);
	/* Which function of a hook with many; NULL when it is not known. */
	const char *(*function)(void *data, const struct hook_description *hook, uint64_t function);
	/* Fill in what is known of the frames, whose addresses stand there already. May be NULL. */
	void (*symbolize)(void *data, const struct hit_record *record, struct stack_frame *kernel,
		size_t kernel_depth, struct stack_frame *user, size_t user_depth);
};

struct hit_counters {
	uint64_t hits;		/* events made */
	uint64_t merged;	/* entry and return came together */
	uint64_t unmerged;	/* without their return: it took too long, or the process ended */
	uint64_t evicted;	/* the same, since there was no room */
	uint64_t unconfirmed;	/* entries that were no matches: their return did not match */
	uint64_t lone_returns;	/* whose entry was gone already: no event */
	uint64_t unknown_hooks; /* the policy had gone: no event */
	uint64_t strangers;	/* of a process never seen */
};

struct hits {
	struct hook_source source;
	struct pending_hits pending;
	struct hit_pieces pieces;
	struct hit_counters counters;

	/* of the record at hand, until enrich_finish() */
	struct pending_hit *taken[HIT_EVENTS_MAX];
	size_t taken_count;
	struct process *stranger;
	struct {
		struct stack_frame kernel[STACK_DEPTH_MAX], user[STACK_DEPTH_MAX];
	} frames[HIT_EVENTS_MAX];
	size_t frames_used;
	struct hit_joined joined[HIT_EVENTS_MAX * HOOK_ARGUMENTS_MAX];
	size_t joined_count;
};

struct enrichment;

/* Before that, hits are of unknown hooks. */
void enrich_set_hooks(struct enrichment *enrichment, const struct hook_source *source);

/* For enrich_record(), enrich_finish() and enrich_done(). */
void enrich_hit(struct enrichment *enrichment, const struct record_view *view);
void enrich_hit_finish(struct enrichment *enrichment);
void enrich_hit_done(struct enrichment *enrichment);
/* The event of a hit whose return is not waited for any longer: its process ends with `next`, there
 * is no room, or it has been kept since before now - HIT_RETURN_WAIT_NS. One at a time: call before
 * each record (with 0) and about once a second (without a record) until event_count is 0. */
void enrich_overdue_hit(
	struct enrichment *enrichment, const struct record_view *next, uint64_t now_boottime_ns);
/* The same without a limit of time, at the end. */
#define HIT_NO_MORE_WAITING UINT64_MAX
