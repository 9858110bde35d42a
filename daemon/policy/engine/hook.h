/* SPDX-License-Identifier: Apache-2.0 */
/* One hook in the kernel: bpf/policy.bpf.c opened, configured by its constants, loaded, its maps
 * filled, and attached to one place or many. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/include/policy.h"
#include "daemon/policy/engine/compile.h"
#include "daemon/policy/place/place.h"
#include "lib/buf.h"
#include "lib/error.h"

struct policy_bpf;
struct hook;

/* What all hooks share: descriptors of the base sensor's maps and of those of the engine. */
struct hook_environment {
	struct policy_bpf *shared; /* its maps; no program of it is loaded */
	int types;		   /* reduced_btf.h; -1: all of the kernel's are read each time */
	uint32_t ring_bytes;
	uint64_t throttle_bytes;
	bool have_task_storage, have_rdonly_cast, have_mapping_iterator, have_task_work;
	bool preemptible; /* in tracepoints */
	struct hook_abilities abilities;
	int ring_fd, cpus_fd, last_waking_fd, containers_fd, tasks_fd, process_states_fd;
};

struct hook_settings {
	uint32_t id;
	int scope; /* -1: all */
	bool monitors;
	bool returns;		/* `return: true`, or an argument with returnCopy */
	bool tracks_sockets;	/* the policy has TrackSock somewhere */
	uint32_t return_socket; /* returnArgAction: 1 TrackSock, 2 UntrackSock */
};

/* Load; nothing is attached. What `place` and `compiled` hold is copied. */
int hook_load(const struct hook_environment *environment, const struct hook_settings *settings,
	const struct hook_place *place, const struct compiled_hook *compiled,
	struct hook **ret_hook, struct error *error);
/* Put it to its places; it does nothing before hook_arm(). */
int hook_attach(struct hook *hook, struct error *error);
void hook_arm(struct hook *hook);
struct hook *hook_free(struct hook *hook);
/* The first program that was loaded: for tests, which run it. */
int hook_program_fd(const struct hook *hook);

void hook_counters_sum(struct hook_counters *to, const struct hook_counters *more);
/* Add up those of all CPUs. Runs that the kernel left out are errors. */
void hook_counters_add(const struct hook *hook, struct hook_counters *counters);
uint64_t hook_memory(const struct hook *hook);
void hook_status(const struct hook *hook, struct buf *json);

/* The maps that all hooks share, but the base sensor's. */
int hook_environment_init(struct hook_environment *environment, struct error *error);
void hook_environment_done(struct hook_environment *environment);
