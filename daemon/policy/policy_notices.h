/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy thread says, handed on. Main thread only. */
#pragma once

#include <stdbool.h>

#include "daemon/api/control.h"
#include "daemon/export/export.h"
#include "daemon/policy/policy_worker.h"

/* Changes become events, replies go to their clients. `control` may be NULL. True when it said that
 * what there is at start has been loaded. */
bool policy_notices_deliver(
	struct policy_worker *worker, struct export *export, struct control *control);
