/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/pending_hits.h"

#include <string.h>

static struct pending_hit **bucket(struct pending_hits *pending, uint64_t call)
{
	return &pending->buckets[(call * 0x9e3779b97f4a7c15ULL) >> 54 & (PENDING_HITS_BUCKETS - 1)];
}

const struct hit_record *pending_hit_record(const struct pending_hit *hit)
{
	return (const struct hit_record *)hit->record;
}

struct pending_hit *pending_hits_add(
	struct pending_hits *pending, const struct hit_record *record, uint64_t now)
{
	struct pending_hit **head = bucket(pending, record->call), *hit;

	hit = pool_get(&pending->pool, sizeof(*hit) + record->header.size);
	if (!hit)
		return NULL;
	memset(hit, 0, sizeof(*hit));
	hit->kept_since = now;
	hit->size = record->header.size;
	memcpy(hit->record, record, hit->size);
	hit->hash_next = *head;
	*head = hit;
	hit->older = pending->newest;
	if (hit->older)
		hit->older->newer = hit;
	else
		pending->oldest = hit;
	pending->newest = hit;
	pending->count++;
	pending->bytes += sizeof(*hit) + hit->size;
	return hit;
}

static struct pending_hit *take_out(struct pending_hits *pending, struct pending_hit *hit)
{
	struct pending_hit **link = bucket(pending, pending_hit_record(hit)->call);

	while (*link != hit)
		link = &(*link)->hash_next;
	*link = hit->hash_next;
	if (hit->older)
		hit->older->newer = hit->newer;
	else
		pending->oldest = hit->newer;
	if (hit->newer)
		hit->newer->older = hit->older;
	else
		pending->newest = hit->older;
	hit->hash_next = hit->older = hit->newer = NULL;
	pending->count--;
	pending->bytes -= sizeof(*hit) + hit->size;
	return hit;
}

struct pending_hit *pending_hits_take(struct pending_hits *pending, uint64_t call)
{
	for (struct pending_hit *hit = *bucket(pending, call); hit; hit = hit->hash_next)
		if (pending_hit_record(hit)->call == call)
			return take_out(pending, hit);
	return NULL;
}

struct pending_hit *pending_hits_take_overdue(struct pending_hits *pending, uint64_t before)
{
	if (!pending->oldest)
		return NULL;
	if (pending->count > PENDING_HITS_MAX || pending->bytes > PENDING_HITS_BYTES_MAX ||
		pending->oldest->kept_since < before)
		return take_out(pending, pending->oldest);
	return NULL;
}

struct pending_hit *pending_hits_take_of(
	struct pending_hits *pending, uint32_t pid, uint64_t start_boottime)
{
	for (struct pending_hit *hit = pending->oldest; hit; hit = hit->newer) {
		const struct process_key *key = &pending_hit_record(hit)->process;

		if (key->pid == pid && key->start_boottime == start_boottime)
			return take_out(pending, hit);
	}
	return NULL;
}

void pending_hit_free(struct pending_hits *pending, struct pending_hit *hit)
{
	pool_put(&pending->pool, hit, sizeof(*hit) + hit->size);
}

void pending_hits_done(struct pending_hits *pending)
{
	for (struct pending_hit *hit; (hit = pending->oldest);)
		pending_hit_free(pending, take_out(pending, hit));
	pool_done(&pending->pool);
}
