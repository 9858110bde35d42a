/* SPDX-License-Identifier: Apache-2.0 */
/* One policy as the daemon has it: where it is from, whether it is in force, and what it holds in
 * the kernel while it is. Policy thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policy/engine/engine.h"
#include "daemon/policy/scope_table.h"
#include "lib/error.h"
#include "policy/policy.h"

/* A text that was read, shared by the policies in it. */
struct policy_document {
	uint32_t references;
	struct policy_set *set;
	char *text;
	size_t length;
	char *file; /* for messages: where it was read, or what its sender called it */
};

/* The text is copied. Problems stand in the set's report. -ENOMEM. */
int policy_document_new(
	const char *file, const char *text, size_t length, struct policy_document **ret_document);
struct policy_document *policy_document_free(struct policy_document *document);
static inline void policy_document_free_p(struct policy_document **document)
{
	policy_document_free(*document);
}

enum policy_mode {
	POLICY_MODE_ENFORCE,
	POLICY_MODE_MONITOR /* actions are counted, not taken */
};
const char *policy_mode_name(enum policy_mode mode);
/* -EINVAL. */
int policy_mode_parse(const char *text, enum policy_mode *ret_mode);
/* As the policy itself says, by its option policy-mode. */
enum policy_mode policy_own_mode(const struct policy *policy);

struct policy_entry {
	struct policy_entry *next;
	struct policy_document *document;
	const struct policy *policy;  /* of document->set */
	const char *name, *namespace; /* the policy's; namespace "" when there is none */
	char *source;		      /* the file, or who asked: "uid 0 over the control socket" */
	char *kept; /* file in the state directory, of a client's; NULL for those of policy_dir */
	bool enabled;
	bool mode_is_set; /* by set-mode, or by who added it; else it is the policy's own */
	enum policy_mode mode;
	uint64_t changed_ns; /* CLOCK_REALTIME: added, replaced, enabled, disabled, mode set */
	char *error;	     /* why the last change was refused; NULL */
	/* By policies.c, while something changes */
	bool leaving;  /* goes when what replaces it is in force */
	bool orphaned; /* its file is gone: goes too, unless another file takes the name over */

	/* in force */
	struct loaded_policy *loaded; /* NULL: not */
	struct hook_counters before;  /* in another mode, and until it was disabled */
	int scope;		      /* -1: it looks at all */
	int *workload_scopes;
	size_t workload_scope_count;
};

/* Not in force yet. The document gets a reference more. NULL: no memory. */
struct policy_entry *policy_entry_new(
	struct policy_document *document, const struct policy *policy, const char *source);
struct policy_entry *policy_entry_free(struct policy_entry *entry);

struct policy_kernel {
	struct policy_engine *engine;
	struct scope_table *scopes;
};
/* Bring it into force: scopes first, then its hooks. Nothing is left behind on failure; `error`
 * begins with the file. */
int policy_entry_activate(
	const struct policy_kernel *kernel, struct policy_entry *entry, struct error *error);
void policy_entry_deactivate(const struct policy_kernel *kernel, struct policy_entry *entry);
/* Another mode, without a gap: both are in force for a moment. */
int policy_entry_change_mode(const struct policy_kernel *kernel, struct policy_entry *entry,
	enum policy_mode mode, struct error *error);
/* Since it was added, or its text changed. */
void policy_entry_counters(const struct policy_entry *entry, struct hook_counters *ret);
/* Replace entry->error; NULL for none. Without memory there is none. */
void policy_entry_set_error(struct policy_entry *entry, const char *error);
