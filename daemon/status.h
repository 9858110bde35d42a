/* SPDX-License-Identifier: Apache-2.0 */
/* What `tallyman status`, `containers` and `tree` are answered with. */
#pragma once

#include "daemon/api/control.h"
#include "daemon/audit/audit.h"
#include "daemon/pipeline.h"

struct status {
	struct pipeline *pipeline;
	struct audit *audit;
	struct control *control; /* set once it runs */
	uint64_t started_ns;	 /* CLOCK_REALTIME */
};

struct control_handlers status_handlers(struct status *status);
