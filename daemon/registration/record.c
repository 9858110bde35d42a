/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/registration/cgroup_processes.h"
#include "lib/clock.h"

static int copy_text(const char *text, char **ret_copy)
{
	if (!text)
		return 0;
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : -ENOMEM;
}

/* A second record with the same facts and without metadata. */
struct container *record_copy(const struct container *facts)
{
	_cleanup_(container_free_p) struct container *copy = container_new();

	if (!copy)
		return NULL;
	*copy = *facts;
	copy->metadata = (struct container_metadata){};
	copy->cgroup_path = copy->scope = copy->bundle = NULL;
	if (copy_text(facts->cgroup_path, &copy->cgroup_path) < 0 ||
		copy_text(facts->scope, &copy->scope) < 0 ||
		copy_text(facts->bundle, &copy->bundle) < 0)
		return NULL;
	return TAKE_PTR(copy);
}

struct container *record_new(struct registration *registration, const struct admission *admission)
{
	_cleanup_(container_free_p) struct container *record = container_new();
	const struct verified_init *init = admission->init;

	if (!record)
		return NULL;
	/* Time makes generations grow over restarts of the daemon, too. */
	registration->last_generation =
		MAX(registration->last_generation + 1, clock_ns(CLOCK_BOOTTIME));
	record->cgroup_id = init->container_id;
	record->generation = registration->last_generation;
	memcpy(record->id, admission->id, strlen(admission->id) + 1);
	record->source = admission->source;
	record->verified = admission->verified && init->has_cgroup;
	record->has_cgroup = init->has_cgroup;
	record->init_pid = init->pid;
	record->init_start = ticks_to_ns(init->start_ticks);
	record->auid = init->auid;
	record->session = init->session;
	record->registered_ns = clock_ns(CLOCK_REALTIME);
	if (init->has_cgroup && copy_text(init->cgroup_path, &record->cgroup_path) < 0)
		return NULL;
	if (copy_text(admission->bundle, &record->bundle) < 0)
		return NULL;
	if (admission->owner &&
		asprintf(&record->scope, "user:%u", (unsigned)admission->owner) < 0) {
		record->scope = NULL;
		return NULL;
	}
	return TAKE_PTR(record);
}
