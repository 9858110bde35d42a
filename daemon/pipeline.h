/* SPDX-License-Identifier: Apache-2.0 */
/* The data path: ring -> decode -> enrich -> filter -> export. Main thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/enrich/enrich.h"
#include "daemon/enrich/enrich_mapping.h"
#include "daemon/export/export.h"
#include "daemon/losses.h"
#include "daemon/policy/engine/engine.h"
#include "daemon/sensor/base.h"
#include "daemon/source/ring.h"
#include "lib/error.h"

#define SWEEP_USEC	  5000 /* between two looks at the ring while there is traffic */
#define SWEEPS_UNTIL_IDLE 2    /* so many find nothing: then sleep until woken */

struct pipeline {
	const struct config *config;
	struct base_sensor *sensor;
	struct ring *ring;
	struct enrichment enrichment;
	struct export *export;
	struct losses losses;
	struct policy_engine *engine; /* set once it is there */
	uint64_t records;
	unsigned int empty_sweeps;
	struct mapping_hit mapping_hit; /* that is being handled */
};

int pipeline_init(struct pipeline *pipeline, const struct config *config,
	struct base_sensor *sensor, struct export *export, const struct redaction *redaction,
	struct error *error);
void pipeline_done(struct pipeline *pipeline);

/* The processes that are there already, and the containers known so far, as events. */
int pipeline_begin(struct pipeline *pipeline, struct error *error);
/* Handle what there is, as much as one turn of the loop may take; returns how many records. */
uint64_t pipeline_drain(struct pipeline *pipeline);
/* All that the ring held when called. */
void pipeline_drain_all(struct pipeline *pipeline);
/* The same at the end: no return of a call is waited for any longer. */
void pipeline_finish(struct pipeline *pipeline);
/* How long to sleep before the next drain; UINT64_MAX: until the ring wakes us. */
uint64_t pipeline_sleep_usec(struct pipeline *pipeline, uint64_t drained);
/* About once a second: losses, what has expired, containers nobody announced. */
void pipeline_tick(struct pipeline *pipeline);
/* Send what enrichment made out, and let go of what it kept for that. */
void pipeline_emit(struct pipeline *pipeline);
