/* SPDX-License-Identifier: Apache-2.0 */
/* Verify each program of the base sensor, plain and with everything configured that makes it
 * longer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "bpf/base.skel.h"
#include "bpf/include/event.h"
#include "tests/bpf/verifier.h"

struct configuration {
	bool storage, everything;
};

static int load(const char *name, const void *data)
{
	const struct configuration *configuration = data;
	struct base_bpf *object = base_bpf__open();
	int r;

	if (!object)
		return -errno;
	verifier_choose(object->obj, name);
	bpf_map__set_autocreate(object->maps.tasks, configuration->storage);
	bpf_map__set_autocreate(object->maps.tasks_by_tid, !configuration->storage);
	bpf_map__set_autocreate(object->maps.process_states, configuration->storage);
	bpf_map__set_autocreate(object->maps.process_states_by_tid, !configuration->storage);
	object->rodata->have_task_storage = configuration->storage;
	if (configuration->everything) {
		object->rodata->environment_enabled = true;
		object->rodata->instances = INSTANCES_MAX;
		object->rodata->throttle_bytes = RING_BYTES_DEFAULT / THROTTLE_RING_DIVISOR;
	}
	r = base_bpf__load(object);
	base_bpf__destroy(object);
	return r;
}

static int verify(const char *name, bool storage, bool everything)
{
	const struct configuration configuration = {storage, everything};
	char heading[64];

	snprintf(heading, sizeof(heading), "%-24s %-13s %-12s", name,
		storage ? "task storage" : "hash", everything ? "everything" : "plain");
	return verifier_verify(heading, name, load, &configuration);
}

int main(void)
{
	struct base_bpf *object;
	struct bpf_program *program;
	bool storage;
	int refused = 0;

	verifier_begin();
	storage = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) == 1;
	object = base_bpf__open();
	if (!object)
		return 1;
	bpf_object__for_each_program(program, object->obj)
	{
		const char *name = bpf_program__name(program);

		/* Further instances are the first once more. */
		if (strstr(name, "_instance") || strstr(name, "_witness"))
			continue;
		for (int everything = 0; everything < 2; everything++) {
			if (storage)
				refused += verify(name, true, everything);
			refused += verify(name, false, everything);
		}
	}
	base_bpf__destroy(object);
	return refused != 0;
}
