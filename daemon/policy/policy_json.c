/* SPDX-License-Identifier: Apache-2.0 */
/* A policy as clients see it. */
#include "daemon/policy/policies.h"
#include "lib/json_writer.h"

static void put_counters(const struct policy_entry *entry, struct buf *json)
{
	struct hook_counters counters;

	policy_entry_counters(entry, &counters);
	json_key_u64(json, "hits", counters.hits);
	json_key_u64(json, "matches", counters.matches);
	json_key_u64(json, "posted", counters.posted);
	json_key_u64(json, "rate_limited", counters.rate_limited);
	json_key_u64(json, "unreadable", counters.unreadable);
	json_key_u64(json, "errors", counters.errors);
	json_key_u64(json, "signals", counters.signals);
	json_key_u64(json, "kernel_memory", loaded_policy_memory(entry->loaded));
}

void policy_entry_json(const struct policy_entry *entry, struct buf *json)
{
	json_open_object(json);
	json_key_string(json, "name", entry->name);
	if (*entry->namespace)
		json_key_string(json, "namespace", entry->namespace);
	json_key_string(json, "state",
		!entry->enabled ? "disabled"
		: entry->loaded ? "enabled"
				: "error");
	json_key_string(json, "mode", policy_mode_name(entry->mode));
	json_key_string(json, "source", entry->source);
	json_key(json, "changed");
	json_time(json, entry->changed_ns);
	if (entry->error)
		json_key_string(json, "error", entry->error);
	if (entry->loaded) {
		put_counters(entry, json);
		loaded_policy_status(entry->loaded, json);
	}
	json_close_object(json);
}
