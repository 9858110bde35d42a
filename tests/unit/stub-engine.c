/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/stub-engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stub_engine stub;

struct loaded_policy {
	char name[256];
};

static void note(char what, const char *name)
{
	size_t length = strlen(stub.log);

	snprintf(stub.log + length, sizeof(stub.log) - length, "%s%c%s", length ? " " : "", what,
		name);
}

const char *stub_log(void)
{
	static char copy[STUB_LOG_MAX];

	memcpy(copy, stub.log, sizeof(copy));
	stub.log[0] = '\0';
	return copy;
}

int policy_engine_prepare(struct policy_engine *engine, struct error *error)
{
	return 0;
}

int policy_engine_load(struct policy_engine *engine, const struct policy_load *load,
	struct loaded_policy **ret_loaded, struct error *error)
{
	const char *name = load->policy->metadata.name.data;
	struct loaded_policy *loaded;

	if (stub.refuse && !strcmp(stub.refuse, name))
		return error_set(error, -EOPNOTSUPP, "5:5: kprobe 0: not here");
	loaded = calloc(1, sizeof(*loaded));
	if (!loaded)
		return error_set(error, -ENOMEM, "no memory");
	snprintf(loaded->name, sizeof(loaded->name), "%s", name);
	stub.last_scope = load->scope;
	stub.last_workload_scope = load->workload_scopes ? load->workload_scopes[0] : -2;
	stub.in_force++;
	note(load->monitor ? '~' : '+', name);
	*ret_loaded = loaded;
	return 0;
}

struct loaded_policy *policy_engine_unload(
	struct policy_engine *engine, struct loaded_policy *loaded)
{
	if (!loaded)
		return NULL;
	note('-', loaded->name);
	stub.in_force--;
	free(loaded);
	return NULL;
}

int policy_engine_set_scopes(
	struct policy_engine *engine, uint64_t container_id, const struct container_scopes *scopes)
{
	size_t i = 0;

	if (stub.refuse_scopes)
		return -stub.refuse_scopes;
	while (i < stub.container_count && stub.containers[i].id != container_id)
		i++;
	if (i == STUB_CONTAINERS_MAX)
		return -E2BIG;
	if (i == stub.container_count)
		stub.container_count++;
	stub.containers[i].id = container_id;
	stub.containers[i].scopes = *scopes;
	return 0;
}

int policy_engine_forget_scopes(struct policy_engine *engine, uint64_t container_id)
{
	for (size_t i = 0; i < stub.container_count; i++) {
		if (stub.containers[i].id != container_id)
			continue;
		stub.containers[i] = stub.containers[--stub.container_count];
		return 0;
	}
	return -ENOENT;
}

bool stub_has(uint64_t container_id, int bit)
{
	for (size_t i = 0; i < stub.container_count; i++)
		if (stub.containers[i].id == container_id)
			return stub.containers[i].scopes.words[bit / 64] >> (bit % 64) & 1;
	return false;
}

void loaded_policy_counters(const struct loaded_policy *loaded, struct hook_counters *ret)
{
	*ret = (struct hook_counters){.hits = 3, .matches = 2};
}

uint64_t loaded_policy_memory(const struct loaded_policy *loaded)
{
	return 4096;
}

void loaded_policy_status(const struct loaded_policy *loaded, struct buf *json)
{
	buf_append_literal(json, ",\"hooks\":[]");
}
