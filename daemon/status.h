/* SPDX-License-Identifier: Apache-2.0 */
/* What `tallyman status`, `containers` and `tree` are answered with. */
#pragma once

#include "daemon/api/control.h"
#include "daemon/audit/audit.h"
#include "daemon/filter/filter.h"
#include "daemon/pipeline.h"

struct policy_worker;

struct status {
	struct pipeline *pipeline;
	struct audit *audit;
	const struct redaction *redaction;
	struct policy_worker *policies; /* these two are set once they run */
	struct control *control;
	uint64_t started_ns; /* CLOCK_REALTIME */
};

struct control_handlers status_handlers(struct status *status);
