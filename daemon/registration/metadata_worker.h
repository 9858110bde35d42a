/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads that read engine metadata for the registration thread: one for root's stores, one for
 * other users', so that what a user keeps in a store cannot delay root's containers. Every job gets
 * exactly one first result, at the latest when its deadline has passed, even if the thread is stuck
 * in a file system that does not answer; better metadata found later comes as further results. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/cgroup_path.h"
#include "lib/error.h"
#include "oci/metadata.h"

/* jobs per thread, running, waiting or to be retried */
#define METADATA_QUEUE_MAX   512
#define METADATA_QUEUE_BYTES (8u << 20)
/* Bytes of state JSON in one job. A larger one is not kept: config.json says the same. */
#define METADATA_STATE_MAX  (64u << 10)
#define METADATA_CONMON_MAX (64u << 10) /* bytes of conmon's command line in one job */
#define METADATA_RETRIES    2		/* later tries when labels were not there at the first */

struct metadata_job {			   /* everything is copied by submit */
	uint64_t container_id, generation; /* handed back with each result */
	const char *id;			   /* container id */
	const char *bundle;		   /* may be NULL */
	const char *state;		   /* OCI state JSON, for its annotations; may be NULL */
	size_t state_length;
	const char *conmon; /* conmon's command line, a NUL after each argument; may be NULL */
	size_t conmon_length;
	uid_t owner;		   /* whose store: 0 or the user */
	enum cgroup_engine engine; /* from init's cgroup path */
	const char *runtime;	   /* see struct metadata_request; may be NULL */
	uint32_t deadline_ms;	   /* from now until the first result */
};

enum metadata_outcome {
	METADATA_FOUND,	    /* with labels, or from a source that proves there are none */
	METADATA_PARTIAL,   /* something was found; labels may follow in a later result */
	METADATA_NOT_FOUND, /* nothing but what the job itself said */
	METADATA_TIMED_OUT, /* not read by the deadline; a later result may follow */
};

struct metadata_result {
	struct metadata_result *next;
	uint64_t container_id, generation;
	enum metadata_outcome outcome;
	bool update; /* not the first result of its job: publish only as REGISTRATION_UPDATED */
	bool last;   /* no further result will come */
	struct container_metadata metadata;
	struct error error; /* why something is missing; code 0 when nothing is */
};
void metadata_result_free(struct metadata_result *result);

struct metadata_worker_counters {
	uint64_t submitted, refused;		       /* refused: the queue was full */
	uint64_t found, partial, not_found, timed_out; /* first results */
	uint64_t updates;			       /* later results */
	uint64_t stuck; /* now: threads that have been in one read for over a second past its
			   deadline */
};

struct metadata_worker;

/* `event_files`: see struct metadata_request; copied. */
int metadata_worker_start(const char *const *event_files, size_t event_file_count,
	struct metadata_worker **ret_worker, struct error *error);
/* 0, -ENOBUFS (queue full, counted: there will be no result), -E2BIG, -EINVAL, -ENOMEM. */
int metadata_worker_submit(struct metadata_worker *worker, const struct metadata_job *job);
/* For poll/epoll: readable when metadata_worker_take() should be called, deadlines included. */
int metadata_worker_fd(const struct metadata_worker *worker);
/* The oldest result, or NULL when there is none (then wait for the fd). One thread only. */
struct metadata_result *metadata_worker_take(struct metadata_worker *worker);
/* The container has ended: no more results for it are wanted. */
void metadata_worker_cancel(
	struct metadata_worker *worker, uint64_t container_id, uint64_t generation);
void metadata_worker_counters_get(
	struct metadata_worker *worker, struct metadata_worker_counters *ret);
/* Does not wait for a stuck thread: that one cleans up after itself if it ever comes back.
 * Accepts NULL. */
struct metadata_worker *metadata_worker_stop(struct metadata_worker *worker);
