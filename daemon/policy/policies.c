/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/policies.h"

#include <errno.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "lib/cleanup.h"

#define LOGGED_PROBLEMS_MAX 20

void policies_init(struct policies *policies, const struct policy_kernel *kernel,
	struct kept_policies *kept, const struct policies_observer *observer)
{
	*policies = (struct policies){.kernel = *kernel, .kept = kept, .observer = *observer};
}

void policies_done(struct policies *policies)
{
	struct policy_entry *entry, *next;

	for (entry = policies->entries; entry; entry = next) {
		next = entry->next;
		policy_entry_deactivate(&policies->kernel, entry);
		policy_entry_free(entry);
	}
	policies->entries = NULL;
	policies->count = 0;
}

void policies_tell(const struct policies *policies, const struct policy_entry *entry,
	const char *change, const char *source, const char *error)
{
	const struct policy_change told = {
		.name = entry->name,
		.namespace = entry->namespace,
		.change = change,
		.source = source,
		.error = error,
	};

	policies->observer.changed(policies->observer.data, &told);
}

static bool is_named(const struct policy_entry *entry, const char *namespace, const char *name)
{
	return !strcmp(entry->name, name) && (!namespace || !strcmp(entry->namespace, namespace));
}

static struct policy_entry *find(
	struct policy_entry *entries, const char *namespace, const char *name)
{
	while (entries && !is_named(entries, namespace, name))
		entries = entries->next;
	return entries;
}

int policies_find(const struct policies *policies, const char *namespace, const char *name,
	struct policy_entry **ret_entry, struct error *error)
{
	struct policy_entry *entry = NULL;

	if (!namespace)
		entry = find(policies->entries, "", name);
	if (entry) {
		*ret_entry = entry;
		return 0;
	}
	entry = find(policies->entries, namespace, name);
	if (!entry)
		return error_set(error, -ENOENT, "there is no policy %.253s%s%.253s",
			namespace && *namespace ? namespace : "",
			namespace && *namespace ? "/" : "", name);
	if (!namespace && find(entry->next, NULL, name))
		return error_set(error, -ENOTUNIQ,
			"several namespaces have a policy %.253s: say which", name);
	*ret_entry = entry;
	return 0;
}

int policy_document_check(const struct policy_document *document, struct error *error)
{
	const struct policy_report *report = &document->set->report;
	_cleanup_buf_ struct buf text = {0};

	if (!report->errors)
		return 0;
	for (size_t i = 0; i < report->count; i++) {
		if (report->problems[i].warning)
			continue;
		policy_problem_text(&text, document->file, &report->problems[i]);
		break;
	}
	if (report->errors > 1) {
		if (text.length > ERROR_MESSAGE_MAX - 40)
			text.length = ERROR_MESSAGE_MAX - 40;
		buf_printf(&text, " (and %zu more)", report->errors - 1);
	}
	return error_set(error, -EINVAL, "%s", buf_string(&text) ? text.data : document->file);
}

void policy_entries_free(struct policy_entry *entries)
{
	while (entries) {
		struct policy_entry *next = entries->next;

		policy_entry_free(entries);
		entries = next;
	}
}

int policies_make_entries(struct policies *policies, struct policy_document *document,
	const char *source, struct policy_entry **ret_entries)
{
	struct policy_entry *entries = NULL, **end = &entries;

	for (size_t i = 0; i < document->set->count; i++) {
		const struct policy_state *state;
		struct policy_entry *entry =
			policy_entry_new(document, &document->set->policies[i], source);

		if (!entry) {
			policy_entries_free(entries);
			return -ENOMEM;
		}
		*end = entry;
		end = &entry->next;
		state = kept_policies_state(policies->kept, entry->namespace, entry->name);
		if (!state)
			continue;
		entry->enabled = state->enabled;
		entry->mode_is_set = state->mode_is_set;
		if (state->mode_is_set)
			entry->mode = state->mode;
	}
	*ret_entries = entries;
	return 0;
}

/* Those whose names are taken by somebody who is not leaving. */
static int check_names(
	struct policies *policies, const struct policy_entry *added, struct error *error)
{
	size_t count = policies->count;

	for (; added; added = added->next, count++) {
		struct policy_entry *other = find(policies->entries, added->namespace, added->name);

		if (other && other->orphaned)
			other->leaving = true;
		if (other && !other->leaving)
			return error_set(error, -EEXIST,
				"%.120s: there is a policy %.100s%s%.100s already, of %.150s",
				added->document->file, added->namespace,
				*added->namespace ? "/" : "", added->name, other->source);
	}
	for (const struct policy_entry *entry = policies->entries; entry; entry = entry->next)
		count -= entry->leaving;
	if (count > POLICIES_MAX)
		return error_set(error, -E2BIG, "there can be %d policies at most", POLICIES_MAX);
	return 0;
}

static int activate_all(struct policies *policies, struct policy_entry *added, struct error *error)
{
	for (struct policy_entry *entry = added; entry; entry = entry->next) {
		int r = entry->enabled ? policy_entry_activate(&policies->kernel, entry, error) : 0;

		if (r == 0)
			continue;
		for (; added != entry; added = added->next)
			policy_entry_deactivate(&policies->kernel, added);
		return r;
	}
	return 0;
}

static void unlink_entry(struct policies *policies, struct policy_entry *entry)
{
	struct policy_entry **link = &policies->entries;

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	entry->next = NULL;
	policies->count--;
}

void policies_remove(struct policies *policies, struct policy_entry *entry, const char *change,
	const char *source)
{
	struct error error = {0};

	unlink_entry(policies, entry);
	policy_entry_deactivate(&policies->kernel, entry);
	if (change) {
		policies_tell(policies, entry, change, source, NULL);
		if (kept_policies_forget_state(
			    policies->kept, entry->namespace, entry->name, &error) < 0)
			log_warning("policy %s: %s", entry->name, error.message);
	}
	policy_entry_free(entry);
}

static void remove_leaving(struct policies *policies)
{
	struct policy_entry *entry, *next;

	for (entry = policies->entries; entry; entry = next) {
		next = entry->next;
		if (entry->leaving)
			policies_remove(policies, entry, "deleted", entry->source);
	}
}

void policies_insert(struct policies *policies, struct policy_entry *added)
{
	struct policy_entry **end = &policies->entries;

	while (*end)
		end = &(*end)->next;
	*end = added;
	for (; added; added = added->next)
		policies->count++;
}

int policies_commit(struct policies *policies, struct policy_entry *added, struct error *error)
{
	struct policy_entry *entry, *old;
	int r;

	r = check_names(policies, added, error);
	if (!r)
		r = activate_all(policies, added, error);
	if (r < 0) {
		for (entry = policies->entries; entry; entry = entry->next)
			entry->leaving = false;
		return r;
	}
	for (entry = added; entry; entry = entry->next) {
		old = find(policies->entries, entry->namespace, entry->name);
		policies_tell(policies, entry,
			!entry->enabled ? "disabled"
			: old		? "replaced"
					: "added",
			entry->source, NULL);
		if (old)
			policies_remove(policies, old, NULL, NULL);
	}
	remove_leaving(policies);
	policies_insert(policies, added);
	return 0;
}

static bool is_of_file(const struct policy_entry *entry, const char *path)
{
	return !entry->kept && !strcmp(entry->source, path);
}

int policies_set_file(struct policies *policies, const char *path, struct policy_document *document,
	struct error *error)
{
	struct policy_entry *added, *entry;
	int r;

	r = policy_document_check(document, error);
	if (r < 0)
		return r;
	if (policies_make_entries(policies, document, path, &added) < 0)
		return error_set(error, -ENOMEM, "%s: no memory", path);
	for (entry = policies->entries; entry; entry = entry->next)
		entry->leaving = is_of_file(entry, path);
	r = policies_commit(policies, added, error);
	if (r < 0)
		policy_entries_free(added);
	return r;
}

bool policies_has_file(const struct policies *policies, const char *path)
{
	for (const struct policy_entry *entry = policies->entries; entry; entry = entry->next)
		if (is_of_file(entry, path))
			return true;
	return false;
}

void policies_orphan_file(struct policies *policies, const char *path)
{
	for (struct policy_entry *entry = policies->entries; entry; entry = entry->next)
		entry->orphaned |= is_of_file(entry, path);
}

void policies_remove_orphans(struct policies *policies)
{
	for (struct policy_entry *entry = policies->entries; entry; entry = entry->next)
		entry->leaving = entry->orphaned;
	remove_leaving(policies);
}

static void log_problems(const struct policy_document *document)
{
	const struct policy_report *report = &document->set->report;
	size_t logged = 0;

	for (size_t i = 0; i < report->count && logged < LOGGED_PROBLEMS_MAX; i++) {
		_cleanup_buf_ struct buf text = {0};

		if (report->problems[i].warning)
			continue;
		policy_problem_text(&text, document->file, &report->problems[i]);
		if (buf_string(&text))
			log_error("policy refused: %s", text.data);
		logged++;
	}
}

void policies_refuse(struct policies *policies, const char *source, const char *path,
	const struct policy_document *document, const struct error *error)
{
	struct policy_change change = {
		.change = "refused", .source = source, .error = error->message};
	bool in_force = false;

	policies->refused++;
	if (document && document->set->report.errors)
		log_problems(document);
	else
		log_error("policy refused: %s", error->message);
	for (struct policy_entry *entry = policies->entries; path && entry; entry = entry->next) {
		if (!is_of_file(entry, path))
			continue;
		policy_entry_set_error(entry, error->message);
		in_force |= entry->loaded != NULL;
	}
	if (in_force)
		log_notice("%s: what was in force from it stays in force", path);
	if (document && document->set->count == 1) {
		change.name = document->set->policies[0].metadata.name.data;
		change.namespace = document->set->policies[0].metadata.namespace.data;
	}
	policies->observer.changed(policies->observer.data, &change);
}
