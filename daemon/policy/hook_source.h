/* SPDX-License-Identifier: Apache-2.0 */
/* The policy engine as what enrichment asks about hooks: the only place that knows both. */
#pragma once

#include "daemon/enrich/enrich_hit.h"
#include "daemon/policy/engine/engine.h"
#include "daemon/policy/hit/kernel_symbols.h"
#include "daemon/policy/hit/user_symbols.h"

struct engine_hook_source {
	struct policy_engine *engine;
	struct kernel_symbols *symbols;	   /* may be NULL: stacks are addresses then */
	struct user_symbols *user_symbols; /* the same */
};

/* `source` is what ret->data points to. */
void engine_hook_source_get(struct engine_hook_source *source, struct hook_source *ret);
