/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets for records that a container can cause as often as it likes: one per container, one
 * for the host. auditd's default files hold some 108,000 records: without limits one loop in one
 * container rolls the whole host's trail. What is held back is counted per container and reason,
 * and said in summaries. Main thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/audit/record.h"

/* Containers with a bucket of their own at a time; those that do not fit share one. */
#define AUDIT_LIMIT_BUCKETS_MAX 1024

struct audit_rate { /* per second and at once; a rate of 0 lets everything pass */
	uint32_t rate, burst;
};

struct audit_limit;
int audit_limit_new(
	struct audit_rate container, struct audit_rate host, struct audit_limit **ret_limit);
struct audit_limit *audit_limit_free(struct audit_limit *limit);

/* Whether one more record about `container` (NULL: the host) may go at `now_ns`. `realtime_ns` is
 * only for "since". */
bool audit_limit_pass(struct audit_limit *limit, const struct container *container, uint64_t now_ns,
	uint64_t realtime_ns);

/* What was held back since the last call: `emit` once per container and reason ("limit": its own,
 * "host-limit"). */
typedef void (*audit_limit_emit)(void *data, const struct audit_container *container,
	const char *reason, uint64_t count, uint64_t since_ns);
void audit_limit_summaries(
	struct audit_limit *limit, uint64_t now_ns, audit_limit_emit emit, void *data);
uint64_t audit_limit_total(const struct audit_limit *limit);
