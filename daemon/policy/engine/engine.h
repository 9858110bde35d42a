/* SPDX-License-Identifier: Apache-2.0 */
/* Policies in the kernel: the maps that all share, and loading one policy, all its hooks or none.
 * Which policies there are, where they come from and what they are called is not known here
 * (policies.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/policy/hit/hit.h"
#include "daemon/sensor/base.h"
#include "lib/buf.h"
#include "lib/error.h"
#include "policy/policy.h"

struct policy_engine;
struct loaded_policy;

/* Threads: prepare, load, unload, and what is asked of a loaded policy are the policy thread's.
 * Meanwhile the main thread asks for hooks and functions and ticks; and once prepared, the
 * registration and policy threads set and forget scopes, under a lock of theirs. */

/* Nothing is loaded until the first policy is. The sensor outlives it. */
int policy_engine_new(struct base_sensor *sensor, struct policy_engine **ret_engine);
struct policy_engine *policy_engine_free(struct policy_engine *engine);

/* What host_ns means in matchNamespaces; before the first policy is loaded. */
void policy_engine_set_host_namespaces(
	struct policy_engine *engine, const struct namespaces *namespaces);

/* Make the maps that all policies share, if they are not there yet. */
int policy_engine_prepare(struct policy_engine *engine, struct error *error);

struct policy_load {
	const struct policy *policy;
	/* Bit of container_scopes that its processes' containers have; -1: it looks at all. */
	int scope;
	/* Bits of matchWorkloads, one for each selector of each hook, in the order of
	 * spec.hooks[kind], its items, their selectors; -1: this one looks at all. NULL where no
	 * selector has it. */
	const int *workload_scopes;
	bool monitor; /* actions are counted, not taken */
};

/* Load and attach: in force when this returns, and nothing is left behind when it fails. `error`
 * has the place in the file, the hook, and why this kernel does not take it. */
int policy_engine_load(struct policy_engine *engine, const struct policy_load *load,
	struct loaded_policy **ret_loaded, struct error *error);
/* Detach and free; its hooks' descriptions stay for what is still in the ring. */
struct loaded_policy *policy_engine_unload(
	struct policy_engine *engine, struct loaded_policy *loaded);

/* The description of a record's hook, NULL when it is not known (any more). Kept for some seconds
 * after the policy went: policy_engine_tick() lets it go. */
const struct hook_description *policy_engine_hook(struct policy_engine *engine, uint32_t hook_id);
void policy_engine_tick(struct policy_engine *engine, uint64_t now_boottime_ns);
/* Which function of a hook with many: a name that stays valid, or NULL. */
const char *policy_engine_function(
	struct policy_engine *engine, const struct hook_description *hook, uint64_t function);

/* Policies with `loader: true`. */
struct loaders *policy_engine_loaders(struct policy_engine *engine);

/* Which scopes a container has (0: the host). Before its hook is answered. -EAGAIN before the
 * engine is prepared. */
int policy_engine_set_scopes(
	struct policy_engine *engine, uint64_t container_id, const struct container_scopes *scopes);
int policy_engine_forget_scopes(struct policy_engine *engine, uint64_t container_id);

/* Added up over its hooks and CPUs. */
void loaded_policy_counters(const struct loaded_policy *loaded, struct hook_counters *ret);
/* Bytes of its own maps and programs, as the kernel counts them. */
uint64_t loaded_policy_memory(const struct loaded_policy *loaded);
/* `"hooks":[{"hook":"sys_openat","mechanism":"tracepoint syscalls/sys_enter_openat",…}]` */
void loaded_policy_status(const struct loaded_policy *loaded, struct buf *json);
