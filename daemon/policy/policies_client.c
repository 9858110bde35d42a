/* SPDX-License-Identifier: Apache-2.0 */
/* What clients of the control socket change. */
#include "daemon/policy/policies.h"

#include <errno.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "lib/cleanup.h"
#include "lib/json_writer.h"

/* The document that begins before or in `line` and holds it. In YAML a line that begins with ---
 * divides documents wherever it stands. */
static void document_around(
	const char *text, size_t length, uint32_t line, const char **ret_begin, size_t *ret_length)
{
	const char *begin = text, *end = text + length, *at = text;
	uint32_t number = 1;

	while (at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));

		if (end - at >= 3 && !memcmp(at, "---", 3) && at != text) {
			if (number > line)
				break;
			begin = at;
		}
		number++;
		at = next ? next + 1 : end;
	}
	*ret_begin = begin;
	*ret_length = (size_t)(at - begin);
}

/* Each policy is kept in a file of its own, so that each can be deleted. */
static int own_document(const struct policy_document *whole, const struct policy *policy,
	struct policy_document **ret_document, struct error *error)
{
	_cleanup_(policy_document_free_p) struct policy_document *document = NULL;
	const char *begin;
	size_t length;
	int r;

	document_around(whole->text, whole->length, policy->source->line, &begin, &length);
	r = policy_document_new(whole->file, begin, length, &document);
	if (r < 0)
		return error_set(error, r, "no memory");
	if (document->set->report.errors || document->set->count != 1 ||
		strcmp(document->set->policies[0].metadata.name.data, policy->metadata.name.data))
		return error_set(error, -EINVAL,
			"%.200s:%u:%u: cannot be told apart from the documents beside it: add one "
			"at a time",
			whole->file, policy->source->line, policy->source->column);
	*ret_document = TAKE_PTR(document);
	return 0;
}

static void abort_kept(struct policies *policies, const struct policy_entry *entry)
{
	for (; entry; entry = entry->next)
		if (entry->kept)
			kept_policies_abort(policies->kept, entry->kept);
}

static int make_client_entries(struct policies *policies, const struct policy_document *whole,
	const struct policy_add *add, struct policy_entry **ret_entries, struct error *error)
{
	struct policy_entry **end = ret_entries;

	for (size_t i = 0; i < whole->set->count; i++) {
		_cleanup_(policy_document_free_p) struct policy_document *document = NULL;
		struct policy_entry *entry;
		int r = own_document(whole, &whole->set->policies[i], &document, error);

		if (r < 0)
			return r;
		entry = policy_entry_new(document, &document->set->policies[0], add->source);
		if (!entry)
			return error_set(error, -ENOMEM, "no memory");
		*end = entry;
		end = &entry->next;
		if (add->mode_is_set) {
			entry->mode_is_set = true;
			entry->mode = add->mode;
		}
		r = kept_policies_prepare(policies->kept, entry, &entry->kept, error);
		if (r < 0)
			return error_wrap(error, "policy %.253s", entry->name);
	}
	return 0;
}

/* In force they are; the next start may not know them, and that has to be said. */
static void keep(struct policies *policies, struct policy_entry *entry)
{
	struct error error = {0};
	int r = kept_policies_commit(policies->kept, entry->kept, &error);

	if (!r)
		r = kept_policies_set_state(policies->kept, entry, &error);
	if (r < 0) {
		log_error("policy %s: %s", entry->name, error.message);
		policy_entry_set_error(entry, error.message);
	}
}

static int commit_client(struct policies *policies, const struct policy_add *add,
	struct policy_entry *added, struct error *error)
{
	int r;

	for (struct policy_entry *entry = policies->entries; entry; entry = entry->next) {
		entry->leaving = false;
		for (struct policy_entry *new = added; new && add->replace; new = new->next)
			entry->leaving |= entry->kept && !strcmp(entry->name, new->name) &&
					  !strcmp(entry->namespace, new->namespace);
	}
	r = policies_commit(policies, added, error);
	if (r < 0)
		return r;
	for (; added; added = added->next)
		keep(policies, added);
	return 0;
}

static void put_names(const struct policy_set *set, struct buf *json)
{
	json_open_array(json);
	for (size_t i = 0; i < set->count; i++) {
		const struct policy_metadata *metadata = &set->policies[i].metadata;

		json_open_object(json);
		json_key_string(json, "name", metadata->name.data);
		if (metadata->namespace.length)
			json_key_string(json, "namespace", metadata->namespace.data);
		json_close_object(json);
	}
	json_close_array(json);
}

/* Warnings of a document that holds, errors of one that does not. */
static void put_problems(const struct policy_document *document, struct buf *json)
{
	const struct policy_report *report = &document->set->report;

	json_open_array(json);
	for (size_t i = 0; i < report->count; i++) {
		_cleanup_buf_ struct buf text = {0};

		policy_problem_text(&text, document->file, &report->problems[i]);
		json_string_n(json, text.data, text.length);
	}
	json_close_array(json);
}

int policies_add(struct policies *policies, const struct policy_add *add, struct buf *ret_json,
	struct error *error)
{
	_cleanup_(policy_document_free_p) struct policy_document *whole = NULL;
	struct policy_entry *added = NULL;
	int r;

	r = policy_document_new(add->file ? add->file : "policy", add->text, add->length, &whole);
	if (r < 0)
		return error_set(error, r, "no memory");
	r = policy_document_check(whole, error);
	if (!r)
		r = make_client_entries(policies, whole, add, &added, error);
	if (!r)
		r = commit_client(policies, add, added, error);
	if (r < 0) {
		abort_kept(policies, added);
		policy_entries_free(added);
		policies_refuse(policies, add->source, NULL, whole, error);
	}
	json_open_object(ret_json);
	if (!r) {
		json_key(ret_json, "policies");
		put_names(whole->set, ret_json);
	}
	json_key(ret_json, "problems");
	put_problems(whole, ret_json);
	json_close_object(ret_json);
	return r;
}

/* What was kept and cannot be put in force now, with another kernel for example, can still be seen,
 * enabled and deleted. */
static int policies_add_failed(
	struct policies *policies, struct policy_entry *added, const struct error *error)
{
	struct policy_entry *other;

	if (!added || added->next ||
		!policies_find(policies, added->namespace, added->name, &other, NULL))
		return -EEXIST;
	policy_entry_set_error(added, error->message);
	policies_insert(policies, added);
	return 0;
}

static void restore(void *data, const char *file, const char *path, const char *source,
	const struct buf *text, const struct error *unreadable)
{
	_cleanup_(policy_document_free_p) struct policy_document *document = NULL;
	struct policies *policies = data;
	struct policy_entry *added = NULL;
	struct error error = {0};
	int r;

	if (unreadable) {
		policies_refuse(policies, path, NULL, NULL, unreadable);
		return;
	}
	r = policy_document_new(path, text->data ? text->data : "", text->length, &document);
	if (!r)
		r = policy_document_check(document, &error);
	if (!r)
		r = policies_make_entries(policies, document, source, &added);
	for (struct policy_entry *entry = added; entry && !r; entry = entry->next) {
		entry->kept = strdup(file);
		r = entry->kept ? 0 : -ENOMEM;
	}
	if (!r)
		r = policies_commit(policies, added, &error);
	if (!r)
		return;
	if (!error.code)
		error_set(&error, r, "%s: %s", path, strerror(-r));
	policies_refuse(policies, path, NULL, document, &error);
	if (r == -ENOMEM || policies_add_failed(policies, added, &error) < 0)
		policy_entries_free(added);
}

void policies_restore(struct policies *policies)
{
	struct error error = {0};

	if (kept_policies_read_all(policies->kept, restore, policies, &error) < 0)
		log_error("policies of clients: %s", error.message);
}

int policies_delete(struct policies *policies, struct policy_entry *entry, const char *source,
	struct error *error)
{
	if (!entry->kept)
		return error_set(error, -EROFS,
			"policy %.150s comes from %.200s: remove it there, or disable the policy",
			entry->name, entry->source);
	kept_policies_remove(policies->kept, entry->kept);
	policies_remove(policies, entry, "deleted", source);
	return 0;
}

static void keep_state(struct policies *policies, struct policy_entry *entry)
{
	struct error error = {0};

	entry->changed_ns = clock_realtime_ns();
	policy_entry_set_error(entry, NULL);
	if (kept_policies_set_state(policies->kept, entry, &error) < 0) {
		log_error("policy %s: %s", entry->name, error.message);
		policy_entry_set_error(entry, error.message);
	}
}

int policies_set_enabled(struct policies *policies, struct policy_entry *entry, bool enabled,
	const char *source, struct error *error)
{
	int r;

	if (enabled == entry->enabled && enabled == (entry->loaded != NULL))
		return 0;
	if (enabled) {
		r = policy_entry_activate(&policies->kernel, entry, error);
		if (r < 0) {
			policies->refused++;
			policy_entry_set_error(entry, error->message);
			policies_tell(policies, entry, "refused", source, error->message);
			return r;
		}
	} else {
		policy_entry_deactivate(&policies->kernel, entry);
	}
	entry->enabled = enabled;
	keep_state(policies, entry);
	policies_tell(policies, entry, enabled ? "enabled" : "disabled", source, NULL);
	return 0;
}

int policies_set_mode(struct policies *policies, struct policy_entry *entry, enum policy_mode mode,
	const char *source, struct error *error)
{
	static const char *const changes[] = {
		[POLICY_MODE_ENFORCE] = "mode_enforce",
		[POLICY_MODE_MONITOR] = "mode_monitor",
	};
	int r;

	r = policy_entry_change_mode(&policies->kernel, entry, mode, error);
	if (r < 0) {
		policies->refused++;
		policy_entry_set_error(entry, error->message);
		policies_tell(policies, entry, "refused", source, error->message);
		return r;
	}
	keep_state(policies, entry);
	policies_tell(policies, entry, changes[mode], source, NULL);
	return 0;
}
