/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine that owns a container says of it, put together from everything that engine keeps
 * on disk, best source first. No engine is ever asked: `podman inspect` and its API wait for the
 * lock that podman holds while the hook runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/cgroup_path.h"
#include "lib/error.h"
#include "lib/json.h"
#include "oci/metadata.h"

#define METADATA_CONMON_ARGUMENTS_MAX 256 /* arguments of conmon that are looked at */

struct metadata_request {
	const char *id;	    /* container id, from the state */
	const char *bundle; /* absolute path, from the state; may be NULL or wrong (crun before 1.27
			       says "/") */
	const struct json_value *annotations; /* the state's, may be NULL */
	/* argv of the conmon among init's ancestors, each NUL-terminated; NULL and 0: there is
	 * none. */
	const char *const *conmon_arguments;
	size_t conmon_argument_count;
	/* Who started the container: files that belong to neither this uid nor root are not read.
	 */
	uid_t owner;
	/* What the daemon itself saw in init's cgroup path. It decides between contradicting
	 * claims: podman accepts `--annotation io.container.manager=cri-o` from anybody. */
	enum cgroup_engine engine;
	const char *runtime; /* file name of what called the hook ("runc", "crun"), if known: says
				who runs a container that has no engine; may be NULL */
	const char *const *event_files; /* further events.log files, from the configuration */
	size_t event_file_count;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC; nothing is begun after it, sqlite stops at it */
};

enum metadata_completeness {
	METADATA_COMPLETE,   /* with labels, or from a source that proves there are none */
	METADATA_PENDING,    /* the rest is on its way: journal delay, a writer's lock: try again at
				once */
	METADATA_INCOMPLETE, /* no source has the rest; maybe later */
};

/* Read what can be had until the deadline. 0: *ret_metadata is what was found, maybe nothing
 * (source NONE; runtime is always set); when it is not complete, `error` (may be NULL) says which
 * source failed, and why. -ENOMEM or -EINVAL (an id that is none) on failure. The caller releases
 * with container_metadata_done(). */
int engine_metadata_read(const struct metadata_request *request,
	struct container_metadata *ret_metadata, enum metadata_completeness *ret_completeness,
	struct error *error);
