/* SPDX-License-Identifier: Apache-2.0 */
#define HASH_NONFATAL_OOM 1 /* uthash would exit() */

#include "daemon/policy/scope_table.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#define HOST_ID 0 /* the key of the host's processes */

struct scoped_container {
	uint64_t id, generation;
	bool known; /* metadata has been asked for */
	struct container_metadata metadata;
	struct container_scopes written;
	UT_hash_handle hh;
};

struct scope_table {
	pthread_mutex_t lock;
	struct policy_engine *engine;
	struct scope scopes[SCOPES_MAX];
	bool used[SCOPES_MAX];
	struct container_scopes host;
	struct scoped_container *containers;
	struct scope_table_counters counters;
};

static void set_bit(struct container_scopes *scopes, int bit, bool value)
{
	const uint64_t mask = 1ULL << (bit % 64);

	if (value)
		scopes->words[bit / 64] |= mask;
	else
		scopes->words[bit / 64] &= ~mask;
}

static bool is_none(const struct container_scopes *scopes)
{
	static const struct container_scopes none;

	return !memcmp(scopes, &none, sizeof(none));
}

/* A container without any scope has no entry, which says the same. */
static int write_scopes(struct scope_table *table, uint64_t id, struct container_scopes *written,
	const struct container_scopes *wanted)
{
	int r;

	if (!memcmp(written, wanted, sizeof(*wanted)))
		return 0;
	r = is_none(wanted) ? policy_engine_forget_scopes(table->engine, id)
			    : policy_engine_set_scopes(table->engine, id, wanted);
	if (r < 0 && !(r == -ENOENT && is_none(wanted))) {
		table->counters.errors++;
		return r;
	}
	*written = *wanted;
	return 0;
}

static bool has_scope(const struct scoped_container *container, const struct scope *scope)
{
	return scope_has_container(scope, container->known ? &container->metadata : NULL);
}

static void evaluate(const struct scope_table *table, const struct scoped_container *container,
	struct container_scopes *ret_scopes)
{
	*ret_scopes = (struct container_scopes){};
	for (int bit = 0; bit < SCOPES_MAX; bit++)
		if (table->used[bit] && has_scope(container, &table->scopes[bit]))
			set_bit(ret_scopes, bit, true);
}

static void container_done(struct scope_table *table, struct scoped_container *container)
{
	HASH_DEL(table->containers, container);
	table->counters.containers--;
	container_metadata_done(&container->metadata);
	free(container);
}

static struct scoped_container *find(const struct scope_table *table, uint64_t id)
{
	struct scoped_container *container;

	HASH_FIND(hh, table->containers, &id, sizeof(id), container);
	return container;
}

static struct scoped_container *add(struct scope_table *table, uint64_t id)
{
	struct scoped_container *container = calloc(1, sizeof(*container));

	if (!container)
		return NULL;
	container->id = id;
	HASH_ADD(hh, table->containers, id, sizeof(id), container);
	if (!container->hh.tbl) { /* so uthash says that it had no memory */
		free(container);
		return NULL;
	}
	table->counters.containers++;
	return container;
}

static int set_container(struct scope_table *table, uint64_t id, uint64_t generation,
	struct container_metadata *metadata)
{
	struct scoped_container *container = find(table, id);
	struct container_scopes wanted;

	if (!container) {
		container = add(table, id);
		if (!container) {
			table->counters.errors++;
			return -ENOMEM;
		}
	}
	if (container->generation != generation) { /* ids come round again */
		container->generation = generation;
		container->known = false;
		container_metadata_done(&container->metadata);
	}
	if (metadata) {
		container_metadata_done(&container->metadata);
		container->metadata = *metadata;
		*metadata = (struct container_metadata){};
		container->known = true;
	}
	evaluate(table, container, &wanted);
	return write_scopes(table, id, &container->written, &wanted);
}

int scope_table_set_container(struct scope_table *table, uint64_t container_id, uint64_t generation,
	const struct container_metadata *metadata)
{
	_cleanup_metadata_ struct container_metadata copy = {};
	int r = 0;

	if (metadata)
		r = container_metadata_copy(metadata, &copy);
	pthread_mutex_lock(&table->lock);
	if (!r)
		r = set_container(table, container_id, generation, metadata ? &copy : NULL);
	else
		table->counters.errors++;
	pthread_mutex_unlock(&table->lock);
	return r;
}

void scope_table_forget_container(
	struct scope_table *table, uint64_t container_id, uint64_t generation)
{
	static const struct container_scopes none;
	struct scoped_container *container;

	pthread_mutex_lock(&table->lock);
	container = find(table, container_id);
	if (container && container->generation == generation) {
		(void)write_scopes(table, container_id, &container->written, &none);
		container_done(table, container);
	}
	pthread_mutex_unlock(&table->lock);
}

/* Bit `bit` for everybody who has the scope, or for nobody. */
static int spread(struct scope_table *table, int bit, bool in_use)
{
	const struct scope *scope = &table->scopes[bit];
	struct scoped_container *container, *next;
	struct container_scopes wanted = table->host;
	int r;

	set_bit(&wanted, bit, in_use && scope_has_host(scope));
	r = write_scopes(table, HOST_ID, &table->host, &wanted);
	HASH_ITER (hh, table->containers, container, next) {
		int written;

		wanted = container->written;
		set_bit(&wanted, bit, in_use && has_scope(container, scope));
		written = write_scopes(table, container->id, &container->written, &wanted);
		r = r < 0 ? r : written;
	}
	return r;
}

static int take_bit(struct scope_table *table, const struct scope *scope)
{
	for (int bit = 0; bit < SCOPES_MAX; bit++) {
		if (table->used[bit])
			continue;
		table->used[bit] = true;
		table->scopes[bit] = *scope;
		table->counters.scopes++;
		return bit;
	}
	return -ENOSPC;
}

static void give_back(struct scope_table *table, int bit)
{
	/* A write that fails leaves a stale bit, which the next to take it corrects. */
	(void)spread(table, bit, false);
	table->used[bit] = false;
	table->counters.scopes--;
}

int scope_table_add(
	struct scope_table *table, const struct scope *scope, int *ret_bit, struct error *error)
{
	int bit, r = 0;

	pthread_mutex_lock(&table->lock);
	bit = take_bit(table, scope);
	if (bit >= 0) {
		r = spread(table, bit, true);
		if (r < 0)
			give_back(table, bit);
	}
	pthread_mutex_unlock(&table->lock);
	if (bit < 0)
		return error_set(error, -ENOSPC,
			"no room for another selector of containers: %d of podSelector, "
			"containerSelector, hostSelector, namespace and matchWorkloads can be in "
			"use at once",
			SCOPES_MAX);
	if (r < 0)
		return error_set(error, r, "which containers it is about cannot be written: %s",
			strerror(-r));
	*ret_bit = bit;
	return 0;
}

void scope_table_remove(struct scope_table *table, int bit)
{
	if (bit < 0)
		return;
	pthread_mutex_lock(&table->lock);
	if (table->used[bit])
		give_back(table, bit);
	pthread_mutex_unlock(&table->lock);
}

void scope_table_counters_get(struct scope_table *table, struct scope_table_counters *ret)
{
	pthread_mutex_lock(&table->lock);
	*ret = table->counters;
	pthread_mutex_unlock(&table->lock);
}

int scope_table_new(struct policy_engine *engine, struct scope_table **ret_table)
{
	struct scope_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->engine = engine;
	pthread_mutex_init(&table->lock, NULL);
	*ret_table = table;
	return 0;
}

struct scope_table *scope_table_free(struct scope_table *table)
{
	struct scoped_container *container, *next;

	if (!table)
		return NULL;
	HASH_ITER (hh, table->containers, container, next)
		container_done(table, container);
	pthread_mutex_destroy(&table->lock);
	free(table);
	return NULL;
}
