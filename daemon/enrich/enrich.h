/* SPDX-License-Identifier: Apache-2.0 */
/* Enrichment: a decoded record becomes events with process, parent and container. Holds all that is
 * known: processes, containers, cgroups. Main thread only. */
#pragma once

#include "daemon/config.h"
#include "daemon/decode/decode.h"
#include "daemon/enrich/arguments.h"
#include "daemon/enrich/cgroup_tree.h"
#include "daemon/enrich/enrich_hit.h"
#include "daemon/enrich/process_tree.h"
#include "daemon/enrich/registry.h"
#include "daemon/event.h"
#include "daemon/registration/registration.h"
#include "daemon/sensor/base.h"

#define ENRICH_EVENTS_MAX 4 /* events of one record or message, at most */

struct enrichment {
	const struct config *config;
	struct process_tree *tree;
	struct registry *registry;
	struct cgroup_tree cgroups;
	struct arguments arguments;
	struct hits hits;		   /* hits.source is set once policies can be loaded */
	struct registration *registration; /* set once it runs */
	struct base_sensor *sensor;
	uint64_t decode_errors, history; /* history: execs that the iterator had overtaken */
	uint64_t observed_since; /* CLOCK_BOOTTIME: when the processes that were there were read */
	uint64_t lost[RECORD_KIND_MAX]; /* no room in the tree, so no event */

	/* of the record at hand, until enrich_finish() */
	struct event events[ENRICH_EVENTS_MAX];
	size_t event_count;
	struct process *executed, *exited;
	struct container *replaced;
};

int enrich_init(struct enrichment *enrichment, const struct config *config,
	const struct redaction *redaction);
void enrich_done(struct enrichment *enrichment);

/* Fill enrichment->events. After they are out, call enrich_finish(). */
void enrich_record(struct enrichment *enrichment, const struct record_view *view);
void enrich_registration(struct enrichment *enrichment, struct registration_message *message);
void enrich_finish(struct enrichment *enrichment);

/* A process that the iterator found (RECORD_TASK), with its command line: into the tree. Returns it
 * when it was news, for enrich_announce(). */
struct process *enrich_task(
	struct enrichment *enrichment, const struct record_view *view, struct span arguments);
/* The event for a process that was there already. */
void enrich_announce(struct enrichment *enrichment, struct process *process);
/* The iterator says this process is gone, and its exit record never came. */
void enrich_missing(struct enrichment *enrichment, struct process *process);
/* Container-shaped cgroups that have had processes for 10 s without registration: one event at a
 * time; call until event_count is 0. */
void enrich_check_unregistered(struct enrichment *enrichment, uint64_t now_boottime_ns);

/* --- for the parts of enrichment --- */
struct event *enrich_event(
	struct enrichment *enrichment, enum event_kind kind, uint64_t realtime_ns);
/* An event about a living process, or one that is just ending. */
struct event *enrich_process_event(struct enrichment *enrichment, enum event_kind kind,
	uint64_t realtime_ns, struct process *process);
/* What the record says, else what the tree knows: a container is never taken away. */
void enrich_attribute(struct enrichment *enrichment, struct process *process,
	const struct attribution *attribution);
void enrich_container_stop(struct enrichment *enrichment, struct container *container,
	const char *reason, const struct process *init);
