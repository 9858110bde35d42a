/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files of TracingPolicies: cilium.io/v1alpha1 TracingPolicy and TracingPolicyNamespaced,
 * the same files that Tetragon takes. docs/man/tallyman-policy.5 has what is read and what differs.
 */
#pragma once

#include <stddef.h>

#include "lib/error.h"
#include "policy/model.h"
#include "policy/report.h"

#define POLICY_API_VERSION "cilium.io/v1alpha1"

/* What one file holds. The policies may be used only while report.errors is 0. */
struct policy_set {
	struct arena arena;
	struct policy_report report;
	struct policy *policies; /* in the file's order */
	size_t count;
	size_t passed_over; /* documents of other kinds (a Pod beside its policy); each a warning */
};

/* Read a text; what is wrong with it stands in the report, and is no failure. -ENOMEM. */
int policy_set_parse(const char *text, size_t length, struct policy_set **ret_set);
/* The same from a file; a file that cannot be read, or is larger than YAML_BYTES_MAX, is a negative
 * errno with `error` set. */
int policy_set_read(const char *path, struct policy_set **ret_set, struct error *error);
struct policy_set *policy_set_free(struct policy_set *set);
static inline void policy_set_free_p(struct policy_set **set)
{
	policy_set_free(*set);
}
#define _cleanup_policy_set_ _cleanup_(policy_set_free_p)

/* 'TracingPolicy "name": 2 kprobes, 1 tracepoint' */
void policy_describe(struct buf *buf, const struct policy *policy);
/* "kprobe", "kprobes": what one hook of this kind, or several, are called. */
const char *policy_hook_noun(enum policy_hook_kind kind, size_t count);
