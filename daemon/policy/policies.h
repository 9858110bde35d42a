/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that there are: by name and namespace, from files and from clients, in force or not.
 * What changes is all or nothing: the new ones are in force before the old ones go, and when one of
 * them cannot be, nothing has changed. Policy thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policy/kept_policies.h"
#include "daemon/policy/policy_entry.h"
#include "lib/buf.h"

/* In the table, in force or not. */
#define POLICIES_MAX 1024

struct policy_change {
	const char *name, *namespace; /* NULL when a file could not be read that far */
	const char *change;	      /* as in struct event */
	const char *source, *error;
};
struct policies_observer {
	void *data;
	void (*changed)(void *data, const struct policy_change *change);
};

struct policies {
	struct policy_kernel kernel;
	struct kept_policies *kept;
	struct policies_observer observer;
	struct policy_entry *entries; /* in the order they came */
	size_t count;
	uint64_t refused; /* changes that were, since start */
};

void policies_init(struct policies *policies, const struct policy_kernel *kernel,
	struct kept_policies *kept, const struct policies_observer *observer);
/* Takes everything out of force. Nobody is told. */
void policies_done(struct policies *policies);

/* `namespace` NULL: the one without; else whichever has it, if only one does. -ENOENT, -ENOTUNIQ.
 */
int policies_find(const struct policies *policies, const char *namespace, const char *name,
	struct policy_entry **ret_entry, struct error *error);

/* What is wrong with a document, in one line of the file's name, place and field, and how many more
 * there are. 0 when nothing is. */
int policy_document_check(const struct policy_document *document, struct error *error);

/* The policies of a file of policy_dir: they replace what was in force from it. */
int policies_set_file(struct policies *policies, const char *path, struct policy_document *document,
	struct error *error);
/* The file is gone; its policies stay until the next call, in case another file has them. */
void policies_orphan_file(struct policies *policies, const char *path);
void policies_remove_orphans(struct policies *policies);
/* Whether something is there from this file. */
bool policies_has_file(const struct policies *policies, const char *path);
/* Say that a file or text was refused. `document` may be NULL. Those of its policies that are in
 * force carry the error. */
void policies_refuse(struct policies *policies, const char *source, const char *path,
	const struct policy_document *document, const struct error *error);

struct policy_add {
	const char *file;   /* what its sender calls it; NULL */
	const char *source; /* "uid 0 over the control socket" */
	const char *text;
	size_t length;
	bool replace; /* those of the same name that came from a client */
	bool mode_is_set;
	enum policy_mode mode;
};
/* From a client: in force and kept, or nothing. -EEXIST: there is one of the name. */
int policies_add(struct policies *policies, const struct policy_add *add, struct buf *ret_json,
	struct error *error);
/* What was kept of clients, at start. */
void policies_restore(struct policies *policies);

/* -EROFS for one of a file: it would be back with the next start. */
int policies_delete(struct policies *policies, struct policy_entry *entry, const char *source,
	struct error *error);
int policies_set_enabled(struct policies *policies, struct policy_entry *entry, bool enabled,
	const char *source, struct error *error);
int policies_set_mode(struct policies *policies, struct policy_entry *entry, enum policy_mode mode,
	const char *source, struct error *error);

/* Append one JSON object. */
void policy_entry_json(const struct policy_entry *entry, struct buf *json);

/* --- for policies.c and policies_client.c --- */
void policies_tell(const struct policies *policies, const struct policy_entry *entry,
	const char *change, const char *source, const char *error);
/* Entries of a document, in a list, not in force; none on failure. */
int policies_make_entries(struct policies *policies, struct policy_document *document,
	const char *source, struct policy_entry **ret_entries);
void policy_entries_free(struct policy_entry *entries);
/* Put `added` in force and in the table, and take away the leaving ones. On success they belong to
 * the table; on failure nobody is leaving any more. */
int policies_commit(struct policies *policies, struct policy_entry *added, struct error *error);
/* Into the table as they are. */
void policies_insert(struct policies *policies, struct policy_entry *added);
/* Out of force, out of the table; `change` NULL: nobody is told, and its state is kept. */
void policies_remove(struct policies *policies, struct policy_entry *entry, const char *change,
	const char *source);
