/* SPDX-License-Identifier: Apache-2.0 */
/* Until engine.c is there: every policy is refused. Goes with it. */
#include <errno.h>

#include "daemon/policy/engine.h"

int policy_engine_new(struct base_sensor *sensor, struct policy_engine **ret_engine)
{
	*ret_engine = NULL;
	return 0;
}

struct policy_engine *policy_engine_free(struct policy_engine *engine)
{
	return NULL;
}

int policy_engine_load(struct policy_engine *engine, const struct policy_load *load,
	struct loaded_policy **ret_loaded, struct error *error)
{
	return error_set(error, -ENOTSUP, "this build cannot load policies");
}

struct loaded_policy *policy_engine_unload(
	struct policy_engine *engine, struct loaded_policy *loaded)
{
	return NULL;
}

int policy_engine_set_scopes(
	struct policy_engine *engine, uint64_t container_id, const struct container_scopes *scopes)
{
	return 0;
}

int policy_engine_forget_scopes(struct policy_engine *engine, uint64_t container_id)
{
	return 0;
}

void loaded_policy_counters(const struct loaded_policy *loaded, struct hook_counters *ret)
{
	*ret = (struct hook_counters){};
}

uint64_t loaded_policy_memory(const struct loaded_policy *loaded)
{
	return 0;
}

void loaded_policy_status(const struct loaded_policy *loaded, struct buf *json)
{
	buf_append_literal(json, "\"hooks\":[]");
}
