/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sensor/base.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/base.skel.h"
#include "daemon/policy/engine/hook.h"
#include "daemon/sensor/probe.h"
#include "daemon/sensor/refusal.h"
#include "lib/cleanup.h"
#include "lib/json_writer.h"
#include "lib/util.h"

struct base_sensor {
	struct base_bpf *object;
	int cpus;
	uint32_t ring_bytes;
	struct kernel_abilities kernel;
	struct cpu_state *per_cpu; /* one for each CPU, for reading the per-CPU map */
};

/* on_exec_instance1, on_exec_witness and the like: see bpf/lib/instances.bpf.h. */
static bool is_further_instance(const struct bpf_program *program)
{
	const char *name = bpf_program__name(program);

	return strstr(name, "_instance") || strstr(name, "_witness");
}

static void choose_programs(const struct base_sensor *sensor)
{
	struct base_bpf *object = sensor->object;
	struct bpf_program *program;

	bpf_object__for_each_program(program, object->obj)
	{
		if (is_further_instance(program))
			bpf_program__set_autoload(program, sensor->kernel.instances > 1);
	}
	bpf_map__set_autocreate(object->maps.tasks, sensor->kernel.task_storage);
	bpf_map__set_autocreate(object->maps.tasks_by_tid, !sensor->kernel.task_storage);
	/* A hash that allocates, used by a kprobe or a tracepoint, is worth a warning to 5.10: with
	 * panic_on_warn the host would stop. */
	if (!sensor->kernel.task_storage)
		bpf_map__set_map_flags(object->maps.containers, 0);
	bpf_map__set_autocreate(object->maps.process_states, sensor->kernel.task_storage);
	bpf_map__set_autocreate(object->maps.process_states_by_tid, !sensor->kernel.task_storage);
	bpf_map__set_max_entries(object->maps.binary_scratches, sensor->kernel.instances + 1);
	bpf_map__set_max_entries(
		object->maps.exec_scratches, (uint32_t)sensor->cpus * sensor->kernel.instances + 1);
	bpf_map__set_max_entries(object->maps.path_walks, sensor->kernel.instances + 1);
	bpf_map__set_max_entries(object->maps.data_scratches, sensor->kernel.instances);
	if (sensor->kernel.instances == 1)
		bpf_map__set_max_entries(object->maps.marks, 1);
	object->rodata->have_task_storage = sensor->kernel.task_storage;
	object->rodata->possible_cpus = sensor->cpus;
	object->rodata->instances = sensor->kernel.instances;
}

int base_sensor_load(
	const struct config *config, struct base_sensor **ret_sensor, struct error *error)
{
	char reason[REFUSAL_MAX];
	struct base_sensor *sensor;
	int r;

	sensor = calloc(1, sizeof(*sensor));
	if (!sensor)
		return error_set(error, -ENOMEM, "out of memory");
	refusal_listen();
	sensor->cpus = libbpf_num_possible_cpus();
	sensor->ring_bytes = config->ring_size;
	sensor->object = base_bpf__open();
	if (!sensor->object || sensor->cpus < 1) {
		r = error_set(error, -errno, "cannot open the BPF object: %s", strerror(errno));
		goto fail;
	}
	sensor->per_cpu = calloc(sensor->cpus, sizeof(*sensor->per_cpu));
	if (!sensor->per_cpu) {
		r = error_set(error, -ENOMEM, "out of memory");
		goto fail;
	}
	kernel_probe(&sensor->kernel);
	choose_programs(sensor);
	bpf_map__set_max_entries(sensor->object->maps.ring, sensor->ring_bytes);
	sensor->object->rodata->ring_bytes = sensor->ring_bytes;
	sensor->object->rodata->environment_enabled = config->environment_variables;
	if (config->throttle_percent < 100)
		sensor->object->rodata->throttle_bytes =
			(uint64_t)sensor->ring_bytes * config->throttle_percent / 100;
	r = base_bpf__load(sensor->object);
	if (r < 0) {
		refusal_explain(r, reason);
		error_set(error, r, "cannot load the base sensor: %s%s%s", strerror(-r),
			*reason ? ": " : "", reason);
		goto fail;
	}
	*ret_sensor = sensor;
	return 0;
fail:
	base_sensor_free(sensor);
	return r;
}

int base_sensor_attach(struct base_sensor *sensor, struct error *error)
{
	int r = base_bpf__attach(sensor->object);

	return r < 0 ? error_set(error, r, "cannot attach the base sensor: %s", strerror(-r)) : 0;
}

struct base_sensor *base_sensor_free(struct base_sensor *sensor)
{
	if (!sensor)
		return NULL;
	base_bpf__destroy(sensor->object);
	free(sensor->per_cpu);
	free(sensor);
	return NULL;
}

int base_sensor_ring_fd(const struct base_sensor *sensor)
{
	return bpf_map__fd(sensor->object->maps.ring);
}

uint32_t base_sensor_ring_bytes(const struct base_sensor *sensor)
{
	return sensor->ring_bytes;
}

struct registration_maps base_sensor_maps(const struct base_sensor *sensor)
{
	const struct base_bpf *object = sensor->object;

	return (struct registration_maps){
		.containers_fd = bpf_map__fd(object->maps.containers),
		.tasks_fd = bpf_map__fd(sensor->kernel.task_storage ? object->maps.tasks
								    : object->maps.tasks_by_tid),
		.tasks_is_hash = !sensor->kernel.task_storage,
	};
}

int base_sensor_iterate(const struct base_sensor *sensor)
{
	const struct base_bpf *object = sensor->object;
	int fd = bpf_iter_create(bpf_link__fd(object->links.iterate_tasks));

	return fd < 0 ? -errno : fd;
}

int base_sensor_counters(const struct base_sensor *sensor, struct cpu_state *ret)
{
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(sensor->object->maps.cpus), &zero, sensor->per_cpu))
		return -errno;
	memset(ret, 0, sizeof(*ret));
	for (int cpu = 0; cpu < sensor->cpus; cpu++) {
		const struct cpu_state *state = &sensor->per_cpu[cpu];

		ret->sequence += state->sequence;
		ret->failed_reads += state->failed_reads;
		for (int kind = 0; kind < RECORD_KIND_MAX; kind++)
			for (int reason = 0; reason < LOSS_REASON_MAX; reason++)
				ret->lost[kind][reason] += state->lost[kind][reason];
	}
	return 0;
}

uint64_t program_recursion_misses(const struct bpf_program *program)
{
	struct bpf_prog_info info = {};
	uint32_t length = sizeof(info);
	int fd = bpf_program__fd(program);

	return fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &length) ? info.recursion_misses : 0;
}

uint64_t base_sensor_recursion_misses(const struct base_sensor *sensor)
{
	struct bpf_program *program;
	uint64_t misses = 0;

	bpf_object__for_each_program(program, sensor->object->obj)
	{
		/* What one instance missed the next has done, and a witness counts the rest. */
		if (sensor->kernel.instances > 1 &&
			!strncmp(bpf_program__section_name(program), "tp_btf/sched_", 13))
			continue;
		misses += program_recursion_misses(program);
	}
	return misses;
}

bool base_sensor_throttled(
	const struct base_sensor *sensor, uint64_t container_id, uint64_t ret_lost[RECORD_KIND_MAX])
{
	struct container_entry entry;

	if (bpf_map_lookup_elem(
		    bpf_map__fd(sensor->object->maps.containers), &container_id, &entry))
		return false;
	memcpy(ret_lost, entry.throttled, sizeof(entry.throttled));
	return true;
}

int base_sensor_set_container(const struct base_sensor *sensor, int pidfd, uint32_t pid,
	uint64_t container_id, uint64_t generation)
{
	struct task_container value = {.container_id = container_id, .generation = generation};
	struct registration_maps maps = base_sensor_maps(sensor);
	const void *key = maps.tasks_is_hash ? (const void *)&pid : (const void *)&pidfd;

	return bpf_map_update_elem(maps.tasks_fd, key, &value, BPF_ANY) ? -errno : 0;
}

void base_sensor_hook_environment(
	const struct base_sensor *sensor, struct hook_environment *ret_environment)
{
	const struct base_bpf *object = sensor->object;
	bool storage = sensor->kernel.task_storage;

	*ret_environment = (struct hook_environment){
		.ring_bytes = sensor->ring_bytes,
		.throttle_bytes = object->rodata->throttle_bytes,
		.have_task_storage = storage,
		.have_rdonly_cast = sensor->kernel.rdonly_cast,
		.have_mapping_iterator = sensor->kernel.mapping_iterator,
		.have_task_work = sensor->kernel.task_work,
		.preemptible = sensor->kernel.instances > 1,
		.abilities.trampolines = sensor->kernel.trampolines,
		.ring_fd = bpf_map__fd(object->maps.ring),
		.cpus_fd = bpf_map__fd(object->maps.cpus),
		.last_waking_fd = bpf_map__fd(object->maps.last_waking),
		.containers_fd = bpf_map__fd(object->maps.containers),
		.tasks_fd = bpf_map__fd(storage ? object->maps.tasks : object->maps.tasks_by_tid),
		.process_states_fd = bpf_map__fd(
			storage ? object->maps.process_states : object->maps.process_states_by_tid),
	};
}

struct base_sensor_policy_maps base_sensor_policy_maps(const struct base_sensor *sensor)
{
	const struct base_bpf *object = sensor->object;

	return (struct base_sensor_policy_maps){
		.binaries_fd = bpf_map__fd(object->maps.binaries),
		.binary_prefixes_fd = bpf_map__fd(object->maps.binary_prefixes),
		.binary_postfixes_fd = bpf_map__fd(object->maps.binary_postfixes),
	};
}

void base_sensor_want_process_states(struct base_sensor *sensor)
{
	sensor->object->bss->process_states_wanted = 1;
}

void base_sensor_forget_binaries(
	struct base_sensor *sensor, const uint64_t words[BINARY_MATCHER_WORDS])
{
	memcpy(sensor->object->bss->binary_bits_taken, words,
		sizeof(sensor->object->bss->binary_bits_taken));
}

void base_sensor_status(const struct base_sensor *sensor, struct buf *json)
{
	struct bpf_program *program;

	json_key(json, "attached");
	json_open_array(json);
	bpf_object__for_each_program(program, sensor->object->obj)
	{
		if (bpf_program__fd(program) >= 0 && !is_further_instance(program))
			json_string(json, bpf_program__section_name(program));
	}
	json_close_array(json);
	json_key_u64(json, "instances", sensor->kernel.instances);
	json_key(json, "cannot");
	json_open_array(json);
	if (!sensor->kernel.task_storage)
		json_string(json,
			"task storage: which container a task belongs to is kept in a hash of "
			"65536 tasks; beyond that, its cgroup decides each time");
	json_close_array(json);
}
