/* SPDX-License-Identifier: Apache-2.0 */
/* An event as it leaves: enriched, not yet filtered or written. References are borrowed for the
 * time of the export call; sinks that keep something copy it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/include/event.h"
#include "daemon/enrich/container.h"
#include "daemon/enrich/process.h"
#include "daemon/policy/hit/hit.h"
#include "lib/event_kind.h"

struct event {
	enum event_kind kind;
	uint64_t time;				/* CLOCK_REALTIME ns */
	const struct process *process, *parent; /* parent may be NULL */
	const struct container
		*container; /* of the process, or what the event is about; NULL: host */
	uint32_t tid;
	bool setup; /* the runtime's own stub: `phase: setup` */
	union {
		struct {
			uint32_t code; /* wait() status */
		} exit;
		struct {
			bool start;
			const char *cgroup; /* leaf name */
		} throttle;
		struct {
			const char *reason; /* "exited", "removed", … */
			uint32_t exit_code;
			bool exit_known;
		} stop;
		struct {
			uint64_t cgroup_id;
			const char *cgroup_path;
			const char *engine, *id;
			const char *reason; /* "exec" or "populated" */
		} unregistered;
		struct {
			uint64_t cgroup_id;	 /* where it is now */
			const char *cgroup_path; /* may be NULL */
		} escape;
		struct {
			const char *stage;  /* "ring", "throttle", "json", "audit", "audit_log",
					       "subscriber", … */
			const char *reason; /* "ring_full", "queue_full", "No space left on device",
					       … */
			uint64_t since, until; /* CLOCK_REALTIME ns */
			uint64_t total;
			uint64_t by_kind[RECORD_KIND_MAX]; /* stages ring and throttle: records not
							      made */
			uint64_t first_sequence,
				last_sequence; /* sinks: the numbers missing there; 0 = none */
		} loss;
		struct {
			bool clean; /* whether the last stop was */
			bool found; /* whether there was a previous log */
			uint64_t last_sequence;
			uint64_t unobserved_since, unobserved_until;
			const char *previous_stream;
		} daemon_start;
		struct {
			const char *reason;
		} daemon_stop;
		struct policy_hit hit; /* process_kprobe … process_loader */
		struct {
			const char *name, *namespace; /* NULL: a file that could not be read that
							 far */
			const char *change;	      /* "added", "deleted", "enabled", "disabled",
							 "replaced", "refused", "mode_enforce",
							 "mode_monitor" */
			const char *source; /* the file, or who asked: "uid 0 over the control
					       socket" */
			const char *error;  /* of "refused"; else NULL */
		} policy_change;
	};
};
