/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/limit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

#define HASH_SIZE AUDIT_LIMIT_BUCKETS_MAX

/* Two of the buckets are not containers'. */
enum {
	BUCKET_NONE,
	BUCKET_HOST,
	BUCKET_SHARED,
	BUCKET_FIRST
};

enum held_reason {
	HELD_CONTAINER,
	HELD_HOST,
	HELD_REASON_MAX
};
static const char *const held_reason_name[] = {"limit", "host-limit"};

struct bucket {
	uint64_t cgroup_id, generation;
	uint64_t full_at; /* when the bucket would be full again if nothing more came */
	uint64_t held[HELD_REASON_MAX];
	uint64_t since_ns[HELD_REASON_MAX];
	char *virt, *vm; /* copied when the first record is held back: the container may be gone by
			    the summary */
	char uuid[CONTAINER_ID_MAX];
	uint16_t next;
};

struct audit_limit {
	struct audit_rate container, host;
	uint64_t host_full_at, total;
	uint16_t used, free_list;
	uint16_t heads[HASH_SIZE];
	struct bucket buckets[BUCKET_FIRST + AUDIT_LIMIT_BUCKETS_MAX];
};

int audit_limit_new(
	struct audit_rate container, struct audit_rate host, struct audit_limit **ret_limit)
{
	struct audit_limit *limit = calloc(1, sizeof(*limit));

	if (!limit)
		return -ENOMEM;
	limit->container = container;
	limit->host = host;
	limit->used = BUCKET_FIRST;
	*ret_limit = limit;
	return 0;
}

static void bucket_forget(struct bucket *bucket)
{
	free(bucket->virt);
	free(bucket->vm);
	*bucket = (struct bucket){.next = BUCKET_NONE};
}

struct audit_limit *audit_limit_free(struct audit_limit *limit)
{
	if (!limit)
		return NULL;
	for (unsigned i = 0; i < limit->used; i++)
		bucket_forget(&limit->buckets[i]);
	free(limit);
	return NULL;
}

static uint16_t *bucket_head(struct audit_limit *limit, uint64_t cgroup_id)
{
	return &limit->heads[(cgroup_id * 0x9E3779B97F4A7C15ULL) >> 32 & (HASH_SIZE - 1)];
}

static struct bucket *bucket_get(struct audit_limit *limit, const struct container *container)
{
	struct bucket *bucket;
	uint16_t *head, i;

	if (!container)
		return &limit->buckets[BUCKET_HOST];
	head = bucket_head(limit, container->cgroup_id);
	for (i = *head; i != BUCKET_NONE; i = limit->buckets[i].next)
		if (limit->buckets[i].cgroup_id == container->cgroup_id &&
			limit->buckets[i].generation == container->generation)
			return &limit->buckets[i];
	if (limit->free_list != BUCKET_NONE) {
		i = limit->free_list;
		limit->free_list = limit->buckets[i].next;
	} else if (limit->used < ARRAY_SIZE(limit->buckets)) {
		i = limit->used++;
	} else {
		return &limit->buckets[BUCKET_SHARED];
	}
	bucket = &limit->buckets[i];
	bucket->cgroup_id = container->cgroup_id;
	bucket->generation = container->generation;
	bucket->next = *head;
	*head = i;
	return bucket;
}

/* A token bucket as one number: each record moves `full_at` by 1/rate, and may not move it further
 * ahead of now than the burst allows. */
static bool rate_allows(struct audit_rate rate, uint64_t full_at, uint64_t now)
{
	uint64_t ahead = full_at > now ? full_at - now : 0;

	if (!rate.rate)
		return true;
	return ahead + NSEC_PER_SEC / rate.rate <= NSEC_PER_SEC / rate.rate * MAX(rate.burst, 1U);
}

static void rate_use(struct audit_rate rate, uint64_t *full_at, uint64_t now)
{
	if (rate.rate)
		*full_at = MAX(*full_at, now) + NSEC_PER_SEC / rate.rate;
}

static void hold_back(struct bucket *bucket, const struct container *container,
	enum held_reason reason, uint64_t realtime_ns)
{
	struct audit_container names;

	if (!bucket->held[reason]++)
		bucket->since_ns[reason] = realtime_ns;
	if (!container || !bucket->cgroup_id || bucket->vm)
		return;
	/* Without memory for the copy the summary has the uuid only. */
	audit_container_of(container, &names);
	bucket->vm = strdup(names.vm);
	bucket->virt = names.virt ? strdup(names.virt) : NULL;
	memcpy(bucket->uuid, names.uuid, sizeof(bucket->uuid));
}

bool audit_limit_pass(struct audit_limit *limit, const struct container *container, uint64_t now_ns,
	uint64_t realtime_ns)
{
	struct bucket *bucket = bucket_get(limit, container);
	enum held_reason reason;

	/* The host's own processes have the host's bucket only. */
	if (container && !rate_allows(limit->container, bucket->full_at, now_ns)) {
		reason = HELD_CONTAINER;
	} else if (!rate_allows(limit->host, limit->host_full_at, now_ns)) {
		reason = HELD_HOST;
	} else {
		if (container)
			rate_use(limit->container, &bucket->full_at, now_ns);
		rate_use(limit->host, &limit->host_full_at, now_ns);
		return true;
	}
	hold_back(bucket, container, reason, realtime_ns);
	limit->total++;
	return false;
}

static void emit_bucket(struct bucket *bucket, audit_limit_emit emit, void *data)
{
	struct audit_container names = {
		.virt = bucket->virt,
		.vm = bucket->vm ? bucket->vm : names.short_id,
		.uuid = bucket->uuid,
	};

	memcpy(names.short_id, bucket->uuid, sizeof(names.short_id) - 1);
	for (unsigned i = 0; i < HELD_REASON_MAX; i++)
		if (bucket->held[i])
			emit(data, bucket->cgroup_id ? &names : NULL, held_reason_name[i],
				bucket->held[i], bucket->since_ns[i]);
	free(bucket->virt);
	free(bucket->vm);
	bucket->virt = bucket->vm = NULL;
	memset(bucket->held, 0, sizeof(bucket->held));
}

/* Give back the buckets that are full: a new one says the same. */
static void sweep(struct audit_limit *limit, uint64_t now_ns)
{
	for (unsigned h = 0; h < HASH_SIZE; h++) {
		uint16_t *link = &limit->heads[h];

		while (*link != BUCKET_NONE) {
			uint16_t i = *link;
			struct bucket *bucket = &limit->buckets[i];

			if (bucket->full_at > now_ns) {
				link = &bucket->next;
				continue;
			}
			*link = bucket->next;
			bucket_forget(bucket);
			bucket->next = limit->free_list;
			limit->free_list = i;
		}
	}
}

void audit_limit_summaries(
	struct audit_limit *limit, uint64_t now_ns, audit_limit_emit emit, void *data)
{
	for (unsigned i = BUCKET_HOST; i < limit->used; i++)
		emit_bucket(&limit->buckets[i], emit, data);
	sweep(limit, now_ns);
}

uint64_t audit_limit_total(const struct audit_limit *limit)
{
	return limit->total;
}
