/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/policy/engine/engine_internal.h"
#include "daemon/policy/engine/hook_internal.h"
#include "daemon/policy/engine/loaders.h"
#include "daemon/policy/place/system_calls.h"
#include "lib/clock.h"

/* How long a hook is known after its policy went: what it saw may still be in the ring. */
#define DESCRIPTION_KEPT_NS (30 * NSEC_PER_SEC)

/* System calls of one ABI; those of 32-bit programs come after the others. */
#define FUNCTIONS (SYSTEM_CALL_NUMBER_MAX + 1)

int policy_engine_new(struct base_sensor *sensor, struct policy_engine **ret_engine)
{
	struct policy_engine *engine = calloc(1, sizeof(*engine));
	int r;

	if (!engine)
		return -ENOMEM;
	pthread_mutex_init(&engine->lock, NULL);
	engine->sensor = sensor;
	r = binaries_new(sensor, &engine->binaries);
	if (r >= 0) {
		engine->functions = calloc(2 * FUNCTIONS, sizeof(char *));
		engine->loaders = loaders_new();
		r = engine->functions && engine->loaders ? 0 : -ENOMEM;
	}
	if (r < 0) {
		policy_engine_free(engine);
		return r;
	}
	*ret_engine = engine;
	return 0;
}

struct policy_engine *policy_engine_free(struct policy_engine *engine)
{
	if (!engine)
		return NULL;
	for (size_t i = 0; i < engine->hook_count; i++)
		hook_description_unref(engine->hooks[i].description);
	for (size_t i = 0; engine->functions && i < 2 * FUNCTIONS; i++)
		free(engine->functions[i]);
	free(engine->functions);
	loaders_free(engine->loaders);
	free(engine->hooks);
	if (engine->ready)
		hook_environment_done(&engine->environment);
	binaries_free(engine->binaries);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
	return NULL;
}

void policy_engine_set_host_namespaces(
	struct policy_engine *engine, const struct namespaces *namespaces)
{
	memcpy(engine->host_namespaces, namespaces, sizeof(engine->host_namespaces));
}

int policy_engine_prepare(struct policy_engine *engine, struct error *error)
{
	int r;

	if (engine->ready)
		return 0;
	base_sensor_hook_environment(engine->sensor, &engine->environment);
	r = hook_environment_init(&engine->environment, error);
	engine->ready = r >= 0;
	return r;
}

int engine_know_hook(struct policy_engine *engine, struct hook_description *description)
{
	int r = 0;

	pthread_mutex_lock(&engine->lock);
	if (engine->hook_count == engine->hooks_allocated) {
		size_t count = engine->hooks_allocated ? 2 * engine->hooks_allocated : 16;
		struct known_hook *hooks = reallocarray(engine->hooks, count, sizeof(*hooks));

		if (hooks) {
			engine->hooks = hooks;
			engine->hooks_allocated = count;
		} else {
			r = -ENOMEM;
		}
	}
	if (r >= 0)
		engine->hooks[engine->hook_count++] =
			(struct known_hook){.description = description};
	pthread_mutex_unlock(&engine->lock);
	return r;
}

static struct known_hook *find_hook(struct policy_engine *engine, uint32_t id)
{
	size_t low = 0, high = engine->hook_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (engine->hooks[middle].description->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < engine->hook_count && engine->hooks[low].description->id == id
		       ? &engine->hooks[low]
		       : NULL;
}

const struct hook_description *policy_engine_hook(struct policy_engine *engine, uint32_t hook_id)
{
	const struct hook_description *description = NULL;
	struct known_hook *known;

	pthread_mutex_lock(&engine->lock);
	known = find_hook(engine, hook_id);
	if (known)
		description = known->description;
	pthread_mutex_unlock(&engine->lock);
	return description;
}

void policy_engine_tick(struct policy_engine *engine, uint64_t now_boottime_ns)
{
	size_t kept = 0;

	pthread_mutex_lock(&engine->lock);
	for (size_t i = 0; i < engine->hook_count; i++) {
		struct known_hook *known = &engine->hooks[i];

		if (known->forget_at && known->forget_at <= now_boottime_ns)
			hook_description_unref(known->description);
		else
			engine->hooks[kept++] = *known;
	}
	engine->hook_count = kept;
	pthread_mutex_unlock(&engine->lock);
}

void engine_forget_hook_later(struct policy_engine *engine, uint32_t id)
{
	struct known_hook *known;

	pthread_mutex_lock(&engine->lock);
	known = find_hook(engine, id);
	if (known)
		known->forget_at = clock_ns(CLOCK_BOOTTIME) + DESCRIPTION_KEPT_NS;
	pthread_mutex_unlock(&engine->lock);
}

const char *policy_engine_function(
	struct policy_engine *engine, const struct hook_description *hook, uint64_t function)
{
	char name[128];
	uint64_t index;

	if (hook->function)
		return hook->function;
	index = function & ~(uint64_t)SYSTEM_CALL_32_BIT;
	if (index > SYSTEM_CALL_NUMBER_MAX)
		return NULL;
	if (function != index)
		index += FUNCTIONS;
	if (!engine->functions[index] &&
		system_call_function((uint32_t)function, name, sizeof(name)) == 0)
		engine->functions[index] = strdup(name);
	return engine->functions[index];
}

/* ---- scopes ---- */

int policy_engine_set_scopes(
	struct policy_engine *engine, uint64_t container_id, const struct container_scopes *scopes)
{
	if (!engine->ready)
		return -EAGAIN;
	return bpf_map_update_elem(bpf_map__fd(engine->environment.shared->maps.container_scopes),
		       &container_id, scopes, BPF_ANY)
		       ? -errno
		       : 0;
}

int policy_engine_forget_scopes(struct policy_engine *engine, uint64_t container_id)
{
	if (!engine->ready)
		return 0;
	return bpf_map_delete_elem(bpf_map__fd(engine->environment.shared->maps.container_scopes),
		       &container_id) &&
			       errno != ENOENT
		       ? -errno
		       : 0;
}
