/* SPDX-License-Identifier: Apache-2.0 */
/* A mapping of a file -> events of the policies with `loader: true`. */
#pragma once

#include "bpf/include/policy.h"
#include "daemon/source/mappings.h"

/* A record as the hooks in the kernel make them, made here: the path, then the build id. It has to
 * stay until enrich_finish(). */
struct mapping_hit {
	struct hit_record record;
	char data[PATH_LENGTH_MAX + 32 + BUILD_ID_MAX];
};

struct enrichment;
struct process;

/* Whose mapping it is: it lives, or has ended a short time ago; NULL. */
struct process *enrich_mapping_process(
	struct enrichment *enrichment, const struct mapping *mapping);
/* The event of one hook. */
void enrich_mapping(struct enrichment *enrichment, const struct process *process, uint32_t hook_id,
	const struct mapping *mapping, struct mapping_hit *hit);
