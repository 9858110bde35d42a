/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/engine/description.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/event.h"
#include "daemon/policy/hit/audit_kind.h"
#include "daemon/policy/place/system_calls.h"
#include "lib/util.h"

struct owned_description {
	struct hook_description *description;
	bool failed; /* there was no memory for something */
};

static const char *copy(struct owned_description *owned, const struct policy_text *text)
{
	char *data;

	if (!text->data)
		return NULL;
	data = strndup(text->data, text->length);
	owned->failed |= !data;
	return data;
}

static const char *copy_string(struct owned_description *owned, const char *text)
{
	struct policy_text view = {.data = text, .length = strlen(text)};

	return copy(owned, &view);
}

static const char *copy_or_null(struct owned_description *owned, const struct policy_text *text)
{
	return text->length ? copy(owned, text) : NULL;
}

static int event_kind(const struct policy_hook *hook)
{
	switch (hook->kind) {
	case POLICY_TRACEPOINT:
		return EVENT_PROCESS_TRACEPOINT;
	case POLICY_UPROBE:
		return EVENT_PROCESS_UPROBE;
	case POLICY_USDT:
		return EVENT_PROCESS_USDT;
	case POLICY_LSM_HOOK:
		return EVENT_PROCESS_LSM;
	default:
		return EVENT_PROCESS_KPROBE;
	}
}

static void describe_function(struct owned_description *owned, const struct policy_hook *hook,
	const struct hook_place *place)
{
	struct hook_description *description = owned->description;
	char name[HOOK_TARGET_MAX + 16];

	if (hook->kind == POLICY_LSM_HOOK) {
		description->function = copy(owned, &hook->hook);
		return;
	}
	if (place->target_count != 1 || place->has_file)
		return;
	if (hook_mechanism_is_system_call(place->mechanism) &&
		system_call_function((uint32_t)place->targets->number, name, sizeof(name)) == 0)
		description->function = copy_string(owned, name);
	else
		description->function = copy_string(owned, place->targets->name);
}

static void describe_places(struct owned_description *owned, const struct policy_hook *hook,
	const struct hook_place *place)
{
	struct hook_description *description = owned->description;

	if (hook->kind != POLICY_UPROBE || !place->target_count)
		return;
	description->places = calloc(place->target_count, sizeof(*description->places));
	if (!description->places) {
		owned->failed = true;
		return;
	}
	description->place_count = place->target_count;
	for (size_t i = 0; i < place->target_count; i++) {
		struct hook_place_description *result = &description->places[i];
		const struct hook_target *target = &place->targets[i];

		if (hook->symbols.count)
			result->symbol = copy_string(owned, target->name);
		else
			result->offset = target->offset;
		result->reference_counter_offset = target->reference_counter_offset;
	}
}

static void describe_arguments(struct owned_description *owned, const struct policy_hook *hook,
	const struct hook_place *place)
{
	for (uint32_t i = 0; i < HOOK_ARGUMENTS_ALL; i++) {
		struct hook_argument_description *result = &owned->description->arguments[i];
		const struct policy_argument *argument = hook_argument_at(hook, i);

		if (!argument && i == HOOK_RETURN_ARGUMENT && hook->return_arg.source)
			argument = &hook->return_arg;
		if (!argument)
			continue;
		result->type = place->types[i];
		result->of_task = place->arguments[i].source == ARGUMENT_CURRENT_TASK;
		result->longs = place->arrays_of_longs >> i & 1;
		result->label = copy_or_null(owned, &argument->label);
		result->present = place->types[i] != POLICY_TYPE_NOP;
		result->data = i >= hook->args.count && i != HOOK_RETURN_ARGUMENT;
		if (hook_mechanism_is_system_call(place->mechanism) && i < hook->args.count &&
			place->arguments[i].source == ARGUMENT_OF_CALL &&
			place->arguments[i].reader == ARGUMENT_INTEGER &&
			!(place->arguments[i].flags & ARGUMENT_RESOLVED))
			result->call_argument = place->arguments[i].raw + 1;
	}
}

static enum policy_action_kind main_action(const struct policy_actions *actions)
{
	enum policy_action_kind kind = POLICY_ACTION_POST;

	for (size_t i = 0; i < actions->count; i++) {
		kind = (enum policy_action_kind)actions->items[i].action;
		if (kind != POLICY_ACTION_POST && kind != POLICY_ACTION_NO_POST)
			break;
	}
	return kind;
}

static int signal_of(const struct policy_actions *actions)
{
	for (size_t i = 0; i < actions->count; i++) {
		if (actions->items[i].action == POLICY_ACTION_SIGKILL)
			return SIGKILL;
		if (actions->items[i].action == POLICY_ACTION_SIGNAL)
			return (int)actions->items[i].arg_sig;
	}
	return 0;
}

static void describe_selectors(struct owned_description *owned, const struct policy_hook *hook)
{
	struct hook_description *description = owned->description;
	size_t count = MAX(hook->selectors.count, (size_t)1);

	description->selectors = calloc(count, sizeof(*description->selectors));
	if (!description->selectors) {
		owned->failed = true;
		return;
	}
	description->selector_count = count;
	for (size_t i = 0; i < hook->selectors.count; i++) {
		const struct policy_selector *selector = &hook->selectors.items[i];

		description->selectors[i].label = copy_or_null(owned, &selector->label);
		description->selectors[i].action = main_action(&selector->match_actions);
		description->selectors[i].return_action =
			main_action(&selector->match_return_actions);
		description->selectors[i].signal = signal_of(&selector->match_actions);
		description->selectors[i].needs_return = selector->match_return_args.count;
	}
}

static void describe_tags(struct owned_description *owned, const struct policy_hook *hook)
{
	struct hook_description *description = owned->description;

	if (!hook->tags.count)
		return;
	description->tags = calloc(hook->tags.count, sizeof(*description->tags));
	if (!description->tags) {
		owned->failed = true;
		return;
	}
	for (size_t i = 0; i < hook->tags.count; i++)
		description->tags[i] = copy(owned, &hook->tags.items[i]);
	description->tag_count = hook->tags.count;
}

static void describe_policy(
	struct owned_description *owned, const struct policy *policy, uint32_t id)
{
	struct hook_description *description = owned->description;

	description->references = 1;
	description->id = id;
	description->policy = copy(owned, &policy->metadata.name);
	description->namespace = policy->metadata.namespace.data
					 ? copy(owned, &policy->metadata.namespace)
					 : copy_string(owned, "");
}

static struct hook_description *take_description(struct owned_description *owned)
{
	if (owned->failed) {
		hook_description_unref(owned->description);
		return NULL;
	}
	return owned->description;
}

struct hook_description *hook_description_loader(const struct policy *policy, uint32_t id)
{
	struct hook_description *description = calloc(1, sizeof(*description));
	struct owned_description owned = {.description = description};

	if (!description)
		return NULL;
	describe_policy(&owned, policy, id);
	description->event_kind = EVENT_PROCESS_LOADER;
	description->audit = HIT_AUDIT_ANOM_EXEC;
	description->arguments_count = 2;
	return take_description(&owned);
}

struct hook_description *hook_description_new(const struct policy *policy,
	const struct policy_hook *hook, const struct hook_place *place, uint32_t id)
{
	struct hook_description *description = calloc(1, sizeof(*description));
	struct owned_description owned = {.description = description};

	if (!description)
		return NULL;
	describe_policy(&owned, policy, id);
	description->event_kind = event_kind(hook);
	description->audit = hook_audit_kind(hook, place->types, place->arguments_count);
	description->message = copy_or_null(&owned, &hook->message);
	describe_function(&owned, hook, place);
	describe_places(&owned, hook, place);
	description->subsystem = copy_or_null(&owned, &hook->subsystem);
	description->event = copy_or_null(&owned, &hook->event);
	description->path = copy_or_null(&owned, &hook->path);
	description->provider = copy_or_null(&owned, &hook->provider);
	description->symbol = copy_or_null(&owned, &hook->name);
	description->arguments_count = place->arguments_count;
	description->has_return = hook->return_value;
	describe_arguments(&owned, hook, place);
	describe_selectors(&owned, hook);
	describe_tags(&owned, hook);
	return take_description(&owned);
}
