/* SPDX-License-Identifier: Apache-2.0 */
/* A registered container, and the registry of them. Containers are made by the registration
 * thread, handed to the main thread by registration_queue, and from then on belong to it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <uthash.h>

#include "bpf/include/event.h"
#include "lib/cgroup_path.h"
#include "oci/metadata.h"

enum container_source {		  /* how it became known; JSON "registered_by" */
	CONTAINER_SOURCE_HOOK,	  /* "hook" */
	CONTAINER_SOURCE_SPOOL,	  /* "spool": the hook's message, replayed */
	CONTAINER_SOURCE_STATE,	  /* "state": kept over a restart of the daemon */
	CONTAINER_SOURCE_SCAN,	  /* "scan": found in the cgroup tree */
	CONTAINER_SOURCE_SANDBOX, /* "sandbox": CRI-O's pod sandbox, from its first container */
};
const char *container_source_name(enum container_source source);

struct container {
	uint64_t cgroup_id; /* key; for a container without its own cgroup: a number with bit 63 set
			     */
	uint64_t generation;
	char id[CONTAINER_ID_MAX];
	char *cgroup_path; /* of the registered component, below the cgroup2 mount point */
	struct container_metadata metadata;
	enum container_source source;
	bool verified;	 /* cgroup, pid and peer were all checked by the daemon itself */
	bool has_cgroup; /* false: attribution by descent from init only */
	char *scope;	 /* "user:UID" for another user's registration, NULL for root's */
	pid_t init_pid;
	uint64_t init_start;	/* start_boottime of init in ns, rounded down to clock ticks */
	uint32_t auid, session; /* the login that started it; 4294967295 when unset */
	uint64_t registered_ns; /* CLOCK_REALTIME */
	char *bundle;

	/* --- the main thread's own --- */
	uint32_t references;
	bool started;	/* init made its first exec: what comes before is `phase: setup` */
	bool announced; /* container_start went out */
	bool init_exited;
	uint32_t init_exit_code; /* wait() status */
	uint64_t ended_ns;	 /* CLOCK_BOOTTIME when it was seen to end, 0 while living */
	uint64_t live_processes;
	uint64_t throttled_ns; /* CLOCK_BOOTTIME of the last time it lost records, 0: not throttled
				*/
	uint64_t throttle_reported[RECORD_KIND_MAX];
	char *json; /* `{…}` of process.container, made once per registration or update */
	size_t json_length;
	char *pod_json; /* Tetragon's `pod` for CRI-O containers, or NULL */
	size_t pod_json_length;
	UT_hash_handle hh_cgroup, hh_id;
};

struct container *container_new(void); /* NULL: no memory */
struct container *container_free(struct container *container);
static inline void container_free_p(struct container **container)
{
	container_free(*container);
}
