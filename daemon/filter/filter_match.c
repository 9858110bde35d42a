/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an event goes out. On the hot path: nothing is allocated but the scratch buffers when a
 * longer argument list than any before comes by.
 */
#include "daemon/filter/filter_match.h"

#include <string.h>

#include "daemon/filter/arguments.h"
#include "daemon/filter/cel.h"
#include "lib/util.h"

/* Parents looked at; a longer chain of living processes is no real one. */
#define ANCESTORS_MAX 4096

/* Like enum regex_result: RUN_AWAY says that nobody knows. */
static enum regex_result result_of(bool matches)
{
	return matches ? REGEX_YES : REGEX_NO;
}

static enum regex_result search_text(
	const struct match *match, const struct regex_list *list, const char *text)
{
	if (!text)
		return REGEX_NO;
	return regex_list_search(list, match->scratch->machine, text, strlen(text));
}

static enum regex_result search_binary(
	const struct match *match, const struct regex_list *list, const struct process *process)
{
	const struct exec_image *image = process ? process->image : NULL;

	if (!image)
		return REGEX_NO;
	return regex_list_search(list, match->scratch->machine,
		exec_image_text(image, image->binary), image->binary.length);
}

static enum regex_result search_ancestors(const struct match *match, const struct regex_list *list)
{
	const struct process *ancestor = match->event->parent ? match->event->parent->parent : NULL;
	enum regex_result result = REGEX_NO;

	for (int i = 0; ancestor && i < ANCESTORS_MAX; i++, ancestor = ancestor->parent) {
		enum regex_result one = search_binary(match, list, ancestor);

		if (one == REGEX_YES)
			return REGEX_YES;
		if (one == REGEX_RUN_AWAY)
			result = REGEX_RUN_AWAY;
	}
	return result;
}

const struct buf *match_arguments(struct match *match, bool of_parent)
{
	const struct process *process = of_parent ? match->event->parent : match->event->process;
	struct buf *joined =
		of_parent ? &match->scratch->parent_arguments : &match->scratch->arguments;
	bool *have = of_parent ? &match->parent_joined : &match->joined;
	const struct exec_image *image = process ? process->image : NULL;

	if (!*have) {
		buf_clear(joined);
		if (image)
			arguments_join(exec_image_text(image, image->arguments),
				image->arguments.length, joined);
		*have = true;
	}
	return joined->failed ? NULL : joined;
}

static enum regex_result search_arguments(
	struct match *match, const struct regex_list *list, bool of_parent)
{
	const struct process *process = of_parent ? match->event->parent : match->event->process;
	const struct buf *joined;

	if (!process || !process->image)
		return REGEX_NO;
	joined = match_arguments(match, of_parent);
	if (!joined)
		return REGEX_RUN_AWAY;
	return regex_list_search(list, match->scratch->machine, joined->data, joined->length);
}

static enum regex_result search_cel(struct match *match, const struct filter *filter)
{
	enum regex_result result = REGEX_NO;

	for (size_t i = 0; i < filter->cel_expressions.count; i++) {
		enum regex_result one = cel_matches(filter->cel_expressions.items[i], match);

		if (one == REGEX_YES)
			return REGEX_YES;
		if (one == REGEX_RUN_AWAY)
			result = REGEX_RUN_AWAY;
	}
	return result;
}

static bool has_number(const struct filter_numbers *numbers, uint32_t number)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (numbers->items[i] == number)
			return true;
	return false;
}

static bool in_pid_set(const struct filter_numbers *numbers, const struct process *process)
{
	for (int i = 0; process && i < ANCESTORS_MAX; i++, process = process->parent)
		if (has_number(numbers, process->pid))
			return true;
	return false;
}

/* As in Tetragon, "" is what has no pod. */
static bool in_namespace(const struct filter_texts *namespaces, const struct container *container)
{
	const char *namespace = container ? container->metadata.pod_namespace : NULL;

	for (size_t i = 0; i < namespaces->count; i++)
		if (strcmp(namespaces->items[i], namespace ? namespace : "") == 0)
			return true;
	return false;
}

static bool has_policy_name(const struct filter_texts *names, const struct event *event)
{
	if (!event_kind_is_hit(event->kind))
		return false;
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], event->hit.hook->policy) == 0)
			return true;
	return false;
}

static bool has_labels(const struct filter *filter, const struct container *container)
{
	const struct container_metadata *metadata = container ? &container->metadata : NULL;

	for (size_t i = 0; metadata && i < filter->labels.count; i++)
		if (label_selector_matches(filter->labels.items[i], metadata->labels,
			    metadata->label_count, metadata->pod_labels, metadata->pod_label_count))
			return true;
	return false;
}

/* A CRI-O container has two names: the engine's, and its own in the pod. */
static enum regex_result search_container_name(
	const struct match *match, const struct regex_list *list, const struct container *container)
{
	enum regex_result engine, pod;

	if (!container)
		return REGEX_NO;
	engine = search_text(match, list, container->metadata.name);
	if (engine == REGEX_YES)
		return engine;
	pod = search_text(match, list, container->metadata.pod_container);
	return pod == REGEX_NO ? engine : pod;
}

static enum regex_result match_field(
	struct match *match, const struct filter *filter, enum filter_field field)
{
	const struct regex_list *list = &filter->regex[field];
	const struct event *event = match->event;
	const struct process *process = event->process;
	const struct container *container = event->container;

	switch (field) {
	case FILTER_EVENT_SET:
		return result_of(event_set_has(filter->event_set, event->kind));
	case FILTER_PID:
		return result_of(process && has_number(&filter->pid, process->pid));
	case FILTER_PID_SET:
		return result_of(in_pid_set(&filter->pid_set, process));
	case FILTER_IN_INIT_TREE:
		return result_of(process && process->in_init_tree == filter->in_init_tree);
	case FILTER_HEALTH_CHECK:
		/* Only Kubernetes' API says which exec is a probe, and there is none. */
		return result_of(!filter->health_check);
	case FILTER_POLICY_NAMES:
		return result_of(has_policy_name(&filter->policy_names, event));
	case FILTER_NAMESPACE:
		return result_of(
			(process || container) && in_namespace(&filter->namespaces, container));
	case FILTER_CAPABILITIES:
		return result_of(process && process->image &&
				 capability_filter_matches(
					 &filter->capabilities, &process->image->credentials));
	case FILTER_LABELS:
		return result_of(has_labels(filter, container));
	case FILTER_BINARY_REGEX:
		return search_binary(match, list, process);
	case FILTER_PARENT_BINARY_REGEX:
		return search_binary(match, list, event->parent);
	case FILTER_ANCESTOR_BINARY_REGEX:
		return search_ancestors(match, list);
	case FILTER_ARGUMENTS_REGEX:
		return search_arguments(match, list, false);
	case FILTER_PARENT_ARGUMENTS_REGEX:
		return search_arguments(match, list, true);
	case FILTER_CONTAINER_ID:
		return search_text(match, list, container ? container->id : NULL);
	case FILTER_CONTAINER_NAME_REGEX:
		return search_container_name(match, list, container);
	case FILTER_POD_REGEX:
		return search_text(match, list, container ? container->metadata.pod_name : NULL);
	case FILTER_NAMESPACE_REGEX:
		return search_text(
			match, list, container ? container->metadata.pod_namespace : NULL);
	case FILTER_CEL_EXPRESSION:
		return search_cel(match, filter);
	case FILTER_FIELD_MAX:
		break;
	}
	return REGEX_NO;
}

/* All fields; one that ran away leaves the filter open unless another one says no. */
static enum regex_result match_filter(struct match *match, const struct filter *filter)
{
	enum regex_result result = REGEX_YES;

	for (uint32_t left = filter->fields; left; left &= left - 1) {
		enum regex_result one =
			match_field(match, filter, (enum filter_field)__builtin_ctz(left));

		if (one == REGEX_NO)
			return REGEX_NO;
		if (one == REGEX_RUN_AWAY)
			result = REGEX_RUN_AWAY;
	}
	return result;
}

static bool match_list(const struct filter_list *list, struct match *match, bool when_run_away)
{
	for (size_t i = 0; i < list->count; i++) {
		enum regex_result one = match_filter(match, &list->filters[i]);

		if (one == REGEX_YES || (one == REGEX_RUN_AWAY && when_run_away))
			return true;
	}
	return false;
}

bool filter_kind_always_passes(enum event_kind kind)
{
	switch (kind) {
	case EVENT_EVENT_LOSS:
	case EVENT_POLICY_CHANGE:
	case EVENT_DAEMON_START:
	case EVENT_DAEMON_STOP:
		return true;
	default:
		return false;
	}
}

bool filter_allows(
	const struct filter_list *allow, const struct filter_list *deny, const struct event *event)
{
	bool have_allow = allow && allow->count, have_deny = deny && deny->count;
	struct match match = {.event = event};

	if ((!have_allow && !have_deny) || filter_kind_always_passes(event->kind))
		return true;
	match.scratch = have_deny ? deny->scratch : allow->scratch;
	if (have_deny && match_list(deny, &match, true))
		return false;
	return !have_allow || match_list(allow, &match, false);
}
