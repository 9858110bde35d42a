/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/policy/engine/compile.h"
#include "daemon/policy/place/kernel_types.h"
#include "daemon/policy/place/place.h"
#include "daemon/policy/place/tracefs.h"
#include "daemon/sensor/probe.h"
#include "lib/cleanup.h"
#include "lib/json_writer.h"
#include "policy/policy.h"

#define KPROBES "/sys/bus/event_source/devices/kprobe"

/* What hooks are judged by. */
struct kernel_view {
	struct kernel_types types;
	struct hook_abilities abilities;
	bool tried; /* this user may try what is possible */
	bool kprobes;
};

struct hook_verdict {
	const struct policy_hook *hook;
	const char *section;
	size_t index;
	bool possible;
	char mechanism[128];
	char where[2 * HOOK_TARGET_MAX];
	struct error error;
};

static void look_at_kernel(struct kernel_view *view)
{
	*view = (struct kernel_view){
		.tried = geteuid() == 0, .kprobes = access(KPROBES, F_OK) == 0};
	view->abilities.trampolines =
		!view->tried || probe_trampolines(kernel_types_get(&view->types));
	view->abilities.tracepoint_events = !view->tried || tracefs_events_allowed();
}

/* "fentry or kprobe", where it cannot be tried. */
static void name_all(
	struct hook_verdict *verdict, enum hook_mechanism mechanism, const struct kernel_view *view)
{
	char *to = verdict->mechanism, *end = to + sizeof(verdict->mechanism);

	while (mechanism != MECHANISMS && to < end) {
		to += snprintf(to, (size_t)(end - to), "%s%s",
			to > verdict->mechanism ? " or " : "", hook_mechanism_name(mechanism));
		mechanism = hook_mechanism_instead(verdict->hook, mechanism, &view->abilities);
	}
}

static void choose(struct hook_verdict *verdict, const struct hook_place *place,
	const struct kernel_view *view)
{
	enum hook_mechanism mechanism = place->mechanism, instead;

	verdict->possible = true;
	if (!view->tried) {
		name_all(verdict, mechanism, view);
		return;
	}
	instead = hook_mechanism_instead(verdict->hook, mechanism, &view->abilities);
	if (hook_mechanism_is_by_trampoline(mechanism) && !view->abilities.trampolines) {
		if (instead == MECHANISMS || !view->kprobes) {
			verdict->possible = false;
			error_set(&verdict->error, -EOPNOTSUPP,
				"this kernel has no BPF trampolines, which %s needs%s",
				hook_mechanism_name(mechanism),
				instead == MECHANISMS ? "" : ", and no kprobes");
			return;
		}
		mechanism = instead;
	}
	snprintf(verdict->mechanism, sizeof(verdict->mechanism), "%s",
		hook_mechanism_name(mechanism));
}

static int any_bit(void *data, const struct policy_match_binaries *match, struct error *error)
{
	return 0;
}

/* What the selectors ask for and do: whether there is such a thing here. */
static int try_selectors(
	const struct policy_hook *hook, const struct hook_place *place, struct error *error)
{
	_cleanup_free_ int *scopes = calloc(hook->selectors.count + 1, sizeof(*scopes));
	struct compile_input input = {
		.hook = hook,
		.binary_bit = any_bit,
		.can_override = hook_mechanism_can_override(place->mechanism),
		.workload_scopes = scopes,
	};
	struct compiled_hook compiled = {};
	int r;

	if (!scopes)
		return error_set(error, -ENOMEM, "out of memory");
	memcpy(input.types, place->types, sizeof(input.types));
	r = hook_compile(&input, &compiled, error);
	compiled_hook_done(&compiled);
	return r;
}

static void verdict_make(struct hook_verdict *verdict, struct kernel_view *view)
{
	struct hook_place place = {};
	int r = hook_place_find(
		verdict->hook, &view->types, &view->abilities, &place, &verdict->error);

	if (r >= 0)
		r = hook_place_check_traceable(&place, &verdict->error);
	if (r >= 0)
		r = try_selectors(verdict->hook, &place, &verdict->error);
	if (r >= 0) {
		choose(verdict, &place, view);
		if (!place.target_count) {
			snprintf(verdict->where, sizeof(verdict->where), "nowhere");
			snprintf(verdict->mechanism, sizeof(verdict->mechanism),
				"left out by its ignore");
		} else if (place.target_count == 1)
			snprintf(verdict->where, sizeof(verdict->where), "%s%s%s", place.subsystem,
				*place.subsystem ? "/" : "", place.targets->name);
		else
			snprintf(verdict->where, sizeof(verdict->where), "%zu places",
				place.target_count);
	}
	hook_place_done(&place);
}

static bool each_hook(const struct policy *policy,
	void (*say)(void *data, const struct hook_verdict *verdict), void *data)
{
	struct kernel_view view;
	bool all = true;

	look_at_kernel(&view);
	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++)
		for (size_t i = 0; i < policy->spec.hooks[kind].count; i++) {
			struct hook_verdict verdict = {
				.hook = &policy->spec.hooks[kind].items[i],
				.section = policy_hook_noun((enum policy_hook_kind)kind, 0),
				.index = i,
			};

			verdict_make(&verdict, &view);
			all &= verdict.possible;
			say(data, &verdict);
		}
	kernel_types_done(&view.types);
	return all;
}

struct text_output {
	struct buf *out;
	const char *file;
};

static void say_text(void *data, const struct hook_verdict *verdict)
{
	struct text_output *output = data;
	struct buf *out = output->out;

	buf_printf(out, "%s:%u:%u: %s[%zu]: ", output->file, verdict->hook->source->line,
		verdict->hook->source->column, verdict->section, verdict->index);
	if (verdict->possible)
		buf_printf(out, "%s: %s\n", verdict->where, verdict->mechanism);
	else
		buf_printf(out, "cannot: %s\n", verdict->error.message);
}

bool policy_kernel_text(struct buf *out, const char *file, const struct policy *policy)
{
	struct text_output output = {out, file};

	return each_hook(policy, say_text, &output);
}

static void say_json(void *data, const struct hook_verdict *verdict)
{
	struct buf *out = data;

	json_open_object(out);
	json_key_string(out, "section", verdict->section);
	json_key_unsigned(out, "index", verdict->index);
	json_key_bool(out, "possible", verdict->possible);
	if (verdict->possible) {
		json_key_string(out, "mechanism", verdict->mechanism);
		json_key_string(out, "where", verdict->where);
	} else {
		json_key_string(out, "error", verdict->error.message);
	}
	json_close_object(out);
}

bool policy_kernel_json(struct buf *out, const struct policy *policy)
{
	bool all;

	json_key(out, "hooks");
	json_open_array(out);
	all = each_hook(policy, say_json, out);
	json_close_array(out);
	return all;
}
