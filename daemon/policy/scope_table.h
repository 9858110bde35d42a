/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the scopes in use each known container has, as bits in the engine's map. Containers come
 * from the registration thread, scopes from the policy thread; each call holds one lock, and what
 * it does under it is bounded: a look at metadata in memory and a write to a map for each container
 * whose bits have changed. */
#pragma once

#include <stdint.h>

#include "daemon/policy/engine/engine.h"
#include "daemon/policy/scope.h"
#include "lib/error.h"

struct scope_table;

struct scope_table_counters {
	uint32_t scopes, containers;
	uint64_t errors; /* containers whose scopes could not be written or kept */
};

/* The engine outlives it. */
int scope_table_new(struct policy_engine *engine, struct scope_table **ret_table);
struct scope_table *scope_table_free(struct scope_table *table);

/* A container is new, or more is known of it: `metadata` (copied) is NULL until its engine has been
 * asked. When this returns its processes are in scope, or not. A failure is counted; the container
 * is then outside of every scope that its last metadata did not put it into. */
int scope_table_set_container(struct scope_table *table, uint64_t container_id, uint64_t generation,
	const struct container_metadata *metadata);
/* Nothing happens when another generation is there. */
void scope_table_forget_container(
	struct scope_table *table, uint64_t container_id, uint64_t generation);

/* Take a bit for this scope, and give it to the host and each known container that has it. What the
 * scope points to stays until scope_table_remove(). -ENOSPC beyond SCOPES_MAX. */
int scope_table_add(
	struct scope_table *table, const struct scope *scope, int *ret_bit, struct error *error);
/* Nothing asks for the bit any more. Negative ones are fine. */
void scope_table_remove(struct scope_table *table, int bit);

void scope_table_counters_get(struct scope_table *table, struct scope_table_counters *ret);
