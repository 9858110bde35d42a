/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/engine/loaders.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <bpf/bpf.h>

#include "daemon/sensor/refusal.h"

struct loader {
	uint32_t hook_id;
	int scope;
	uint64_t hits;
};

struct loaders {
	struct mappings *mappings;
	pthread_mutex_t lock;
	struct loader items[LOADERS_MAX];
	size_t count;
	int scopes_fd;
};

struct loaders *loaders_new(void)
{
	struct loaders *loaders = calloc(1, sizeof(*loaders));

	if (!loaders)
		return NULL;
	loaders->mappings = mappings_new();
	if (!loaders->mappings) {
		free(loaders);
		return NULL;
	}
	pthread_mutex_init(&loaders->lock, NULL);
	return loaders;
}

struct loaders *loaders_free(struct loaders *loaders)
{
	if (!loaders)
		return NULL;
	mappings_free(loaders->mappings);
	pthread_mutex_destroy(&loaders->lock);
	free(loaders);
	return NULL;
}

struct mappings *loaders_mappings(struct loaders *loaders)
{
	return loaders->mappings;
}

int loaders_add(
	struct loaders *loaders, uint32_t hook_id, int scope, int scopes_fd, struct error *error)
{
	char reason[REFUSAL_MAX];
	bool full;
	int r = mappings_open(loaders->mappings, error);

	if (r == -EACCES) {
		refusal_explain_perf(reason);
		if (*reason)
			return error_set(
				error, r, "executable mappings cannot be watched: %s", reason);
	}
	if (r < 0)
		return r;
	pthread_mutex_lock(&loaders->lock);
	full = loaders->count == LOADERS_MAX;
	if (!full)
		loaders->items[loaders->count++] =
			(struct loader){.hook_id = hook_id, .scope = scope};
	loaders->scopes_fd = scopes_fd;
	pthread_mutex_unlock(&loaders->lock);
	return full ? error_set(error, -E2BIG, "there are %d policies with loader: true already",
			      LOADERS_MAX)
		    : 0;
}

void loaders_remove(struct loaders *loaders, uint32_t hook_id)
{
	size_t left;

	pthread_mutex_lock(&loaders->lock);
	for (size_t i = 0; i < loaders->count; i++)
		if (loaders->items[i].hook_id == hook_id) {
			loaders->items[i] = loaders->items[--loaders->count];
			break;
		}
	left = loaders->count;
	pthread_mutex_unlock(&loaders->lock);
	if (!left)
		mappings_close(loaders->mappings);
}

void loaders_counters_add(struct loaders *loaders, uint32_t hook_id, struct hook_counters *ret)
{
	pthread_mutex_lock(&loaders->lock);
	for (size_t i = 0; i < loaders->count; i++)
		if (loaders->items[i].hook_id == hook_id) {
			ret->hits += loaders->items[i].hits;
			ret->matches += loaders->items[i].hits;
			ret->posted += loaders->items[i].hits;
		}
	pthread_mutex_unlock(&loaders->lock);
}

size_t loaders_in_scope(
	struct loaders *loaders, uint64_t container_id, uint32_t ret_hook_ids[LOADERS_MAX])
{
	struct container_scopes scopes = {};
	bool looked = false;
	size_t count = 0;

	pthread_mutex_lock(&loaders->lock);
	for (size_t i = 0; i < loaders->count; i++) {
		struct loader *loader = &loaders->items[i];

		if (loader->scope >= 0 && !looked) {
			looked = true;
			bpf_map_lookup_elem(loaders->scopes_fd, &container_id, &scopes);
		}
		if (loader->scope >= 0 &&
			!(scopes.words[loader->scope / 64] >> (loader->scope % 64) & 1))
			continue;
		loader->hits++;
		ret_hook_ids[count++] = loader->hook_id;
	}
	pthread_mutex_unlock(&loaders->lock);
	return count;
}
