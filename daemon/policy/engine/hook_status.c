/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a hook that is in force: how often it was passed, what it takes, where it is. */
#include "daemon/policy/engine/hook_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/sensor/base.h"
#include "lib/cleanup.h"
#include "lib/json_writer.h"
#include "lib/util.h"

/* The kernel leaves out a run while the program is at work on the same CPU: in an interrupt, and
 * where a task can be preempted there (or sleep, in an LSM program before 6.1.54), for all other
 * tasks too. Nobody else knows of those. */
static uint64_t runs_missed(const struct hook *hook)
{
	struct bpf_program *program;
	uint64_t missed = 0;

	bpf_object__for_each_program(program, hook->object->obj) missed +=
		program_recursion_misses(program);
	return missed;
}

void hook_counters_sum(struct hook_counters *to, const struct hook_counters *more)
{
	to->hits += more->hits;
	to->matches += more->matches;
	to->posted += more->posted;
	to->rate_limited += more->rate_limited;
	to->unreadable += more->unreadable;
	to->errors += more->errors;
	to->signals += more->signals;
}

void hook_counters_add(const struct hook *hook, struct hook_counters *counters)
{
	_cleanup_free_ struct hook_counters *per_cpu = calloc((size_t)hook->cpus, sizeof(*per_cpu));
	uint32_t zero = 0;

	counters->errors += runs_missed(hook);
	if (!per_cpu ||
		bpf_map_lookup_elem(bpf_map__fd(hook->object->maps.hook_counters), &zero, per_cpu))
		return;
	for (int i = 0; i < hook->cpus; i++)
		hook_counters_sum(counters, &per_cpu[i]);
}

/* What the kernel says of a descriptor: "memlock:\t8192". */
static uint64_t memory_of(int fd)
{
	char path[64], line[128];
	_cleanup_fclose_ FILE *file = NULL;
	unsigned long long bytes = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	return bytes;
}

uint64_t hook_memory(const struct hook *hook)
{
	const struct bpf_map *const own[] = {hook->object->maps.hook_steps,
		hook->object->maps.hook_selectors, hook->object->maps.hook_texts,
		hook->object->maps.hook_counters, hook->object->maps.rodata,
		hook->object->maps.bss};
	struct bpf_program *program;
	uint64_t bytes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		bytes += memory_of(bpf_map__fd(own[i]));
	bpf_object__for_each_program(program, hook->object->obj)
	{
		if (bpf_program__fd(program) >= 0)
			bytes += memory_of(bpf_program__fd(program));
	}
	return bytes;
}

void hook_status(const struct hook *hook, struct buf *json)
{
	json_open_object(json);
	json_key_string(json, "mechanism", hook_mechanism_name(hook->mechanism));
	json_key(json, "places");
	json_open_array(json);
	for (size_t i = 0; i < hook->target_count; i++)
		json_string(json, hook->targets[i].name);
	json_close_array(json);
	json_close_object(json);
}
