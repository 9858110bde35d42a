/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a policy: all its hooks, by the mechanisms that this kernel takes, or none. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "daemon/policy/engine/compile.h"
#include "daemon/policy/engine/engine_internal.h"
#include "daemon/policy/engine/hook_internal.h"
#include "daemon/policy/engine/loaders.h"
#include "daemon/policy/place/kernel_types.h"
#include "daemon/policy/place/place.h"
#include "daemon/policy/place/tracefs.h"
#include "daemon/log.h"
#include "lib/cleanup.h"
#include "lib/json_writer.h"
#include "lib/util.h"
#include "policy/yaml_document.h"

struct hook_load_state {
	struct policy_engine *engine;
	struct loaded_hook *loaded;
};

static int take_binary_bit(
	void *data, const struct policy_match_binaries *match, struct error *error)
{
	struct hook_load_state *state = data;
	struct loaded_hook *loaded = state->loaded;
	int *bits = reallocarray(loaded->binary_bits, loaded->binary_bit_count + 1, sizeof(*bits));
	int bit;

	if (!bits)
		return error_set(error, -ENOMEM, "out of memory");
	loaded->binary_bits = bits;
	bit = binaries_take(state->engine->binaries, match, error);
	if (bit >= 0)
		bits[loaded->binary_bit_count++] = bit;
	return bit;
}

static void give_back_binary_bits(struct policy_engine *engine, struct loaded_hook *loaded)
{
	for (size_t i = 0; i < loaded->binary_bit_count; i++)
		binaries_give_back(engine->binaries, loaded->binary_bits[i]);
	free(loaded->binary_bits);
	loaded->binary_bits = NULL;
	loaded->binary_bit_count = 0;
}

#define STATE_STEPS                                                                                \
	(1ULL << STEP_BINARY | 1ULL << STEP_PARENT_BINARY | 1ULL << STEP_NAMESPACE_CHANGED |       \
		1ULL << STEP_CAPABILITIES_CHANGED)

/* What a hook is loaded from. */
struct hook_source_policy {
	const struct policy_load *load;
	const struct policy_hook *hook;
	const int *workload_scopes;
	struct kernel_types *types;
	bool tracks_sockets;
};

static uint32_t return_socket(const struct policy_hook *hook)
{
	switch (hook->return_arg_action) {
	case POLICY_ACTION_TRACK_SOCK:
		return 1;
	case POLICY_ACTION_UNTRACK_SOCK:
		return 2;
	default:
		return 0;
	}
}

static bool has_action(const struct policy_hook *hook, enum policy_action_kind kind)
{
	for (size_t i = 0; i < hook->selectors.count; i++) {
		const struct policy_actions *actions = &hook->selectors.items[i].match_actions;

		for (size_t j = 0; j < actions->count; j++)
			if (actions->items[j].action == (int)kind)
				return true;
	}
	return false;
}

static bool policy_tracks_sockets(const struct policy_spec *spec)
{
	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++)
		for (size_t i = 0; i < spec->hooks[kind].count; i++) {
			const struct policy_hook *hook = &spec->hooks[kind].items[i];

			if (hook->return_arg_action == POLICY_ACTION_TRACK_SOCK ||
				has_action(hook, POLICY_ACTION_TRACK_SOCK))
				return true;
		}
	return false;
}

static int load_at(struct policy_engine *engine, const struct hook_source_policy *from,
	const struct hook_place *place, const struct compiled_hook *compiled,
	struct loaded_hook *loaded, struct error *error)
{
	struct hook_settings settings = {.id = ++engine->last_hook_id,
		.scope = from->load->scope,
		.monitors = from->load->monitor,
		.returns = from->hook->return_value || place->copies_at_return,
		.tracks_sockets = from->tracks_sockets,
		.return_socket = return_socket(from->hook)};
	struct hook_description *description;
	struct hook *hook = NULL;
	int r;

	r = hook_load(&engine->environment, &settings, place, compiled, &hook, error);
	/* What may go there is known only then: 38 programs on a function, the kernel's settings.
	 */
	if (r >= 0)
		r = hook_attach(hook, error);
	if (r < 0) {
		hook_free(hook);
		return r;
	}
	loaded->hook = hook;
	description = hook_description_new(from->load->policy, from->hook, place, settings.id);
	if (!description || engine_know_hook(engine, description) < 0) {
		hook_description_unref(description);
		return error_set(error, -ENOMEM, "out of memory");
	}
	loaded->id = settings.id;
	return 0;
}

/* By the mechanism that was chosen, or the next one that this kernel takes. */
static int load_anyhow(struct policy_engine *engine, const struct hook_source_policy *from,
	struct hook_place *place, const struct compiled_hook *compiled, struct loaded_hook *loaded,
	struct error *error)
{
	const struct hook_abilities *abilities = &engine->environment.abilities;
	struct error why = {};
	enum hook_mechanism next;
	int r = load_at(engine, from, place, compiled, loaded, error);

	while (r < 0 && (next = hook_mechanism_instead(from->hook, place->mechanism, abilities)) !=
				MECHANISMS) {
		struct error first = *error, again = {};

		log_debug("%s: %s; by %s instead", hook_mechanism_name(place->mechanism),
			first.message, hook_mechanism_name(next));
		if (next == MECHANISM_KPROBE && place->raw_count > HOOK_REGISTERS)
			return error_wrap(error, "a kprobe sees arguments 0 to %d only, and",
				HOOK_REGISTERS - 1);
		place->mechanism = next;
		r = load_at(engine, from, place, compiled, loaded, &again);
		if (r < 0)
			error_set(error, r, "%.240s; %.240s", first.message, again.message);
	}
	/* EBUSY and EINVAL, which is all the kernel says, tell nobody anything. */
	if (r < 0 && hook_place_check_traceable(place, &why) < 0)
		error_set(error, r, "%s", why.message);
	return r;
}

static struct loaded_hook *add_loaded_hook(struct loaded_policy *loaded, struct error *error)
{
	struct loaded_hook *hooks = reallocarray(loaded->hooks, loaded->count + 1, sizeof(*hooks));

	if (!hooks) {
		error_set(error, -ENOMEM, "out of memory");
		return NULL;
	}
	loaded->hooks = hooks;
	hooks[loaded->count] = (struct loaded_hook){};
	return &hooks[loaded->count++];
}

/* Where a program is made for its function, each function of a list is a hook of its own. */
static int load_targets(struct loaded_policy *loaded, const struct hook_source_policy *from,
	struct hook_place *place, const struct compiled_hook *compiled, struct loaded_hook *first,
	struct error *error)
{
	struct hook_place single = *place;

	/* `ignore`, and it is not there: a hook that is nowhere */
	if (!place->target_count ||
		(!place->is_single && !hook_mechanism_is_single(place->mechanism)))
		return load_anyhow(loaded->engine, from, place, compiled, first, error);
	single.target_count = 1;
	for (size_t i = 0; i < place->target_count; i++) {
		struct loaded_hook *hook =
			i ? add_loaded_hook(loaded, error) : &loaded->hooks[loaded->count - 1];
		int r;

		if (!hook)
			return -ENOMEM;
		single.targets = &place->targets[i];
		single.mechanism = place->mechanism;
		if (place->targets[i].parameter_count)
			single.parameter_count = place->targets[i].parameter_count;
		r = load_anyhow(loaded->engine, from, &single, compiled, hook, error);
		if (r < 0)
			return error_wrap(error, "%s", place->targets[i].name);
	}
	return 0;
}

static int load_hook(
	struct loaded_policy *loaded, const struct hook_source_policy *from, struct error *error)
{
	struct policy_engine *engine = loaded->engine;
	struct loaded_hook *first = add_loaded_hook(loaded, error);
	struct hook_load_state state = {engine, first};
	struct compile_input input = {.hook = from->hook,
		.binary_bit = take_binary_bit,
		.data = &state,
		.workload_scopes = from->workload_scopes};
	struct compiled_hook compiled = {};
	struct hook_place place = {};
	int r;

	if (!first)
		return -ENOMEM;
	r = hook_place_find(from->hook, from->types, &engine->environment.abilities, &place, error);
	if (r >= 0) {
		input.can_override = hook_mechanism_can_override(place.mechanism);
		memcpy(input.types, place.types, sizeof(input.types));
		memcpy(input.host_namespaces, engine->host_namespaces,
			sizeof(input.host_namespaces));
		r = hook_compile(&input, &compiled, error);
	}
	if (r >= 0 && (compiled.steps_used & STATE_STEPS)) {
		base_sensor_want_process_states(engine->sensor);
		r = binaries_refresh(engine->binaries, error);
	}
	if (r >= 0)
		r = load_targets(loaded, from, &place, &compiled, first, error);
	compiled_hook_done(&compiled);
	hook_place_done(&place);
	return r;
}

/* All are in place before the first does anything. */
static int load_hooks(
	struct loaded_policy *loaded, const struct policy_load *load, struct error *error)
{
	_cleanup_(kernel_types_done) struct kernel_types types = {};
	const struct policy_spec *spec = &load->policy->spec;
	size_t selectors = 0;

	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++)
		for (size_t i = 0; i < spec->hooks[kind].count; i++) {
			struct hook_source_policy from = {
				.load = load,
				.hook = &spec->hooks[kind].items[i],
				.workload_scopes = load->workload_scopes
							   ? load->workload_scopes + selectors
							   : NULL,
				.types = &types,
				.tracks_sockets = policy_tracks_sockets(spec),
			};
			int r = load_hook(loaded, &from, error);

			if (r < 0)
				return error_wrap(error, "%u:%u: %s %zu", from.hook->source->line,
					from.hook->source->column,
					policy_hook_noun((enum policy_hook_kind)kind, 1), i);
			selectors += from.hook->selectors.count;
		}
	for (size_t i = 0; i < loaded->count; i++)
		hook_arm(loaded->hooks[i].hook);
	return 0;
}

static int load_loader(
	struct loaded_policy *loaded, const struct policy_load *load, struct error *error)
{
	struct policy_engine *engine = loaded->engine;
	uint32_t id = ++engine->last_hook_id;
	struct hook_description *description = hook_description_loader(load->policy, id);
	int r;

	if (!description || engine_know_hook(engine, description) < 0) {
		hook_description_unref(description);
		return error_set(error, -ENOMEM, "out of memory");
	}
	loaded->loader = id;
	r = loaders_add(engine->loaders, id, load->scope,
		bpf_map__fd(engine->environment.shared->maps.container_scopes), error);
	return r < 0 ? error_wrap(error, "loader") : 0;
}

struct loaders *policy_engine_loaders(struct policy_engine *engine)
{
	return engine->loaders;
}

int policy_engine_load(struct policy_engine *engine, const struct policy_load *load,
	struct loaded_policy **ret_loaded, struct error *error)
{
	struct loaded_policy *loaded;
	int r;

	r = policy_engine_prepare(engine, error);
	if (r < 0)
		return r;
	/* A setting of the kernel, which may have changed. */
	engine->environment.abilities.tracepoint_events = tracefs_events_allowed();
	loaded = calloc(1, sizeof(*loaded));
	if (!loaded)
		return error_set(error, -ENOMEM, "out of memory");
	loaded->engine = engine;
	r = load_hooks(loaded, load, error);
	if (r >= 0 && load->policy->spec.loader)
		r = load_loader(loaded, load, error);
	if (r < 0) {
		policy_engine_unload(engine, loaded);
		return r;
	}
	*ret_loaded = loaded;
	return 0;
}

struct loaded_policy *policy_engine_unload(
	struct policy_engine *engine, struct loaded_policy *loaded)
{
	if (!loaded)
		return NULL;
	for (size_t i = 0; i < loaded->count; i++) {
		struct loaded_hook *hook = &loaded->hooks[i];

		hook_free(hook->hook);
		if (hook->id)
			engine_forget_hook_later(engine, hook->id);
		give_back_binary_bits(engine, hook);
	}
	if (loaded->loader) {
		loaders_remove(engine->loaders, loaded->loader);
		engine_forget_hook_later(engine, loaded->loader);
	}
	free(loaded->hooks);
	free(loaded);
	return NULL;
}

/* ---- what is said of it ---- */

void loaded_policy_counters(const struct loaded_policy *loaded, struct hook_counters *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < loaded->count; i++)
		hook_counters_add(loaded->hooks[i].hook, ret);
	if (loaded->loader)
		loaders_counters_add(loaded->engine->loaders, loaded->loader, ret);
}

uint64_t loaded_policy_memory(const struct loaded_policy *loaded)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < loaded->count; i++)
		bytes += hook_memory(loaded->hooks[i].hook);
	return bytes;
}

void loaded_policy_status(const struct loaded_policy *loaded, struct buf *json)
{
	json_key(json, "hooks");
	json_open_array(json);
	for (size_t i = 0; i < loaded->count; i++)
		hook_status(loaded->hooks[i].hook, json);
	if (loaded->loader) {
		json_open_object(json);
		json_key_string(json, "mechanism", "perf event");
		json_key(json, "places");
		json_open_array(json);
		json_string(json, "executable mappings");
		json_close_array(json);
		json_close_object(json);
	}
	json_close_array(json);
}
