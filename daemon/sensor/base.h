/* SPDX-License-Identifier: Apache-2.0 */
/* The base sensor: bpf/base.bpf.c opened, configured, loaded and attached, with what this kernel
 * can. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/include/event.h"
#include "bpf/include/policy.h"
#include "daemon/config.h"
#include "daemon/registration/registration.h"
#include "lib/buf.h"
#include "lib/error.h"

struct base_sensor;

/* Load. Nothing is attached yet: maps can be filled first. */
int base_sensor_load(
	const struct config *config, struct base_sensor **ret_sensor, struct error *error);
int base_sensor_attach(struct base_sensor *sensor, struct error *error);
struct base_sensor *base_sensor_free(struct base_sensor *sensor);

int base_sensor_ring_fd(const struct base_sensor *sensor);
uint32_t base_sensor_ring_bytes(const struct base_sensor *sensor);
struct registration_maps base_sensor_maps(const struct base_sensor *sensor);
/* A file whose content is one RECORD_TASK for each process; the caller closes it. Negative errno.
 */
int base_sensor_iterate(const struct base_sensor *sensor);
/* The kernel side's counters, added up over CPUs. */
int base_sensor_counters(const struct base_sensor *sensor, struct cpu_state *ret);
/* Times a program did not run because it was running on that CPU already. */
uint64_t base_sensor_recursion_misses(const struct base_sensor *sensor);
/* The same of one program, loaded or not. */
struct bpf_program;
uint64_t program_recursion_misses(const struct bpf_program *program);
/* What container `id` lost because of its share; false when the container is not in the map. */
bool base_sensor_throttled(const struct base_sensor *sensor, uint64_t container_id,
	uint64_t ret_lost[RECORD_KIND_MAX]);
/* For policies: what their programs share with the sensor's. */
struct hook_environment;
struct base_sensor_policy_maps {
	int binaries_fd, binary_prefixes_fd, binary_postfixes_fd;
};
void base_sensor_hook_environment(
	const struct base_sensor *sensor, struct hook_environment *ret_environment);
struct base_sensor_policy_maps base_sensor_policy_maps(const struct base_sensor *sensor);
/* From here on struct process_state is kept: at fork, at exec, and of processes that run already by
 * the next base_sensor_iterate(). */
void base_sensor_want_process_states(struct base_sensor *sensor);
/* Until it is called again, base_sensor_iterate() takes these bits of earlier binaries from all
 * processes. */
void base_sensor_forget_binaries(
	struct base_sensor *sensor, const uint64_t words[BINARY_MATCHER_WORDS]);
/* Give a running process (by pidfd, or by pid on 5.10) a container. */
int base_sensor_set_container(const struct base_sensor *sensor, int pidfd, uint32_t pid,
	uint64_t container_id, uint64_t generation);
/* `"attached":[…],"cannot":[…]` for the status, without braces. */
void base_sensor_status(const struct base_sensor *sensor, struct buf *json);
