/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/policy_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/policy/engine/hook.h"
#include "lib/cleanup.h"
#include "lib/util.h"

static const char *const mode_names[] = {
	[POLICY_MODE_ENFORCE] = "enforce",
	[POLICY_MODE_MONITOR] = "monitor",
};

const char *policy_mode_name(enum policy_mode mode)
{
	return mode_names[mode];
}

int policy_mode_parse(const char *text, enum policy_mode *ret_mode)
{
	for (size_t i = 0; i < ARRAY_SIZE(mode_names); i++) {
		if (strcmp(text, mode_names[i]) != 0)
			continue;
		*ret_mode = (enum policy_mode)i;
		return 0;
	}
	return -EINVAL;
}

enum policy_mode policy_own_mode(const struct policy *policy)
{
	enum policy_mode mode = POLICY_MODE_ENFORCE;

	for (size_t i = 0; i < policy->spec.options.count; i++) {
		const struct policy_option *option = &policy->spec.options.items[i];

		if (option->name == POLICY_OPTION_POLICY_MODE && option->value.data)
			(void)policy_mode_parse(option->value.data, &mode);
	}
	return mode;
}

int policy_document_new(
	const char *file, const char *text, size_t length, struct policy_document **ret_document)
{
	_cleanup_(policy_document_free_p) struct policy_document *document =
		calloc(1, sizeof(*document));
	int r;

	if (!document)
		return -ENOMEM;
	document->references = 1;
	document->length = length;
	document->file = strdup(file);
	document->text = malloc(length + 1);
	if (!document->file || !document->text)
		return -ENOMEM;
	memcpy(document->text, text, length);
	document->text[length] = '\0';
	r = policy_set_parse(document->text, length, &document->set);
	if (r < 0)
		return r;
	*ret_document = TAKE_PTR(document);
	return 0;
}

struct policy_document *policy_document_free(struct policy_document *document)
{
	if (!document || --document->references)
		return NULL;
	policy_set_free(document->set);
	free(document->text);
	free(document->file);
	free(document);
	return NULL;
}

struct policy_entry *policy_entry_new(
	struct policy_document *document, const struct policy *policy, const char *source)
{
	struct policy_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->source = strdup(source);
	if (!entry->source) {
		free(entry);
		return NULL;
	}
	document->references++;
	entry->document = document;
	entry->policy = policy;
	entry->name = policy->metadata.name.data;
	entry->namespace = policy->metadata.namespace.length ? policy->metadata.namespace.data : "";
	entry->enabled = true;
	entry->mode = policy_own_mode(policy);
	entry->changed_ns = clock_realtime_ns();
	entry->scope = -1;
	return entry;
}

struct policy_entry *policy_entry_free(struct policy_entry *entry)
{
	if (!entry)
		return NULL;
	free(entry->source);
	free(entry->kept);
	free(entry->error);
	free(entry->workload_scopes);
	policy_document_free(entry->document);
	free(entry);
	return NULL;
}

void policy_entry_set_error(struct policy_entry *entry, const char *error)
{
	free(entry->error);
	entry->error = error ? strdup(error) : NULL;
}

static size_t count_selectors(const struct policy *policy, bool *ret_workloads)
{
	size_t count = 0;

	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++)
		for (size_t i = 0; i < policy->spec.hooks[kind].count; i++) {
			const struct policy_selectors *selectors =
				&policy->spec.hooks[kind].items[i].selectors;

			count += selectors->count;
			for (size_t j = 0; j < selectors->count; j++)
				*ret_workloads |=
					selectors->items[j].match_workloads.source != NULL;
		}
	return count;
}

static int add_scope(const struct policy_kernel *kernel, const struct scope *scope, int *ret_bit,
	struct error *error)
{
	int r;

	if (scope_is_everything(scope))
		return 0;
	/* Before the first bit: from then on the registration thread writes scopes too. */
	r = policy_engine_prepare(kernel->engine, error);
	return r < 0 ? r : scope_table_add(kernel->scopes, scope, ret_bit, error);
}

static int add_workload_scopes(
	const struct policy_kernel *kernel, struct policy_entry *entry, struct error *error)
{
	const struct policy_spec *spec = &entry->policy->spec;
	int *bit = entry->workload_scopes;

	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++)
		for (size_t i = 0; i < spec->hooks[kind].count; i++) {
			const struct policy_selectors *selectors =
				&spec->hooks[kind].items[i].selectors;

			for (size_t j = 0; j < selectors->count; j++) {
				const struct policy_match_workloads *workloads =
					&selectors->items[j].match_workloads;
				struct scope scope = scope_of_workloads(workloads);
				int r = 0;

				if (workloads->source)
					r = add_scope(kernel, &scope, bit, error);
				if (r < 0)
					return r;
				bit++;
			}
		}
	return 0;
}

static int add_scopes(
	const struct policy_kernel *kernel, struct policy_entry *entry, struct error *error)
{
	struct scope scope = scope_of_policy(entry->policy);
	bool workloads = false;
	size_t count;
	int r;

	r = add_scope(kernel, &scope, &entry->scope, error);
	if (r < 0)
		return r;
	count = count_selectors(entry->policy, &workloads);
	if (!workloads)
		return 0;
	entry->workload_scopes = malloc(count * sizeof(int));
	if (!entry->workload_scopes)
		return error_set(error, -ENOMEM, "no memory");
	entry->workload_scope_count = count;
	for (size_t i = 0; i < count; i++)
		entry->workload_scopes[i] = -1;
	return add_workload_scopes(kernel, entry, error);
}

static void remove_scopes(const struct policy_kernel *kernel, struct policy_entry *entry)
{
	scope_table_remove(kernel->scopes, entry->scope);
	entry->scope = -1;
	for (size_t i = 0; i < entry->workload_scope_count; i++)
		scope_table_remove(kernel->scopes, entry->workload_scopes[i]);
	free(entry->workload_scopes);
	entry->workload_scopes = NULL;
	entry->workload_scope_count = 0;
}

static int load(const struct policy_kernel *kernel, const struct policy_entry *entry,
	enum policy_mode mode, struct loaded_policy **ret_loaded, struct error *error)
{
	const struct policy_load request = {
		.policy = entry->policy,
		.scope = entry->scope,
		.workload_scopes = entry->workload_scopes,
		.monitor = mode == POLICY_MODE_MONITOR,
	};

	return policy_engine_load(kernel->engine, &request, ret_loaded, error);
}

/* "FILE:LINE:COLUMN: …" when what was said begins with a place, else "FILE: …" */
static int wrap_place(const struct policy_entry *entry, struct error *error)
{
	char message[ERROR_MESSAGE_MAX];
	bool place = error->message[0] >= '0' && error->message[0] <= '9';

	memcpy(message, error->message, sizeof(message));
	return error_set(error, error->code, "%.250s:%s%s", entry->document->file, place ? "" : " ",
		message);
}

int policy_entry_activate(
	const struct policy_kernel *kernel, struct policy_entry *entry, struct error *error)
{
	int r;

	if (entry->loaded)
		return 0;
	r = add_scopes(kernel, entry, error);
	if (!r)
		r = load(kernel, entry, entry->mode, &entry->loaded, error);
	if (r < 0) {
		remove_scopes(kernel, entry);
		return wrap_place(entry, error);
	}
	return 0;
}

void policy_entry_counters(const struct policy_entry *entry, struct hook_counters *ret)
{
	*ret = (struct hook_counters){};
	if (entry->loaded)
		loaded_policy_counters(entry->loaded, ret);
	hook_counters_sum(ret, &entry->before);
}

/* What is in force goes. What it counts between this and its end is not counted. */
static void keep_counters(struct policy_entry *entry)
{
	struct hook_counters counters;

	policy_entry_counters(entry, &counters);
	entry->before = counters;
}

void policy_entry_deactivate(const struct policy_kernel *kernel, struct policy_entry *entry)
{
	if (!entry->loaded)
		return;
	keep_counters(entry);
	entry->loaded = policy_engine_unload(kernel->engine, entry->loaded);
	remove_scopes(kernel, entry);
}

int policy_entry_change_mode(const struct policy_kernel *kernel, struct policy_entry *entry,
	enum policy_mode mode, struct error *error)
{
	struct loaded_policy *loaded;
	int r;

	if (entry->loaded && mode != entry->mode) {
		r = load(kernel, entry, mode, &loaded, error);
		if (r < 0)
			return wrap_place(entry, error);
		keep_counters(entry);
		policy_engine_unload(kernel->engine, entry->loaded);
		entry->loaded = loaded;
	}
	entry->mode = mode;
	entry->mode_is_set = true;
	return 0;
}
